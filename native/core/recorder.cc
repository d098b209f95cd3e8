#include "recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "recorder-file.h"

namespace iio {
namespace {

constexpr int64_t kSyncPeriodNs = 1'000'000'000;
// Each file has one write under way (writer.h), so that more would have nothing to do.
constexpr size_t kMostWriters = 4;

// Makes a new file's name as durable as its content. Not every file system can; then there is
// nothing to be done.
void syncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

std::shared_ptr<FileRecorder> FileRecorder::make(RecorderSpec spec, Leases& leases) {
  try {
    return std::make_shared<FileRecorder>(std::move(spec), leases);
  } catch (const std::invalid_argument& error) {
    throw CoreError(Fault{EINVAL, "record", "", error.what()});
  }
}

std::shared_ptr<Recorder> Recorder::prepare(RecorderSpec spec, Leases& leases) {
  return FileRecorder::make(std::move(spec), leases);
}

std::shared_ptr<Recorder> Recorder::create(RecorderSpec spec, Leases& leases) {
  auto recorder = prepare(std::move(spec), leases);
  recorder->begin();
  return recorder;
}

FileRecorder::FileRecorder(RecorderSpec spec, Leases& leases)
    : spec_(std::move(spec)),
      leases_(leases),
      waiting_(spec_.goesOn),
      scans_(spec_.scans),
      toScan_(spec_.toScan),
      tally_(spec_.proof) {
  if (spec_.outputs.empty()) throw std::invalid_argument("A recording needs at least one output.");
  if (spec_.layout.scanBytes == 0)
    throw std::invalid_argument("A scan of no bytes can't be recorded.");
  if (spec_.toScan >= 0 && spec_.toScan <= spec_.fromScan)
    throw std::invalid_argument("The span to record ends before it begins. Choose a later end.");
  for (const OutputSpec& output : spec_.outputs) {
    RecorderOutput made;
    made.scanBytes = spec_.layout.scanBytes;
    if (!output.verbatim) {
      made.transform.emplace(spec_.layout, output.elements);
      made.scanBytes = made.transform->outputScanBytes();
    }
    if (made.scanBytes > SampleFile::kStagingBytes / 2)
      throw std::invalid_argument("A scan of more than 2 MiB can't be recorded.");
    outputs_.push_back(std::move(made));
  }
}

void FileRecorder::begin() {
  try {
    createFiles();
    startThreads();
  } catch (const std::system_error& error) {
    giveUp();
    throw CoreError(makeFault(error.code().value(), "pthread_create", ""));
  } catch (...) {
    giveUp();
    throw;
  }
}

void FileRecorder::createFiles() {
  crew_ = std::make_unique<WriteCrew>(uint32_t(std::min(outputs_.size(), kMostWriters)));
  for (size_t i = 0; i < outputs_.size(); ++i) {
    SampleFile::Options options;
    options.path = spec_.outputs[i].path;
    options.asked = spec_.writePath;
    options.directIo = spec_.directIo;
    options.converted = !spec_.outputs[i].verbatim;
    options.payloadBytes = spec_.payloadBytes;
    if (!spec_.partScans) options.limitBytes = spec_.scans * outputs_[i].scanBytes;
    options.freeFloorBytes = spec_.freeFloorBytes;
    options.crew = crew_.get();
    options.progress = [this] { progressed(); };
    options.failed = [this](const Fault& fault) { fail(fault); };
    outputs_[i].file = std::make_unique<SampleFile>(std::move(options));
  }
  journal_ = std::make_unique<Journal>(spec_.journalPath);
  checkSpace();
  journal_->header(spec_.journalHeader);
  journal_->proof(0, spec_.proof);
  journal_->sync();
  for (size_t i = 0; i < std::min(outputs_.size(), spec_.indexPaths.size()); ++i)
    if (!spec_.indexPaths[i].empty())
      outputs_[i].index = std::make_unique<IndexWriter>(
          spec_.indexPaths[i], outputLayout(spec_.layout, spec_.outputs[i]));
  syncFolderOf(spec_.journalPath);
}

void FileRecorder::removeFiles() noexcept {
  for (const RecorderOutput& output : outputs_) {
    if (output.file) output.file->remove();
    if (output.index) output.index->remove();
  }
  if (journal_) journal_->remove();
}

void FileRecorder::startThreads() {
  Indexes indexes;
  for (const RecorderOutput& output : outputs_)
    if (output.index)
      (output.transform ? indexes.fedElsewhere : indexes.fed).push_back(output.index.get());
  finisher_ = std::make_unique<Finisher>(
      *journal_, std::move(indexes), spec_.proof, spec_.layout.scanBytes,
      [this](BlockIndex block) { release(block); }, [this](const Fault& fault) { fail(fault); });
  ticker_ = std::make_unique<Ticker>("iio-sync", kSyncPeriodNs, [this] { syncAll(); });
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "iio-writer");
  std::lock_guard lock(lock_);
  begun_ = true;
}

// A recording that could not begin leaves no file behind and holds no block.
void FileRecorder::giveUp() noexcept {
  removeFiles();
  dropQueue();
}

// Takes no more, and gives back what was taken and is not in work.
void FileRecorder::dropQueue() noexcept {
  std::deque<Take> left;
  {
    std::lock_guard lock(lock_);
    ending_ = true;
    left.swap(queue_);
  }
  for (const Take& take : left) release(take.header->block);
}

FileRecorder::~FileRecorder() {
  if (thread_.joinable()) finish();
  dropQueue();
}

bool FileRecorder::offer(const HeaderPtr& header, const std::byte* data) {
  const uint32_t delivered = deliveredScans(*header);
  std::lock_guard lock(lock_);
  if (ending_ || fault_ || delivered == 0) return false;
  if (header->endScan() <= spec_.fromScan) return false;
  if (toScan_ >= 0 && header->endScan() >= toScan_) {
    ending_ = true;
    changed_.notify_all();
    if (header->firstScan() >= toScan_) return false;
  }
  Take take{header, data, accepted_, delivered, monotonicNs()};
  if (scans_) {
    take.scans = uint32_t(std::min<int64_t>(delivered, scans_ - accepted_));
    if (accepted_ + take.scans == scans_) ending_ = true;
  }
  accepted_ += take.scans;
  queuedBytes_ += size_t{take.scans} * spec_.layout.scanBytes;
  queue_.push_back(std::move(take));
  ++held_;
  changed_.notify_all();
  return true;
}

void FileRecorder::ended() noexcept {
  std::lock_guard lock(lock_);
  ending_ = true;
  changed_.notify_all();
}

void FileRecorder::fail(const Fault& fault) {
  std::lock_guard lock(lock_);
  if (!fault_) fault_ = fault;
  ending_ = true;
  changed_.notify_all();
}

void FileRecorder::release(BlockIndex block) {
  --held_;
  leases_.release(block);
}

int64_t FileRecorder::freeBytes() const { return outputs_.front().file->freeBytes(); }

void FileRecorder::syncAll() {
  try {
    for (const RecorderOutput& output : outputs_) {
      output.file->sync();
      if (!output.file->linked())
        throw CoreError(Fault{ENOENT, "fstat", output.file->path(),
                              output.file->path() +
                                  " was removed while it was being recorded, so the recording "
                                  "stopped. Record again into a folder that stays."});
    }
    journal_->sync();
  } catch (const CoreError& error) {
    fail(error.fault);
  }
  for (const RecorderOutput& output : outputs_)
    if (output.index) output.index->sync();
}

void FileRecorder::appendEvent(std::vector<std::byte> bytes) {
  std::lock_guard lock(lock_);
  if (!journalEnded_) journal_->event(accepted_, monotonicNs(), bytes);
}

void FileRecorder::onNews(std::function<void()> listener) {
  {
    std::lock_guard lock(lock_);
    if (!concluded_) {
      news_ = std::move(listener);
      return;
    }
  }
  if (listener) listener();
}

RecorderStatus FileRecorder::finish() {
  if (finish_) finish_();
  {
    std::unique_lock lock(lock_);
    ending_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return concluded_ || !begun_; });
  }
  {
    std::lock_guard lock(joinLock_);
    if (thread_.joinable()) thread_.join();
  }
  return status();
}

