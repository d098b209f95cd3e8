#include "live-store.h"

#include "error.h"
#include "live-store-world.h"

using namespace summary;

TEST_CASE("a live store draws what came, down to single samples") {
  Bench bench(8);
  bench.feed(6);
  CHECK(checkFrame(bench.store->query({kBoth, WholeRange{}, 100}), kBoth) == 100);
  CHECK(checkFrame(bench.store->query({kBoth, FollowRange{5000}, 64}), kBoth) >= 64);
  const FrameData points = bench.store->query({kBoth, FixedRange{2990, 3010}, 100});
  CHECK_FALSE(points.columns);
  CHECK(checkFrame(points, kBoth) == 21);
  CHECK(points.summarised == 1);
  CHECK(points.samplesFromScan == 2990);
  CHECK(points.newestTimeNs == 1000000 + 18000 * 1000);
  CHECK(points.zeroTimeNs == 1000000 + 2990 * 1000);
}

TEST_CASE("records outlive their blocks and samples are drawn as long as they last") {
  Bench bench(4);
  bench.feed(40);
  const LiveStoreStatus status = bench.store->status();
  CHECK(status.pyramidFromScan == 0);
  CHECK(status.historyFromScan == 36 * 3000);
  CHECK(status.unsummarisedBlocks == 0);
  const FrameData all = bench.store->query({kBoth, WholeRange{}, 20});
  CHECK(checkFrame(all, kBoth) == 20);
  CHECK(all.samplesFromScan == 36 * 3000);
  const FrameData old = bench.store->query({kBoth, FixedRange{10, 500}, 1000});
  CHECK(old.columns);  // only records are left
  CHECK(checkFrame(old, kBoth) == 2);
}

TEST_CASE("a block that is held longer than those after it does not make the samples reach to it") {
  Bench bench(8);
  const HeaderPtr held = bench.produce();
  bench.pool.pin(held->block, true);
  bench.feed(23);
  const FrameData all = bench.store->query({kBoth, WholeRange{}, 100});
  CHECK(all.samplesFromScan == 17 * 3000);
  int64_t from = 10;
  CHECK(std::get<std::vector<int32_t>>(bench.store->samples(0, from, 5)).size() == 5);
  CHECK(from == 10);
}

TEST_CASE("a gap inside a block and one before it are drawn and listed") {
  Bench bench(8);
  bench.produce();
  bench.produce(100);
  bench.produce(50, true);
  REQUIRE(bench.settled());
  const FrameData frame = bench.store->query({kBoth, WholeRange{}, 50});
  checkFrame(frame, kBoth);
  REQUIRE(frame.gaps.size() == 2);
  CHECK(frame.gaps[0].scan == 4600);
  CHECK(frame.gaps[0].sample == 4500);
  CHECK(frame.gaps[1].gap.lost == 50);
  int64_t from = 4000;
  const SampleValues before = bench.store->samples(1, from, 5000);
  CHECK(std::get<std::vector<int32_t>>(before).size() == 500);  // ends before the gap
  from = 4550;
  const SampleValues after = bench.store->samples(1, from, 10);
  CHECK(from == 4600);
  CHECK(std::get<std::vector<int32_t>>(after)[0] == value(4600, 1));
}

TEST_CASE("samples run across blocks and begin where there are some left") {
  Bench bench(3, 1000);
  bench.feed(10);
  int64_t from = 0;
  const auto values = std::get<std::vector<int32_t>>(bench.store->samples(0, from, 2500));
  CHECK(from == 7000);
  REQUIRE(values.size() == 2500);
  for (size_t i = 0; i < values.size(); ++i)
    REQUIRE(values[i] == value(7000 + static_cast<int64_t>(i), 0));
  from = 10000;
  CHECK(std::get<std::vector<int32_t>>(bench.store->samples(0, from, 5)).empty());
  CHECK_THROWS_AS(bench.store->samples(2, from, 5), CoreError);
}

TEST_CASE("the ring of records keeps its budget but never gives up those of blocks still there") {
  Bench bench(16, 3000, 40000);
  bench.feed(200);
  const LiveStoreStatus status = bench.store->status();
  CHECK(status.pyramidFromScan > 100 * 3000);
  CHECK(status.pyramidFromScan <= 184 * 3000);
  CHECK(checkFrame(bench.store->query({kBoth, WholeRange{}, 10}), kBoth) == 10);
  Bench tight(16, 3000, 1);
  tight.feed(50);
  REQUIRE(waitFor([&] {
    tight.feed(1);
    const LiveStoreStatus now = tight.store->status();
    REQUIRE(now.pyramidFromScan <= now.historyFromScan);
    return now.pyramidFromScan > 60000;
  }));
}

