#include "frame.h"

#include <doctest/doctest.h>

#include "error.h"
#include "frame-world.h"

using namespace summary;

namespace {

ScanLayout adc() {
  auto layout = layoutOf(
      {element(0, NumberKind::Signed, 12, 16, 4), element(0, NumberKind::Unsigned, 16, 16, 0, true),
       element(0, NumberKind::Signed, 24, 32), element(0, NumberKind::Float, 32, 32),
       element(0, NumberKind::Signed, 64, 64)});
  layout.timestamp = 4;
  return layout;
}

TraceSpec trace(uint32_t element, double scale = 1, double offset = 0) {
  TraceSpec t;
  t.element = element;
  t.scale = scale;
  t.offset = offset;
  return t;
}

TraceSpec pair(TracePart part) {
  TraceSpec t = trace(0, 0.5, 3);
  t.part = part;
  t.elementQ = 1;
  t.scaleQ = 0.25;
  t.offsetQ = -32768;
  return t;
}

Query fixed(double from, double to, uint32_t columns, std::vector<TraceSpec> traces) {
  return {std::move(traces), FixedRange{from, to}, columns};
}

bool allNaN(const double* y) {
  return std::all_of(y, y + 4, [](double v) { return std::isnan(v); });
}

bool gone(const World& world, int64_t from, int64_t to) {
  const Timeline& t = world.timeline;
  for (uint64_t i = t.find(from); i < t.end() && t[i].scan <= to; ++i)
    if (!t[i].records && world.withoutSamples.contains(i)) return true;
  return false;
}

size_t gapsWithin(const World& world, int64_t from, int64_t to) {
  size_t count = 0;
  for (const Break& b : world.timeline.breaks()) count += b.endBefore > from && b.scan <= to;
  return count;
}

int64_t scanOf(const FrameData& frame, double x) {
  REQUIRE(x == std::floor(x));
  return frame.originScan + static_cast<int64_t>(x);
}

void checkTimes(const World& world, const FrameData& frame) {
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
void checkColumns(const World& world, const Query& query, const FrameData& frame) {
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

void checkCovers(const World& world, const FrameData& frame, double from, double to) {
  const auto first = world.scans.lower_bound(static_cast<int64_t>(std::floor(from)));
  if (first == world.scans.end() || static_cast<double>(first->first) >= to) return;
  REQUIRE(frame.x.size() >= 2);
  CHECK(frame.originScan + frame.x.front() <= static_cast<double>(first->first));
  const auto last = std::prev(world.scans.lower_bound(static_cast<int64_t>(std::ceil(to))));
  CHECK(frame.originScan + frame.x.back() >= static_cast<double>(last->first));
}

void checkPoints(const World& world, const Query& query, const FrameData& frame) {
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

void check(const World& world, const Query& query, const FrameData& frame) {
  frame.columns ? checkColumns(world, query, frame) : checkPoints(world, query, frame);
}

const std::vector<TraceSpec> kValues = {trace(0), trace(1, 2, -5), trace(2, -0.25, 1), trace(3)};

// Strips as blocks of odd sizes give them, some with a gap before.
void fill(World& world, Random& random, int strips, uint32_t most, int gapEvery) {
  int64_t scan = 700;
  for (int i = 0; i < strips; ++i) {
    const bool gap = gapEvery > 0 && below(random, static_cast<uint64_t>(gapEvery)) == 0;
    if (gap) scan += below(random, 2) * below(random, most);
    const uint32_t count = 1 + below(random, most);
    world.add(random, scan, count, gap && i > 0);
    scan += count;
  }
}

}  // namespace

TEST_CASE("columns of any width match the samples at the edges they carry") {
  Random random(41);
  World world(adc());
  fill(world, random, 60, 4000, 0);
  const auto from = static_cast<double>(world.timeline.fromScan());
  const auto to = static_cast<double>(world.timeline.toScan());
  for (int i = 0; i < 60; ++i) {
    const double a = from + (to - from) * 0.9 * static_cast<double>(below(random, 1000)) / 1000;
    const double b = a + 1 + (to - a) * static_cast<double>(1 + below(random, 1000)) / 900;
    const uint32_t columns = 1 + below(random, 300);
    const Query query = fixed(a, b, columns, kValues);
    const FrameData frame = world.query(query);
    CHECK(frame.fromScan == static_cast<int64_t>(std::floor(a)));
    check(world, query, frame);
    checkCovers(world, frame, a, b);
    if (frame.columns) CHECK(frame.x.size() / 2 <= columns);
  }
}

TEST_CASE("columns are cut at gaps and never joined across them") {
  Random random(42);
  for (int round = 0; round < 6; ++round) {
    World world(adc());
    fill(world, random, 80, round % 2 ? 300 : 3000, 3);
    const auto from = static_cast<double>(world.timeline.fromScan());
    const auto to = static_cast<double>(world.timeline.toScan());
    for (int i = 0; i < 25; ++i) {
      const double a = from - 100 + (to - from) * static_cast<double>(below(random, 900)) / 1000;
      const double b = a + 2 + (to + 200 - a) * static_cast<double>(below(random, 1000)) / 1000;
      const Query query = fixed(a, b, 1 + below(random, 400), kValues);
      const FrameData frame = world.query(query);
      check(world, query, frame);
      checkCovers(world, frame, a, b);
    }
  }
}

TEST_CASE("a gap has a column of NaN with the edges of what was lost") {
  Random random(43);
  World world(uniform(1, NumberKind::Signed, 16, 16));
  world.add(random, 0, 1000);
  world.add(random, 1500, 1000, true);
  world.add(random, 2500, 1000, true);  // loss unknown: none counted
  const FrameData frame = world.query(fixed(0, 3500, 7, {trace(0)}));
  const std::vector<double> x = {0,    499,  500,    999,    1000, 1499, 1500, 1999,
                                 2000, 2499, 2499.5, 2499.5, 2500, 2999, 3000, 3499};
  CHECK(frame.x == x);
  CHECK(allNaN(&frame.traces[0].y[4 * 2]));
  CHECK(allNaN(&frame.traces[0].y[4 * 5]));
  REQUIRE(frame.gaps.size() == 2);
  CHECK(frame.gaps[0].scan == 1500);
  CHECK(frame.gaps[0].gap.lost == 500);
  CHECK(frame.gaps[1].scan == 2500);
  const FrameData points = world.query(fixed(2498, 2501, 7, {trace(0)}));
  CHECK_FALSE(points.columns);
  CHECK(points.x == std::vector<double>{0, 1, 1.5, 2, 3});
  CHECK(std::isnan(points.traces[0].y[2]));
  const FrameData across = world.query(fixed(998, 1502, 200, {trace(0)}));
  CHECK(across.x == std::vector<double>{0, 1, 251.5, 502, 503, 504});
}

TEST_CASE("a column of 16 records or more is snapped to record borders and needs no samples") {
  Random random(44);
  World world(adc());
  fill(world, random, 40, 9000, 6);
  const auto from = static_cast<double>(world.timeline.fromScan());
  WorldSamples samples(world);
  const Query query = fixed(from + 77, from + 77 + 4096 * 20, 20, kValues);
  const FrameData frame = world.query(query, samples);
  CHECK(samples.scansRead <= 2);  // the time of the zero
  check(world, query, frame);
  for (size_t i = 0; i < frame.x.size(); i += 2) {
    if (allNaN(&frame.traces[0].y[i * 2])) continue;
    const int64_t scan = scanOf(frame, frame.x[i]);
    const Strip& strip = world.timeline[world.timeline.find(scan)];
    CHECK((scan - strip.scan) % 256 == 0);
  }
}

TEST_CASE("where samples are gone the records are drawn at their own borders") {
  Random random(45);
  for (int round = 0; round < 5; ++round) {
    World world(adc());
    int64_t scan = 0;
    for (int i = 0; i < 30; ++i) {
      const uint32_t count = 500 + below(random, 3000);
      world.add(random, scan, count, false, true, i >= 15);
      scan += count;
    }
    for (const double span : {3000.0, 20000.0, 1e5}) {
      const auto end = static_cast<double>(scan);
      const double from = (end - span) * static_cast<double>(below(random, 100)) / 100;
      const Query query = fixed(from, from + span, 200, kValues);
      const FrameData frame = world.query(query);
      check(world, query, frame);
      checkCovers(world, frame, from, from + span);
    }
  }
}

TEST_CASE("what was not summarised is read from samples within a budget, else it is NaN") {
  Random random(46);
  World world(adc());
  int64_t scan = 0;
  for (int i = 0; i < 30; ++i) {
    const uint32_t count = 500 + below(random, 3000);
    world.add(random, scan, count, false, i % 4 != 1, i % 8 != 1);
    scan += count;
  }
  world.mostGot = 1000;  // reads come in parts
  for (const double span : {300.0, 5000.0, 40000.0}) {
    const Query query = fixed(100, 100 + span, 9, kValues);
    const FrameData frame = world.query(query);
    check(world, query, frame);
    if (span > 10000) CHECK(frame.summarised < 1);
  }
  // Beyond the budget nothing is read, and it says so.
  FrameSetup setup = prepareQuery(fixed(0, static_cast<double>(scan), 9, kValues), world.layout,
                                  world.lanes, 0, world.derived);
  setup.extraScans = 10;
  setup.range.to = static_cast<double>(scan);
  WorldSamples samples(world);
  FrameBuilder frame(setup);
  frame.plan(world.timeline, samples);
  CHECK(frame.read(samples));
  const FrameData data = frame.finish();
  CHECK(samples.scansRead <= 20);  // the times of the edges
  CHECK(data.summarised < 1);
  CHECK(allNaN(&data.traces[0].y[0]));
}

TEST_CASE("samples that vanish between plan and read leave NaN and are told") {
  Random random(47);
  World world(uniform(1, NumberKind::Signed, 16, 16));
  world.add(random, 0, 5000);
  WorldSamples samples(world);
  samples.vanished = true;
  bool complete = true;
  const FrameData frame = world.query(fixed(10, 4000, 100, {trace(0)}), samples, &complete);
  CHECK_FALSE(complete);
  CHECK(allNaN(&frame.traces[0].y[40]));
  CHECK_FALSE(world.query(fixed(10, 40, 100, {trace(0)}), samples, &complete).columns);
  CHECK_FALSE(complete);
}

TEST_CASE("magnitude and phase columns match every pair, kept as lanes or read from samples") {
  Random random(48);
  for (const TracePart part : {TracePart::Magnitude, TracePart::Phase}) {
    World world(adc());
    fill(world, random, 20, 6000, 5);
    const std::vector<TraceSpec> traces = {pair(part), trace(1)};
    const Query wide = fixed(0, 60000, 10, traces), narrow = fixed(900.5, 20000, 100, traces);
    const Query points = fixed(1000, 1100, 100, traces);
    for (const Query& query : {wide, narrow, points}) check(world, query, world.query(query));
    world.keepDerived(world.derived.ask(traceSource(*world.lanes, traces[0]), traces[0],
                                        DerivedLanes::Clock::now()),
                      traceSource(*world.lanes, traces[0]));
    WorldSamples samples(world);
    check(world, wide, world.query(wide, samples));
    CHECK(samples.scansRead <= 2);
    for (const Query& query : {wide, narrow, points}) check(world, query, world.query(query));
  }
}

TEST_CASE("columns that touch the ends of the format's range are counted, one sample is enough") {
  Random random(49);
  World world(layoutOf(
      {element(0, NumberKind::Signed, 12, 16, 4), element(0, NumberKind::Unsigned, 12, 16)}));
  std::byte* data = world.add(random, 0, 50000);
  const auto set = [&](uint32_t scan, uint32_t e, int64_t raw) {
    put(data + scan * world.layout.scanBytes, world.layout.elements[e], static_cast<uint64_t>(raw));
  };
  for (uint32_t i = 0; i < 50000; ++i) {
    set(i, 0, static_cast<int64_t>(random() % 4000) - 2000);
    set(i, 1, 1 + static_cast<int64_t>(random() % 4000));
  }
  set(12345, 0, 2047);
  set(40001, 0, -2048);
  set(45001, 0, -2048);
  set(30000, 1, 4095);
  set(49999, 1, 0);
  World again(world.layout);
  std::byte* copy = again.add(random, 0, 50000);
  std::copy(data, data + world.bytes[0].size(), copy);
  again.timeline = Timeline(again.lanes, kRecordScans);
  Strip strip;
  strip.scans = 50000;
  strip.records = PyramidBuilder(again.lanes, kRecordScans).build(copy, 50000);
  again.timeline.append(strip);
  for (const uint32_t columns : {10u, 500u}) {
    const FrameData frame = again.query(fixed(0, 50000, columns, {trace(0, -1), trace(1)}));
    CHECK(frame.traces[0].touchesTop == 1);
    CHECK(frame.traces[0].touchesBottom == 2);
    CHECK(frame.traces[1].touchesTop == 1);
    CHECK(frame.traces[1].touchesBottom == 1);
  }
  CHECK(again.query(fixed(12340, 12350, 10, {trace(0)})).traces[0].touchesTop == 1);
}

TEST_CASE("a NaN of a float channel is told and left out of the bounds") {
  Random random(50);
  World world(uniform(1, NumberKind::Float, 32, 32));
  std::byte* data = world.add(random, 0, 20000, false, false);
  for (uint32_t i = 0; i < 20000; ++i) put(data + i * 4, world.layout.elements[0], 0x3F800000 + i);
  put(data + 4 * 7000, world.layout.elements[0], 0x7FC00000);
  world.timeline.setRecords(0, PyramidBuilder(world.lanes, kRecordScans).build(data, 20000));
  for (const auto& query : {fixed(0, 20000, 4, {trace(0)}), fixed(6000, 8000, 100, {trace(0)}),
                            fixed(6990, 7010, 100, {trace(0)})}) {
    const FrameData frame = world.query(query);
    CHECK(frame.traces[0].hasNaN);
    check(world, query, frame);
  }
  CHECK_FALSE(world.query(fixed(0, 6999, 10, {trace(0)})).traces[0].hasNaN);
}

TEST_CASE("a following range keeps its columns in place while it moves on") {
  Random random(51);
  World world(uniform(2, NumberKind::Signed, 16, 16));
  int64_t scan = 0;
  std::map<int64_t, double> edges;
  for (int i = 0; i < 40; ++i) {
    world.add(random, scan, 1777);
    scan += 1777;
    const Query query{{trace(0)}, FollowRange{20000}, 64};
    const FrameData frame = world.query(query);
    CHECK(frame.toScan == scan);
    CHECK(frame.fromScan == scan - 20000);
    checkColumns(world, query, frame);
    // An edge inside stays an edge.
    for (size_t c = 2; c + 4 < frame.x.size(); c += 2) {
      const int64_t at = scanOf(frame, frame.x[c]);
      const double maximum = frame.traces[0].y[2 * c + 2];
      const auto [known, added] = edges.try_emplace(at, maximum);
      CHECK(known->second == maximum);
      if (i > 15 && at < scan - 4000) CHECK_FALSE(added);
    }
  }
}

TEST_CASE("a trigger range stands on the newest trigger whose span is complete") {
  Random random(52);
  World world(adc());
  world.add(random, 0, 100000);
  TriggerRing ring;
  const Query normal{{trace(0)}, TriggerRange{1000, 3000, false}, 100};
  WorldSamples samples(world);
  FrameData frame = world.query(normal, samples, nullptr, &ring);
  CHECK(frame.x.empty());
  CHECK_FALSE(frame.trigger);
  for (const int64_t at : {50000, 90000, 98000}) ring.push({at, 0.25});
  frame = world.query(normal, samples, nullptr, &ring);
  REQUIRE(frame.trigger);
  CHECK(frame.trigger->scan == 90000);
  CHECK(frame.trigger->number == 2);
  CHECK(frame.originScan == 90000);
  CHECK(frame.zeroFraction == 0.25);
  CHECK(frame.fromScan == 89000);
  CHECK(frame.toScan == 93001);
  check(world, normal, frame);
}

TEST_CASE("automatic mode runs free only when triggers stay away") {
  Random random(53);
  World world(adc());
  world.rateHz = 10000;  // 100 ms: 1,000 scans
  world.add(random, 0, 100000);
  const Query automatic{{trace(0)}, TriggerRange{1000, 3000, true}, 100};
  WorldSamples samples(world);
  TriggerRing ring;
  FrameData frame = world.query(automatic, samples, nullptr, &ring);
  CHECK_FALSE(frame.trigger);
  CHECK(frame.originScan == 97000);
  CHECK(frame.fromScan == 96000);
  CHECK(frame.toScan == 100000);
  check(world, automatic, frame);
  ring.push({88000, 0});  // two spans and the post span ago at most: 89000
  CHECK_FALSE(world.query(automatic, samples, nullptr, &ring).trigger);
  ring.push({90000, 0});
  CHECK(world.query(automatic, samples, nullptr, &ring).trigger->scan == 90000);
  ring.push({99000, 0});  // not complete, but triggers come
  CHECK(world.query(automatic, samples, nullptr, &ring).trigger->scan == 90000);
}

TEST_CASE("the whole range shows all there is") {
  Random random(54);
  World world(adc());
  CHECK(world.query({{trace(0)}, WholeRange{}, 100}).x.empty());
  fill(world, random, 30, 5000, 4);
  const Query query{kValues, WholeRange{}, 100};
  const FrameData frame = world.query(query);
  CHECK(frame.fromScan == world.timeline.fromScan());
  CHECK(frame.toScan == world.timeline.toScan());
  CHECK(frame.originScan == world.timeline.fromScan());
  check(world, query, frame);
}

TEST_CASE("coarse records of a huge file are drawn as exactly as fine ones") {
  Random random(55);
  World world(adc(), 4096);
  fill(world, random, 12, 60000, 4);
  const auto from = static_cast<double>(world.timeline.fromScan());
  for (const double span : {1000.0, 30000.0, 200000.0}) {
    const Query query = fixed(from + 10, from + 10 + span, 10, kValues);
    check(world, query, world.query(query));
  }
}

TEST_CASE("very many gaps come joined by column, with what was lost added up") {
  Random random(56);
  World world(uniform(1, NumberKind::Signed, 16, 16));
  int64_t scan = 0;
  for (int i = 0; i < 1000; ++i, scan += 15) world.add(random, scan, 10, i > 0);
  const FrameData few = world.query(fixed(0, 15000, 300, {trace(0)}));
  CHECK(few.gaps.size() == 999);
  const FrameData joined = world.query(fixed(0, 15000, 20, {trace(0)}));
  CHECK(joined.gaps.size() <= 20);
  int64_t lost = 0;
  for (const auto& gap : joined.gaps) lost += gap.gap.lost;
  CHECK(lost == 999 * 5);
  CHECK(joined.x.size() / 2 <= 20 * 4);
}

TEST_CASE("queries that make no sense are refused with a sentence") {
  World world(uniform(1, NumberKind::Signed, 16, 16));
  const auto refused = [&](const Query& query) {
    try {
      world.query(query);
    } catch (const CoreError& error) {
      return error.fault.err == EINVAL && !error.fault.message.empty();
    }
    return false;
  };
  CHECK(refused(fixed(0, 10, 0, {trace(0)})));
  CHECK(refused(fixed(10, 10, 10, {trace(0)})));
  CHECK(refused(fixed(0, std::nan(""), 10, {trace(0)})));
  CHECK(refused(fixed(0, 1e300, 10, {trace(0)})));
  CHECK(refused(fixed(0, 10, 10, {trace(1)})));
  CHECK(refused({{trace(0)}, FollowRange{0}, 10}));
  CHECK_FALSE(refused(fixed(0, 10, 10, {trace(0)})));
}
