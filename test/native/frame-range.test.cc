#include "error.h"
#include "frame-check.h"

using namespace summary;

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

TEST_CASE("a frame without traces still says where its columns and gaps are") {
  Random random(57);
  World world(uniform(1, NumberKind::Signed, 16, 16));
  world.add(random, 0, 9000);
  world.add(random, 9500, 9000, true);
  const FrameData frame = world.query({{}, WholeRange{}, 10});
  CHECK(frame.x.size() == 22);
  CHECK(frame.gaps.size() == 1);
  CHECK(frame.traces.empty());
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
