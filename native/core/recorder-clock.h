// Clocks of a recording: CLOCK_MONOTONIC in nanoseconds, and the CPU time of its threads.
#pragma once
#include <pthread.h>
#include <time.h>

#include <cstdint>
#include <mutex>

namespace iio {

inline int64_t nanosecondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline int64_t monotonicNs() { return nanosecondsOf(CLOCK_MONOTONIC); }

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