RecorderState FileRecorder::stateNow() const {
  if (!concluded_) return waiting_ ? RecorderState::Waiting : RecorderState::Recording;
  if (fault_) return RecorderState::Failed;
  return waiting_ ? RecorderState::Withdrawn : RecorderState::Done;
}

RecorderStatus FileRecorder::status() const {
  RecorderStatus out;
  std::lock_guard lock(lock_);
  out.state = stateNow();
  out.fault = fault_;
  out.scans = scansOnFile_;
  out.firstScan = firstScan_;
  out.endScan = track_.endScan();
  if (startNs_ && lastWriteNs_ > *startNs_) out.seconds = double(lastWriteNs_ - *startNs_) * 1e-9;
  out.backlogBlocks = held_;
  out.full = spec_.partScans && accepted_ >= spec_.partScans;
  out.captures = captured_;
  out.capturesMissed = missed_;
  out.capturesUnlisted = unlisted_;
  out.freeBytes = freeBytes_;
  const LossSum& loss = tally_.sum();
  out.gaps = loss.gaps;
  out.lost = loss.lost;
  out.lostMin = loss.lostMin;
  out.lostMax = loss.lostMax;
  out.grade = std::max(loss.grade, tally_.proof().grade);
  if (!begun_) return out;
  int64_t copied = 0, worstNs = 0;
  for (const RecorderOutput& output : outputs_) {
    out.bytes += output.file->bytesOnFile();
    copied += output.file->bytesCopied();
    worstNs = std::max(worstNs, output.file->worstWriteNs());
    out.writesInFlight += output.file->underWay();
    if (output.index && !out.indexFault) out.indexFault = output.index->fault();
  }
  out.copiesPerByte = out.bytes ? double(copied) / double(out.bytes) : 0;
  out.worstWriteMs = double(worstNs) * 1e-6;
  out.directWrites = outputs_.front().file->direct();
  out.writeWay = outputs_.front().file->way();
  out.cpuSeconds =
      cpu_.seconds() + crew_->cpuSeconds() + finisher_->cpuSeconds() + ticker_->cpuSeconds();
  return out;
}

}  // namespace iio