TEST_CASE("a pinned span keeps its picture when the ring has moved on, until the pin goes") {
  Bench bench(16, 3000, 20000);
  std::vector<HeaderPtr> pinned;
  for (int i = 0; i < 8; ++i) pinned.push_back(bench.produce());
  for (const auto& header : pinned) bench.pool.pin(header->block, true);
  bench.feed(300);
  CHECK(bench.store->status().pyramidFromScan > 24000);
  const Query frozen{kBoth, FixedRange{0, 24000}, 100};
  CHECK(checkFrame(bench.store->query(frozen), kBoth) == 100);
  const Query wide{kBoth, FixedRange{0, 24000}, 4};
  CHECK(checkFrame(bench.store->query(wide), kBoth) == 4);
  int64_t from = 5;
  CHECK(std::get<std::vector<int32_t>>(bench.store->samples(0, from, 9000)).size() == 9000);
  CHECK(from == 5);
  for (const auto& header : pinned) bench.pool.pin(header->block, false);
  bench.feed(30);  // these take the blocks back
  REQUIRE(waitFor([&] {
    bench.produce();
    return bench.store->query(frozen).x.empty();
  }));
}

TEST_CASE("a store that falls behind leaves blocks alone, counts them and shows the hole") {
  Bench bench(8);
  std::mutex stop;
  std::atomic<bool> stuck{false};
  bench.store->onNews([&] {
    stuck = true;
    std::lock_guard wait(stop);
  });
  {
    std::lock_guard hold(stop);
    bench.produce();
    REQUIRE(waitFor([&] { return stuck.load(); }));
    for (int i = 0; i < 7; ++i) bench.produce();
    CHECK(bench.pool.leases() == 4);  // half of the pool
    CHECK(bench.store->status().unsummarisedBlocks == 3);
  }
  REQUIRE(bench.settled());
  bench.produce();
  REQUIRE(bench.settled());
  // The samples of the three are still there: narrow columns are drawn from them.
  FrameData frame = bench.store->query({kBoth, WholeRange{}, 100});
  checkFrame(frame, kBoth);
  CHECK(frame.summarised < 1);
  bench.feed(8);
  frame = bench.store->query({kBoth, WholeRange{}, 100});
  size_t missing = 0;
  for (size_t c = 0; c < frame.x.size() / 2; ++c) missing += std::isnan(frame.traces[0].y[4 * c]);
  CHECK(missing > 0);
  CHECK(frame.gaps.empty());  // nothing was lost
  checkFrame(frame, kBoth);
  bench.store->onNews({});
}

TEST_CASE("where the source waits for blocks a store behind slows it down and misses none") {
  Bench bench(4, 20000, 1 << 24, true);
  for (int i = 0; i < 100; ++i) bench.produce();
  REQUIRE(bench.settled());
  CHECK(bench.store->status().unsummarisedBlocks == 0);
  CHECK(checkFrame(bench.store->query({kBoth, WholeRange{}, 10}), kBoth) == 10);
}

TEST_CASE("short blocks that come fast are all summarised, the last without another to wake it") {
  Bench bench(64, 100);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i) bench.produce();
    REQUIRE(bench.settled());
  }
  CHECK(bench.store->status().unsummarisedBlocks == 0);
  CHECK(bench.store->status().cpuSeconds > 0);
}

TEST_CASE("a block taken back while a frame is made is asked for again") {
  Bench bench(8);
  bench.feed(4);
  bench.pool.failLeases = 1;
  const FrameData frame = bench.store->query({kBoth, FixedRange{100, 2000}, 100});
  CHECK(checkFrame(frame, kBoth) == 100);
  bench.pool.failLeases = 1;
  int64_t from = 100;
  CHECK(std::get<std::vector<int32_t>>(bench.store->samples(0, from, 10)).size() == 10);
}

TEST_CASE("a live trigger is found across blocks and asked for in order") {
  Bench bench(64, 777);
  TriggerSpec spec;
  spec.trace = trace(0);
  spec.level = 1000;
  spec.hysteresis = 2000;
  bench.store->setTrigger(spec);
  bench.feed(40);
  std::vector<int64_t> expected;
  bool armed = false;
  for (int64_t s = 0; s < bench.scan; ++s) {
    if (armed && value(s, 0) >= 1000) expected.push_back(s - 1);
    armed = armed ? value(s, 0) < 1000 : value(s, 0) <= -1000;
  }
  REQUIRE(expected.size() > 10);
  CHECK(bench.store->status().triggers == expected.size());
  int64_t after = -1;
  for (const int64_t at : expected) {
    const auto point = bench.store->nextTrigger(after, 0);
    if (at + 1 >= bench.scan) break;
    REQUIRE(point);
    CHECK(point->scan == at);
    after = point->scan;
  }
  CHECK_FALSE(bench.store->nextTrigger(after, 1e6));
  const FrameData frame = bench.store->query({kBoth, TriggerRange{500, 500, false}, 100});
  REQUIRE(frame.trigger);
  CHECK(frame.triggersTotal == expected.size());
  CHECK(checkFrame(frame, kBoth) > 50);
}

