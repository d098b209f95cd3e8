// What a recorder does as one of the parts of a recording.
#include "recorder-file.h"

namespace iio {

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

}  // namespace iio
