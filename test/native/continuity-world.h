// A source of paper for the tests of continuity: scans with a counter and a timestamp, of which
// some get lost.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "continuity.h"

namespace continuity_world {

using namespace iio;

inline ScanElement element(uint32_t offset, uint16_t storage, uint16_t bits, uint16_t shift = 0,
                           bool big = false) {
  ScanElement e;
  e.offsetBytes = offset;
  e.storageBits = storage;
  e.bits = bits;
  e.shift = shift;
  e.bigEndian = big;
  return e;
}

// A 16-bit sample of the counter's low half, its high half, and an s64 timestamp: 16 bytes a scan.
inline ScanLayout layout() {
  ScanLayout l;
  l.scanBytes = 16;
  l.elements = {element(0, 16, 16), element(2, 16, 16), element(8, 64, 64)};
  l.timestamp = 2;
  return l;
}

struct Source {
  ScanLayout shape = layout();
  uint64_t scan = 0;  // of the device, lost ones included
  double periodNs = 1000;
  std::vector<std::byte> bytes;
  std::mt19937 random{5};

  void put(uint64_t count, int64_t stamp) {
    size_t at = bytes.size();
    bytes.resize(at + shape.scanBytes);
    auto low = static_cast<uint16_t>(count), high = static_cast<uint16_t>(count >> 16);
    std::memcpy(&bytes[at], &low, 2);
    std::memcpy(&bytes[at + 2], &high, 2);
    std::memcpy(&bytes[at + 8], &stamp, 8);
  }
  // The next `scans` scans; before each scan index of `losses` so many are lost.
  void block(uint32_t scans, std::vector<std::pair<uint32_t, uint32_t>> losses = {},
             double jitterNs = 0) {
    std::normal_distribution<double> jitter(0, 1);
    bytes.clear();
    for (uint32_t i = 0; i < scans; ++i) {
      for (auto [at, lost] : losses)
        if (at == i) scan += lost;
      double late = jitterNs == 0 ? 0 : jitterNs * std::clamp(jitter(random), -2.5, 2.5);
      put(scan, std::llround(static_cast<double>(scan) * periodNs + late));
      ++scan;
    }
  }
};

inline Completion ok(int64_t timeNs = 1) {
  Completion c;
  c.timeNs = timeNs;
  return c;
}
inline Completion withGap(Grade grade, int64_t lost, int64_t least, int64_t most) {
  Completion c = ok();
  c.hasGap = true;
  c.gap = {
      .grade = grade, .cause = GapCause::DryQueue, .lost = lost, .lostMin = least, .lostMax = most};
  return c;
}

inline constexpr int64_t kBeginNs = 5'000'000'000;

struct Run {
  Source source;
  Continuity continuity;
  explicit Run(ContinuitySpec spec) : continuity(std::move(spec)) {}
  // A source that is so good at telling loss itself, and the time of whose blocks means something.
  Run(ContinuitySpec spec, Grade grade) : Run(spec) {
    if (spec.rateHz > 0) source.periodNs = 1e9 / spec.rateHz;
    continuity.begin(grade, kBeginNs);
  }
  // A block completed so long after its last scan.
  std::vector<Segment> timed(uint32_t scans, std::vector<std::pair<uint32_t, uint32_t>> losses = {},
                             int64_t lateNs = 0) {
    source.block(scans, std::move(losses));
    const double passed = static_cast<double>(source.scan) * source.periodNs;
    return continuity.split(ok(kBeginNs + std::llround(passed) + lateNs), source.bytes.data(),
                            scans);
  }
  std::vector<Segment> next(uint32_t scans, std::vector<std::pair<uint32_t, uint32_t>> losses = {},
                            const Completion& completion = ok(), double jitterNs = 0) {
    source.block(scans, std::move(losses), jitterNs);
    return continuity.split(completion, source.bytes.data(), scans);
  }
};

inline ContinuitySpec plain(Grade grade = Grade::Unknown) {
  ContinuitySpec spec;
  spec.layout = layout();
  spec.lossGrade = grade;
  return spec;
}
inline ContinuitySpec counted(std::vector<uint32_t> elements, double rateHz = 0) {
  ContinuitySpec spec = plain();
  spec.counter = std::move(elements);
  spec.rateHz = rateHz;
  return spec;
}
inline ContinuitySpec stamped(double rateHz) {
  ContinuitySpec spec = plain(Grade::Estimated);
  spec.timestampGaps = true;
  spec.rateHz = rateHz;
  return spec;
}

inline void checkGap(const Segment& segment, Grade grade, GapCause cause, int64_t lost,
                     int64_t least, int64_t most) {
  REQUIRE(segment.hasGap);
  CHECK(segment.gap.grade == grade);
  CHECK(segment.gap.cause == cause);
  CHECK(segment.gap.lost == lost);
  CHECK(segment.gap.lostMin == least);
  CHECK(segment.gap.lostMax == most);
}

}  // namespace continuity_world
