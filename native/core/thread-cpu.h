// The CPU time of a thread. To be told it costs the thread itself nothing.
#pragma once
#include <pthread.h>

#include <mutex>

#include "clock.h"

namespace iio {

// CPU time of one thread, readable from others while it runs and after it ended.
class ThreadCpu {
 public:
  // Both on the thread itself, at its beginning and end.
  void begin() {
    std::lock_guard lock(lock_);
    running_ = pthread_getcpuclockid(pthread_self(), &clock_) == 0;
  }
  void end() {
    std::lock_guard lock(lock_);
    if (running_) done_ = nanosecondsOf(clock_);
    running_ = false;
  }
  double seconds() const {
    std::lock_guard lock(lock_);
    return double(running_ ? nanosecondsOf(clock_) : done_) * 1e-9;
  }

 private:
  mutable std::mutex lock_;
  clockid_t clock_{};
  bool running_ = false;
  int64_t done_ = 0;
};

}  // namespace iio
