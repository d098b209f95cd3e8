// Allocation: how much of a stream's memory is there, and whether it is still wanted. One thread
// allocates; any other looks and cancels.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "error.h"

namespace iio {

class Allocation {
 public:
  // Memory that is had in one piece is had in steps of this: between two of them a cancel is seen.
  // A multiple of a huge page; some 100 ms where a slow board clears its pages.
  static constexpr uint64_t kStepBytes = 16ull << 20;

  // Of the thread that allocates.
  void begin(uint64_t totalBytes) {
    bytes_ = 0;
    totalBytes_ = totalBytes;
  }
  void had(uint64_t bytes) { bytes_ += bytes; }
  // Throws CoreError (ECANCELED) if it is not wanted any more.
  void check() const {
    if (cancelled_)
      throw CoreError(
          Fault{ECANCELED, "", "",
                "The start was cancelled while memory was being allocated; all of it was given "
                "back. Start again, or ask for less memory."});
  }
  // `step(offset, bytes)` for one step after the other until `bytes` are done, with a check before
  // each.
  template <class Step>
  void inSteps(uint64_t bytes, Step step) const {
    for (uint64_t offset = 0; offset < bytes; offset += kStepBytes) {
      check();
      step(offset, std::min(kStepBytes, bytes - offset));
    }
  }

  // Of any thread. What was cancelled stays so.
  void cancel() { cancelled_ = true; }
  uint64_t bytes() const { return bytes_; }
  uint64_t totalBytes() const { return totalBytes_; }  // 0: not begun

 private:
  std::atomic<uint64_t> bytes_{0}, totalBytes_{0};
  std::atomic<bool> cancelled_{false};
};

}  // namespace iio
