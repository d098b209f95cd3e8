// Frames compared scan by scan with the world they were made from.
#pragma once
#include <doctest/doctest.h>

#include "frame-world.h"

namespace summary {

inline ScanLayout adc() {
  auto layout = layoutOf(
      {element(0, NumberKind::Signed, 12, 16, 4), element(0, NumberKind::Unsigned, 16, 16, 0, true),
       element(0, NumberKind::Signed, 24, 32), element(0, NumberKind::Float, 32, 32),
       element(0, NumberKind::Signed, 64, 64)});
  layout.timestamp = 4;
  return layout;
}

inline TraceSpec trace(uint32_t element, double scale = 1, double offset = 0) {
  TraceSpec t;
  t.element = element;
  t.scale = scale;
  t.offset = offset;
  return t;
}

inline TraceSpec pair(TracePart part) {
  TraceSpec t = trace(0, 0.5, 3);
  t.part = part;
  t.elementQ = 1;
  t.scaleQ = 0.25;
  t.offsetQ = -32768;
  return t;
}

inline Query fixed(double from, double to, uint32_t columns, std::vector<TraceSpec> traces) {
  return {std::move(traces), FixedRange{from, to}, columns};
}

inline bool allNaN(const double* y) {
  return std::all_of(y, y + 4, [](double v) { return std::isnan(v); });
}

inline bool gone(const World& world, int64_t from, int64_t to) {
  const Timeline& t = world.timeline;
  for (uint64_t i = t.find(from); i < t.end() && t[i].scan <= to; ++i)
    if (!t[i].records && world.withoutSamples.contains(i)) return true;
  return false;
}

inline size_t gapsWithin(const World& world, int64_t from, int64_t to) {
  size_t count = 0;
  for (const Break& b : world.timeline.breaks()) count += b.endBefore > from && b.scan <= to;
  return count;
}

inline int64_t scanOf(const FrameData& frame, double x) {
  REQUIRE(x == std::floor(x));
  return frame.originScan + static_cast<int64_t>(x);
}

inline void checkTimes(const World& world, const FrameData& frame) {
  if (world.layout.timestamp < 0 || frame.x.empty()) return;
  const int64_t origin = World::timeOf(frame.originScan);
  const double step = static_cast<double>(World::timeOf(frame.originScan + 1) - origin);
  REQUIRE(frame.t.size() == frame.x.size());
  if (!world.scans.contains(frame.originScan)) return;
  CHECK(frame.zeroTimeFromTimestamp);
  const double slack = world.withoutSamples.empty() ? 1 : 10;  // else by the line through others
  CHECK(std::abs(static_cast<double>(frame.zeroTimeNs - origin) - step * frame.zeroFraction) <=
        slack);
  for (size_t i = 0; i < frame.x.size(); ++i) {
    REQUIRE(!std::isnan(frame.t[i]));
    if (frame.x[i] != std::floor(frame.x[i])) continue;
    const int64_t scan = scanOf(frame, frame.x[i]);
    if (!world.scans.contains(scan) || !world.scans.contains(frame.originScan + 1)) continue;
    const bool exact = world.withoutSamples.empty();
    const double expected =
        (static_cast<double>(World::timeOf(scan) - origin) - step * frame.zeroFraction) * 1e-9;
    REQUIRE(std::abs(frame.t[i] - expected) <= (exact ? 1e-12 * std::abs(expected) : 1e-6));
  }
}

// Each column against its scans, each scan in exactly one column, nothing joined across a gap.
inline void checkColumns(const World& world, const Query& query, const FrameData& frame) {
  REQUIRE(frame.columns);
  const size_t count = frame.x.size() / 2;
  for (const auto& t : frame.traces) REQUIRE(t.y.size() == 4 * count);
  std::vector<std::pair<int64_t, int64_t>> covered;
  std::vector<size_t> tops(query.traces.size()), bottoms(query.traces.size());
  for (size_t c = 0; c < count; ++c) {
    const double a = frame.x[2 * c], b = frame.x[2 * c + 1];
    REQUIRE(a <= b);
    if (c > 0) REQUIRE(a > frame.x[2 * c - 1]);
    if (a != std::floor(a) ||
        world.expect(query.traces[0], scanOf(frame, a), scanOf(frame, b)).any == false) {
      for (const auto& t : frame.traces) REQUIRE(allNaN(&t.y[4 * c]));
      REQUIRE(c > 0);
      REQUIRE(c + 1 < count);
      continue;
    }
    const int64_t from = scanOf(frame, a), to = scanOf(frame, b);
    covered.push_back({from, to});
    if (gapsWithin(world, from, to) > 0) {
      REQUIRE(c > 0);
      REQUIRE(allNaN(&frame.traces[0].y[4 * c - 4]));  // only after a cut in the same column
    }
    for (size_t t = 0; t < query.traces.size(); ++t) {
      const double* y = &frame.traces[t].y[4 * c];
      if (gone(world, from, to)) {
        REQUIRE(allNaN(y));
        continue;
      }
      const Expected e = world.expect(query.traces[t], from, to);
      CAPTURE(from);
      CAPTURE(to);
      CAPTURE(t);
      REQUIRE(near(y[0], e.first));
      REQUIRE(near(y[1], e.minimum));
      REQUIRE(near(y[2], e.maximum));
      REQUIRE(near(y[3], e.last));
    }
  }
  for (size_t c = 1; c < covered.size(); ++c) {
    // What lies between two columns was never delivered.
    const auto next = world.scans.upper_bound(covered[c - 1].second);
    REQUIRE(next != world.scans.end());
    REQUIRE(next->first == covered[c].first);
  }
  checkTimes(world, frame);
}

inline void checkCovers(const World& world, const FrameData& frame, double from, double to) {
  const auto first = world.scans.lower_bound(static_cast<int64_t>(std::floor(from)));
  if (first == world.scans.end() || static_cast<double>(first->first) >= to) return;
  REQUIRE(frame.x.size() >= 2);
  CHECK(frame.originScan + frame.x.front() <= static_cast<double>(first->first));
  const auto last = std::prev(world.scans.lower_bound(static_cast<int64_t>(std::ceil(to))));
  CHECK(frame.originScan + frame.x.back() >= static_cast<double>(last->first));
}

inline void checkPoints(const World& world, const Query& query, const FrameData& frame) {
  REQUIRE_FALSE(frame.columns);
  int64_t before = INT64_MIN;
  for (size_t i = 0; i < frame.x.size(); ++i) {
    const double at = static_cast<double>(frame.originScan) + frame.x[i];
    const auto scan = static_cast<int64_t>(at);
    if (at != std::floor(at) || !world.scans.contains(scan)) {
      for (const auto& t : frame.traces) REQUIRE(std::isnan(t.y[i]));
      REQUIRE(gapsWithin(world, before, static_cast<int64_t>(frame.x[i + 1]) + frame.originScan) ==
              1);
      continue;
    }
    if (before != INT64_MIN) REQUIRE(world.scans.upper_bound(before)->first == scan);
    before = scan;
    for (size_t t = 0; t < query.traces.size(); ++t)
      REQUIRE(near(frame.traces[t].y[i],
                   traceValue(world.scans.at(scan), world.layout, query.traces[t])));
  }
  checkTimes(world, frame);
}

inline void check(const World& world, const Query& query, const FrameData& frame) {
  frame.columns ? checkColumns(world, query, frame) : checkPoints(world, query, frame);
}

inline const std::vector<TraceSpec> kValues = {trace(0), trace(1, 2, -5), trace(2, -0.25, 1),
                                               trace(3)};

// Strips as blocks of odd sizes give them, some with a gap before.
inline void fill(World& world, Random& random, int strips, uint32_t most, int gapEvery) {
  int64_t scan = 700;
  for (int i = 0; i < strips; ++i) {
    const bool gap = gapEvery > 0 && below(random, static_cast<uint64_t>(gapEvery)) == 0;
    if (gap) scan += below(random, 2) * below(random, most);
    const uint32_t count = 1 + below(random, most);
    world.add(random, scan, count, gap && i > 0);
    scan += count;
  }
}

}  // namespace summary
