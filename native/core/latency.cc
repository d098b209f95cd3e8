#include "latency.h"

#include <algorithm>
#include <bit>

namespace iio {

namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr auto kLoose = std::memory_order_relaxed;

}  // namespace

size_t LatencyMeter::bucketOf(int64_t ns) noexcept {
  if (ns < int64_t{1} << kLowest) return 0;
  const int octave = std::bit_width(static_cast<uint64_t>(ns)) - 1;
  if (octave >= kHighest) return kBuckets - 1;
  const int64_t step = (ns >> (octave - 3)) & (kSteps - 1);
  return static_cast<size_t>((octave - kLowest) * kSteps + 1) + static_cast<size_t>(step);
}

int64_t LatencyMeter::upperEdge(size_t bucket) noexcept {
  if (bucket == 0) return int64_t{1} << kLowest;
  const auto at = static_cast<int64_t>(bucket - 1);
  const int64_t octave = kLowest + at / kSteps;
  return (kSteps + at % kSteps + 1) << (octave - 3);
}

void LatencyMeter::add(int64_t latencyNs, int64_t nowNs) noexcept {
  latencyNs = std::max<int64_t>(0, latencyNs);
  const int64_t second = nowNs / kSecondNs;
  Slice& slice = slices_[static_cast<size_t>(second) % slices_.size()];
  if (slice.second.load(kLoose) != second) {
    // What is in it is older than anybody asks for; it is shown again once it is empty.
    slice.second.store(-1, std::memory_order_release);
    for (auto& count : slice.counts) count.store(0, kLoose);
    slice.maxNs.store(0, kLoose);
    slice.second.store(second, std::memory_order_release);
  }
  slice.counts[bucketOf(latencyNs)].fetch_add(1, kLoose);
  if (latencyNs > slice.maxNs.load(kLoose)) slice.maxNs.store(latencyNs, kLoose);
}

LatencySpread LatencyMeter::last(int64_t nowNs) const noexcept {
  const int64_t second = nowNs / kSecondNs;
  LatencySpread out;
  std::array<uint64_t, kBuckets> counts{};
  for (const Slice& slice : slices_) {
    const int64_t of = slice.second.load(std::memory_order_acquire);
    if (of < 0 || of <= second - kSeconds || of > second + 1) continue;
    for (size_t i = 0; i < kBuckets; ++i) counts[i] += slice.counts[i].load(kLoose);
    out.maxNs = std::max(out.maxNs, slice.maxNs.load(kLoose));
  }
  for (uint64_t count : counts) out.count += count;
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts[i] == 0) continue;
    seen += counts[i];
    const int64_t edge = std::min(upperEdge(i), out.maxNs);
    if (out.p50Ns == 0 && seen * 2 >= out.count) out.p50Ns = edge;
    if (seen * 100 >= out.count * 99) {
      out.p99Ns = edge;
      break;
    }
  }
  return out;
}

}  // namespace iio
