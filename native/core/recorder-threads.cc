#include "recorder-threads.h"

#include <chrono>
#include <optional>

#include "crc32c.h"

namespace iio {

Finisher::Finisher(Journal& journal, Indexes indexes, const Proof& proof, uint32_t scanBytes,
                   Release release, Failed failed)
    : journal_(journal),
      indexes_(std::move(indexes)),
      proof_(proof),
      scanBytes_(scanBytes),
      release_(std::move(release)),
      failed_(std::move(failed)) {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "iio-journal");
}

void Finisher::submit(Written written) {
  std::lock_guard lock(lock_);
  queue_.push_back(std::move(written));
  changed_.notify_one();
}

void Finisher::close() {
  {
    std::lock_guard lock(lock_);
    closing_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Finisher::run() {
  cpu_.begin();
  std::unique_lock lock(lock_);
  for (;;) {
    changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) break;
    std::deque<Written> batch;
    batch.swap(queue_);
    lock.unlock();
    for (const Written& written : batch) finish(written);
    batch.clear();
    flush();
    lock.lock();
  }
  lock.unlock();
  cpu_.end();
}

void Finisher::flush() {
  try {
    journal_.flush();
  } catch (const CoreError& error) {
    failed_(error.fault);
  }
  for (const auto* each : {&indexes_.fed, &indexes_.fedElsewhere})
    for (IndexWriter* index : *each) index->flush();
}

// Of a segment's bytes in the first file; what walks over them anyway makes their records too.
uint32_t Finisher::crcOf(const Written& written, size_t at) {
  const Segment& segment = written.segments[at];
  const std::byte* scans = written.take.data + size_t{segment.offsetScans} * scanBytes_;
  std::optional<uint32_t> crc;
  for (IndexWriter* index : indexes_.fed) {
    index->begin(segment);
    crc = index->add(scans, segment.scanCount);
  }
  if (written.converted) return written.crcs[at];
  return crc ? *crc : crc32c(0, scans, size_t{segment.scanCount} * scanBytes_);
}

void Finisher::finish(const Written& written) {
  if (const Proof& proof = written.take.header->proof; proof != proof_) {
    proof_ = proof;
    journal_.proof(written.take.sample, proof_);
  }
  // A write that failed may have left segments unconverted: nothing of them is in the files.
  const size_t begun = written.converted ? written.crcs.size() : written.segments.size();
  for (size_t i = 0; i < begun; ++i) {
    const Segment& segment = written.segments[i];
    const uint32_t crc = crcOf(written, i);
    journal_.segment({written.take.header->sequence, segment, crc, written.take.header->timeNs});
  }
  release_(written.take.header->block);
}

Ticker::Ticker(const char* name, int64_t periodNs, std::function<void()> work)
    : periodNs_(periodNs), work_(std::move(work)) {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), name);
}

void Ticker::close() {
  {
    std::lock_guard lock(lock_);
    closing_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Ticker::run() {
  cpu_.begin();
  std::unique_lock lock(lock_);
  while (!changed_.wait_for(lock, std::chrono::nanoseconds(periodNs_), [&] { return closing_; })) {
    lock.unlock();
    work_();
    lock.lock();
  }
  lock.unlock();
  cpu_.end();
}

}  // namespace iio