TEST_CASE("a trigger set on a stopped stream is searched for over the history") {
  Bench bench(32, 1000);
  bench.feed(20);
  bench.store->ended();
  TriggerSpec spec;
  spec.trace = trace(1);
  for (const double level : {0.0, 5000.0, 30000.0}) {
    spec.level = level;
    bench.store->setTrigger(spec);
    uint64_t expected = 0;
    for (int64_t s = 1; s < bench.scan; ++s)
      expected += value(s, 1) >= level && value(s - 1, 1) < level;
    CHECK(waitFor([&] { return bench.store->status().triggers == expected; }));
  }
  bench.store->setTrigger(std::nullopt);
  CHECK(bench.store->status().triggers == 0);
  spec.trace.element = 7;
  CHECK_THROWS_AS(bench.store->setTrigger(spec), CoreError);
}

TEST_CASE("a magnitude asked for is kept from then on and made for what is still there") {
  Bench bench(64, 5000);
  const std::vector<TraceSpec> traces = {magnitude()};
  bench.feed(20);
  const Query query{traces, WholeRange{}, 4};
  CHECK(checkFrame(bench.store->query(query), traces) == 4);  // from samples, at once
  bench.feed(100);                                            // the first 20 lose theirs
  REQUIRE(bench.settled());
  CHECK(checkFrame(bench.store->query({traces, FixedRange{100000, 600000}, 20}), traces) == 20);
  CHECK(checkFrame(bench.store->query({traces, FollowRange{50000}, 300}), traces) >= 300);
}

TEST_CASE("after shutdown no block is taken and records still answer") {
  Bench bench(8);
  bench.feed(5);
  bench.store->shutdown();
  CHECK(bench.pool.leases() == 0);
  bench.produce();
  CHECK(bench.pool.leases() == 0);
  const FrameData frame = bench.store->query({kBoth, WholeRange{}, 10});
  CHECK(checkFrame(frame, kBoth) == 10);
  CHECK(frame.samplesFromScan == frame.toScan);
  CHECK(bench.store->status().historyFromScan == 15000);
  int64_t from = 0;
  CHECK(std::get<std::vector<int32_t>>(bench.store->samples(0, from, 10)).empty());
}

TEST_CASE("queries, triggers and blocks at once leave nothing wrong and no lease behind") {
  Bench bench(16, 2000, 60000);
  std::atomic<bool> done{false};
  std::atomic<uint64_t> news{0}, frames{0};
  bench.store->onNews([&] { ++news; });
  std::vector<std::thread> threads;
  for (int n = 0; n < 2; ++n)
    threads.emplace_back([&, n] {
      const std::vector<TraceSpec> traces = {trace(0), magnitude()};
      while (!done) {
        const FrameData follow = bench.store->query({traces, FollowRange{30000}, n ? 40u : 400u});
        checkFrame(follow, traces);
        checkFrame(bench.store->query({kBoth, TriggerRange{200, 800, true}, 100}), kBoth);
        int64_t from = bench.store->status().historyFromScan;
        bench.store->samples(0, from, 100);
        ++frames;
      }
    });
  threads.emplace_back([&] {
    TriggerSpec spec;
    spec.trace = trace(0);
    for (int i = 0; !done; ++i) {
      spec.level = i % 3 * 1000;
      bench.store->setTrigger(i % 4 == 3 ? std::nullopt : std::optional(spec));
      bench.store->nextTrigger(0, 100);
      std::this_thread::sleep_for(1ms);
    }
  });
  for (int i = 0; i < 400; ++i) bench.produce(i % 17 == 5 ? 100 : 0);
  bench.settled();
  waitFor([&] { return frames > 10; });
  done = true;
  for (auto& thread : threads) thread.join();
  bench.store->onNews({});
  CHECK(news > 0);
  bench.store->ended();
}

TEST_CASE("a slow stream keeps copies of its samples when its few short blocks are long gone") {
  Bench bench(4, 500, 100000, false, 1000);  // 500 scans a block, 1,000 a second
  bench.feed(12);
  CHECK(bench.store->status().historyFromScan == 0);
  FrameData frame = bench.store->query({kBoth, FollowRange{3500}, 1000});
  REQUIRE_FALSE(frame.columns);
  CHECK(checkFrame(frame, kBoth) == 3500);
  CHECK(frame.samplesFromScan == 2500);
  // They take half of the budget: the oldest go first, and leave their records.
  bench.feed(100);
  const LiveStoreStatus status = bench.store->status();
  CHECK(status.historyFromScan > 0);
  CHECK(status.historyFromScan > status.pyramidFromScan);
  int64_t from = status.historyFromScan;
  const auto values = std::get<std::vector<int32_t>>(bench.store->samples(1, from, 100));
  CHECK(from == status.historyFromScan);
  REQUIRE(values.size() == 100);
  CHECK(values[50] == value(from + 50, 1));
  bench.store->shutdown();
  frame = bench.store->query({kBoth, FollowRange{100}, 1000});
  CHECK_FALSE(frame.columns);
  CHECK(checkFrame(frame, kBoth) == 100);
}
