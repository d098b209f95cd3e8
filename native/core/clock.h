// Clocks in nanoseconds.
#pragma once
#include <time.h>

#include <cstdint>

namespace iio {

inline int64_t nanosecondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline int64_t monotonicNs() { return nanosecondsOf(CLOCK_MONOTONIC); }

}  // namespace iio
