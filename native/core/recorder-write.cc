// The recorder's writer thread: what is written when, and what is done once it is.
#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "crc32c.h"
#include "recorder-file.h"

namespace iio {
namespace {

// Small blocks wait this long for company, so that neighbours leave in one write …
constexpr int64_t kCompanyNs = 20'000'000;
// … unless there is enough for a good write, or an eighth of the pool is waiting.
constexpr size_t kGoodWriteBytes = 1 << 20;
constexpr size_t kMaxWriteBytes = 16 << 20;
constexpr uint32_t kPoolShare = 8;
// How long samples may lie in the staging buffer.
constexpr int64_t kFlushNs = 100'000'000;
constexpr int64_t kSpaceCheckNs = 100'000'000;
// Converted samples are looked at for the index while they lie in the cache.
constexpr size_t kIndexedBytes = 256 << 10;

std::chrono::steady_clock::time_point timePoint(int64_t monotonic) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic));
}

}  // namespace

void FileRecorder::run() {
  cpu_.begin();
  try {
    std::vector<Take> batch;
    while (collect(batch)) {
      if (!batch.empty()) write(batch);
      if (flushDueNs() <= monotonicNs()) flushFiles();
      giveBack();
      confirm();
      checkSpace();
    }
    flushFiles();
  } catch (const CoreError& error) {
    fail(error.fault);
  } catch (const std::bad_alloc&) {
    fail(makeFault(ENOMEM, "malloc", spec_.journalPath));
  }
  conclude();
}

