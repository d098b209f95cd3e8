// What a recorder does as one of the parts of a recording, and what it is told of captures.
#include <utility>

#include "recorder-file.h"

namespace iio {

namespace {

constexpr size_t kMostListed = 65'536;

}  // namespace

bool FileRecorder::handOver(FileRecorder& next) {
  std::lock_guard lock(lock_);
  const bool full = spec_.partScans && accepted_ >= spec_.partScans;
  if (!full || ending_ || fault_) return false;
  if (!next.takeOver(scans_ ? scans_ - accepted_ : 0, toScan_)) return false;
  ending_ = true;
  changed_.notify_all();
  return true;
}

// With what the part before has left of its length.
bool FileRecorder::takeOver(int64_t scans, int64_t toScan) {
  std::lock_guard lock(lock_);
  if (ending_ || fault_) return false;
  waiting_ = false;
  if (!scans_) scans_ = scans;
  if (toScan_ < 0) toScan_ = toScan;
  return true;
}

void FileRecorder::withdraw() noexcept {
  std::lock_guard lock(lock_);
  if (!waiting_) return;
  ending_ = true;
  changed_.notify_all();
}

bool FileRecorder::ready() const {
  std::lock_guard lock(lock_);
  return waiting_ && !ending_ && !fault_;
}

bool FileRecorder::over() const {
  std::lock_guard lock(lock_);
  return concluded_ || (ending_ && !begun_);
}

void FileRecorder::captured(const Capture& capture) {
  std::lock_guard lock(lock_);
  ++captured_;
  if (captures_.size() < kMostListed)
    captures_.push_back(capture);
  else
    ++unlisted_;
}

void FileRecorder::missedCapture() {
  std::lock_guard lock(lock_);
  ++missed_;
}

std::vector<Capture> FileRecorder::drainCaptures() {
  std::lock_guard lock(lock_);
  return std::exchange(captures_, {});
}

}  // namespace iio
