#include "frame.h"

#include "frame-check.h"

using namespace summary;

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

TEST_CASE("gaps joined by column tell of loss where there was any, and where it was") {
  Random random(57);
  World world(uniform(1, NumberKind::Signed, 16, 16));
  std::set<int64_t> losses;
  for (int i = 0; i < 1000; ++i) {
    const int64_t scan = int64_t{15} * i;
    const bool lost = i >= 500 && i % 2 == 1;
    if (lost) losses.insert(scan);
    world.add(random, scan, 10, i > 0, true, true,
              lost ? GapCause::Counter : GapCause::NotRecorded);
  }
  const FrameData joined = world.query(fixed(0, 15000, 20, {trace(0)}));
  CHECK(joined.gaps.size() == 20);
  int64_t lost = 0;
  for (const auto& gap : joined.gaps) {
    CAPTURE(gap.scan);
    lost += gap.gap.lost;
    if (gap.scan < 7500)
      CHECK(gap.gap.cause == GapCause::NotRecorded);
    else
      CHECK((gap.gap.cause == GapCause::Counter && losses.contains(gap.scan)));
  }
  CHECK(lost == static_cast<int64_t>(losses.size()) * 5);
}
