// LatencyMeter: how long something took, as median, 99th percentile and maximum over about the last
// ten seconds. One thread adds, any thread asks; neither waits for the other.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace iio {

struct LatencySpread {
  uint64_t count = 0;  // 0: nothing was measured, and the others mean nothing
  int64_t p50Ns = 0, p99Ns = 0;  // upper edges of their buckets: at most 12.5 % too much
  int64_t maxNs = 0;             // exact
};

class LatencyMeter {
 public:
  // `nowNs`: CLOCK_MONOTONIC at the end of what was measured; goes forward. Below 0 counts as 0.
  void add(int64_t latencyNs, int64_t nowNs) noexcept;
  LatencySpread last(int64_t nowNs) const noexcept;

 private:
  // Eight buckets an octave from 1 us (all below in the first) to 137 s (all above in the last).
  static constexpr int kLowest = 10, kHighest = 37, kSteps = 8;
  static constexpr size_t kBuckets = (kHighest - kLowest) * kSteps + 1;
  static constexpr int64_t kSeconds = 10;
  static size_t bucketOf(int64_t ns) noexcept;
  static int64_t upperEdge(size_t bucket) noexcept;

  // One second each. The one that is taken next is out of sight until it is empty.
  struct Slice {
    std::atomic<int64_t> second{-1};
    std::atomic<int64_t> maxNs{0};
    std::array<std::atomic<uint32_t>, kBuckets> counts{};
  };
  std::array<Slice, kSeconds + 2> slices_;
};

}  // namespace iio