// Waits for something to write; false at the end. An empty batch: a write is done, or what is
// staged is due. While the files have all they can take, blocks gather to a larger write.
bool FileRecorder::collect(std::vector<Take>& batch) {
  batch.clear();
  const size_t company = std::max<size_t>(1, spec_.blockCount / kPoolShare);
  const int64_t flushNs = flushDueNs();
  std::unique_lock lock(lock_);
  for (;;) {
    if (fault_ || (ending_ && queue_.empty())) return false;
    const int64_t now = monotonicNs();
    const int64_t dueNs = queue_.empty() ? INT64_MAX : queue_.front().arrivedNs + kCompanyNs;
    const bool enough = queuedBytes_ >= kGoodWriteBytes || queue_.size() >= company;
    const bool wanted = !queue_.empty() && (enough || ending_ || dueNs <= now);
    if (wanted && filesReady()) break;
    if (std::exchange(progressed_, false) || flushNs <= now) return true;
    const int64_t until = std::min(wanted ? INT64_MAX : dueNs, flushNs);
    if (until == INT64_MAX)
      changed_.wait(lock);
    else
      changed_.wait_until(lock, timePoint(until));
  }
  for (size_t bytes = 0; !queue_.empty() && batch.size() < company && bytes < kMaxWriteBytes;) {
    bytes += size_t{queue_.front().scans} * spec_.layout.scanBytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  for (const Take& take : batch) queuedBytes_ -= size_t{take.scans} * spec_.layout.scanBytes;
  return true;
}

void FileRecorder::progressed() {
  std::lock_guard lock(lock_);
  progressed_ = true;
  changed_.notify_all();
}

void FileRecorder::write(std::vector<Take>& batch) {
  const size_t before = inWork_.size();
  for (Take& take : batch) {
    auto segments = segmentsOf(take, spec_.goesOn);
    const bool converted = outputs_.front().transform.has_value();
    inWork_.push_back({std::move(take), std::move(segments), converted, {}});
  }
  batch.clear();
  {
    std::lock_guard lock(lock_);
    for (size_t i = before; i < inWork_.size(); ++i) plan(inWork_[i]);
  }
  for (RecorderOutput& output : outputs_) {
    for (size_t i = before; i < inWork_.size(); ++i) {
      Written& written = inWork_[i];
      if (output.transform)
        writeTransformed(output, written, &output == &outputs_.front());
      else
        for (const ByteRange& range : rangesOf(written.segments, spec_.layout.scanBytes))
          output.file->append(written.take.data + range.offset, range.bytes);
    }
    output.file->settle();
  }
}

// Has what every file has written or copied journaled and given back, in order. At the end that is
// all: the journal's end record says how much of it counts.
void FileRecorder::giveBack() {
  int64_t samples = INT64_MAX;
  for (const RecorderOutput& output : outputs_)
    samples = std::min(samples, output.file->settledTo() / output.scanBytes);
  for (; !inWork_.empty(); inWork_.pop_front()) {
    const Take& take = inWork_.front().take;
    if (take.sample + take.scans > samples) return;
    finisher_->submit(std::move(inWork_.front()));
  }
}

bool FileRecorder::filesReady() const {
  return std::all_of(outputs_.begin(), outputs_.end(),
                     [](const RecorderOutput& output) { return output.file->ready(); });
}

int64_t FileRecorder::flushDueNs() const {
  int64_t due = INT64_MAX;
  for (const RecorderOutput& output : outputs_)
    if (const int64_t since = output.file->stagedSinceNs(); since >= 0)
      due = std::min(due, since + kFlushNs);
  return due;
}

// One pass from the block into the staging buffer, piece by piece as there is room. A segment has
// its CRC from its begin on, so that the journal reaches as far as the file even if a write fails.
void FileRecorder::writeTransformed(RecorderOutput& output, Written& written, bool first) {
  for (const Segment& segment : written.segments) {
    if (first) written.crcs.push_back(0);
    if (output.index) output.index->begin(segment);
    for (uint32_t done = 0; done < segment.scanCount;) {
      const auto room = output.file->room(output.scanBytes);
      const size_t most = output.index ? std::min(room.size(), kIndexedBytes) : room.size();
      const uint32_t n = uint32_t(
          std::min<size_t>(segment.scanCount - done, std::max<size_t>(most / output.scanBytes, 1)));
      const size_t bytes = size_t{n} * output.scanBytes;
      output.transform->run(
          written.take.data + size_t{segment.offsetScans + done} * spec_.layout.scanBytes, n,
          room.data());
      uint32_t piece = 0;
      if (output.index)
        piece = output.index->add(room.data(), n);
      else if (first)
        piece = crc32c(0, room.data(), bytes);
      if (first) written.crcs.back() = crc32cJoin(written.crcs.back(), piece, bytes);
      output.file->commit(bytes);
      done += n;
    }
  }
}

// Notes the loss in what is about to be written, and when the recording began. Under the lock.
void FileRecorder::plan(const Written& written) {
  const BlockHeader& header = *written.take.header;
  tally_.expect(written.take.sample, header.proof);
  track_.expect(written.segments);
  for (const Segment& segment : written.segments)
    if (segment.hasGap && segment.gap.cause != GapCause::NotRecorded)
      tally_.expect(segment.sample, segment.gap);
  if (!startNs_) {
    firstScan_ = written.segments.front().scan;
    firstScans_ = deliveredScans(header);
    firstTimeNs_ = header.timeNs;
    startKnown_ = spec_.rateHz > 0;
    startNs_ = header.timeNs - (startKnown_ ? int64_t(firstScans_ / spec_.rateHz * 1e9) : 0);
  } else if (!startKnown_) {
    // No rate was told: the first block took as long for a scan as the second one.
    startKnown_ = true;
    const double tookNs = double(header.timeNs - firstTimeNs_);
    if (!written.segments.front().hasGap && tookNs > 0)
      startNs_ = firstTimeNs_ - int64_t(tookNs * firstScans_ / deliveredScans(header));
  }
}

void FileRecorder::flushFiles() {
  for (RecorderOutput& output : outputs_) output.file->flush();
}

int64_t FileRecorder::samplesOnFile() const {
  int64_t samples = INT64_MAX;
  for (const RecorderOutput& output : outputs_)
    samples = std::min(samples, output.file->bytesOnFile() / output.scanBytes);
  return samples;
}

void FileRecorder::confirm() {
  const int64_t samples = samplesOnFile();
  std::lock_guard lock(lock_);
  if (samples > scansOnFile_) lastWriteNs_ = monotonicNs();
  scansOnFile_ = samples;
  tally_.confirm(samples);
  track_.confirm(samples);
}

void FileRecorder::checkSpace() {
  const int64_t now = monotonicNs();
  if (spaceCheckedNs_ && now - spaceCheckedNs_ < kSpaceCheckNs) return;
  spaceCheckedNs_ = now;
  const int64_t available = freeBytes();
  {
    std::lock_guard lock(lock_);
    freeBytes_ = available;
  }
  if (available < 0 || available >= spec_.freeFloorBytes) return;
  const std::string& path = outputs_.front().file->path();
  throw CoreError(Fault{ENOSPC, "statvfs", path,
                        "Less than " + std::to_string(spec_.freeFloorBytes / 1'000'000) +
                            " MB are free on the disk of " + path +
                            ", the reserve that is left to other programs. Make room, or choose "
                            "another disk; what was "
                            "written so far is intact."});
}

void FileRecorder::conclude() {
  dropQueue();
  for (RecorderOutput& output : outputs_) output.file->halt();
  crew_->close();
  giveBack();
  finisher_->close();
  ticker_->close();
  finishFiles();
  bool unused;
  {
    std::lock_guard lock(lock_);
    unused = waiting_;
  }
  if (unused) removeFiles();
  cpu_.end();
  if (end_) end_();
  std::function<void()> news;
  {
    std::lock_guard lock(lock_);
    concluded_ = true;
    news = news_;
    changed_.notify_all();
  }
  if (news) news();
}

void FileRecorder::finishFiles() {
  confirm();
  int64_t samples;
  {
    std::lock_guard lock(lock_);
    samples = scansOnFile_;
  }
  for (RecorderOutput& output : outputs_) {
    try {
      output.file->finish(samples * output.scanBytes);
    } catch (const CoreError& error) {
      fail(error.fault);
    }
    if (output.index) output.index->finish(samples);
  }
  const int64_t available = freeBytes();  // may wait for the disk, and nobody is to wait for that
  {
    std::lock_guard lock(lock_);
    journal_->end(samples, monotonicNs(), fault_.err);
    journalEnded_ = true;
    freeBytes_ = available;
  }
  try {
    journal_->sync();
  } catch (const CoreError& error) {
    fail(error.fault);
  }
  for (RecorderOutput& output : outputs_) {
    output.file->close();
    if (output.index) output.index->close();
  }
  journal_->close();
}

}  // namespace iio
