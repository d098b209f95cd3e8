#include "live-store.h"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <map>
#include <thread>

#include "error.h"
#include "summary-support.h"

using namespace summary;
using namespace std::chrono_literals;

namespace {

// A pool in plain memory, thread safe: blocks are filled one after another, the oldest free of
// leases and pins is reused.
class FakePool {
 public:
  FakePool(ScanLayout of, uint32_t blocks, uint32_t scansPerBlock, bool waitsForBlocks = false)
      : layout(std::move(of)), waits(waitsForBlocks), scansPerBlock_(scansPerBlock) {
    memory_.resize(blocks, std::vector<std::byte>(size_t{scansPerBlock} * layout.scanBytes));
    leases_.resize(blocks);
    pinned_.resize(blocks);
    for (uint32_t i = 0; i < blocks; ++i) free_.push_back(i);
  }

  // A block to fill, or kNoBlock if all are claimed.
  BlockIndex take() {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      const BlockIndex block = free_.front();
      free_.pop_front();
      return block;
    }
    for (auto it = history_.begin(); it != history_.end(); ++it) {
      const BlockIndex block = (*it)->block;
      if (leases_[block] > 0 || pinned_[block]) continue;
      history_.erase(it);
      return block;
    }
    return kNoBlock;
  }
  std::byte* at(BlockIndex block) { return memory_[block].data(); }

  void complete(const HeaderPtr& header, Consumer& consumer) {
    {
      std::lock_guard lock(mutex_);
      history_.push_back(header);
      ++leases_[header->block];
    }
    if (!consumer.offer(header, at(header->block))) release(header->block);
  }

  bool tryLease(const HeaderPtr& header) {
    std::lock_guard lock(mutex_);
    if (failLeases > 0) return --failLeases, false;
    if (std::find(history_.begin(), history_.end(), header) == history_.end()) return false;
    ++leases_[header->block];
    return true;
  }
  void release(BlockIndex block) {
    std::lock_guard lock(mutex_);
    REQUIRE(leases_[block] > 0);
    --leases_[block];
  }
  std::vector<HeaderPtr> history() {
    std::lock_guard lock(mutex_);
    return {history_.begin(), history_.end()};
  }
  void pin(BlockIndex block, bool held) {
    std::lock_guard lock(mutex_);
    pinned_[block] = held;
  }
  uint32_t leases() {
    std::lock_guard lock(mutex_);
    uint32_t sum = 0;
    for (const uint32_t n : leases_) sum += n;
    return sum;
  }
  uint32_t blocks() const { return static_cast<uint32_t>(memory_.size()); }
  uint32_t scansPerBlock() const { return scansPerBlock_; }

  const ScanLayout layout;
  const bool waits;
  int failLeases = 0;

 private:
  const uint32_t scansPerBlock_;
  std::mutex mutex_;
  std::vector<std::vector<std::byte>> memory_;
  std::vector<uint32_t> leases_;
  std::vector<char> pinned_;
  std::deque<BlockIndex> free_;
  std::deque<HeaderPtr> history_;
};

class FakeMemory : public BlockMemory {
 public:
  explicit FakeMemory(FakePool& pool) : pool_(pool) {}
  bool tryLease(const HeaderPtr& header) override { return pool_.tryLease(header); }
  void release(BlockIndex block) noexcept override { pool_.release(block); }
  const std::byte* data(BlockIndex block) const override { return pool_.at(block); }
  std::vector<HeaderPtr> history() const override { return pool_.history(); }
  const ScanLayout& layout() const override { return pool_.layout; }
  uint32_t blockCount() const override { return pool_.blocks(); }
  uint32_t queuedBlocks() const override { return 0; }
  bool waitsForBlocks() const override { return pool_.waits; }

 private:
  FakePool& pool_;
};

template <typename Until>
bool waitFor(Until until) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!until()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// A stream of known values: element `e` of scan `s` is value(s, e).
int16_t value(int64_t scan, uint32_t e) {
  const auto x = static_cast<uint64_t>(scan) * 2654435761u + e * 40503u;
  return static_cast<int16_t>(std::sin(static_cast<double>(scan) * 0.003 + e) * 20000 +
                              static_cast<double>((x >> 7) % 400));
}

struct Bench {
  FakePool pool;
  std::shared_ptr<LiveStore> store;
  uint64_t sequence = 0;
  int64_t scan = 0, sample = 0;

  explicit Bench(uint32_t blocks, uint32_t scansPerBlock = 3000, uint64_t budget = 1 << 24,
                 bool waits = false)
      : pool(uniform(2, NumberKind::Signed, 16, 16), blocks, scansPerBlock, waits),
        store(createLiveStore(std::make_unique<FakeMemory>(pool), 1e6, budget)) {}
  ~Bench() {
    store->shutdown();
    CHECK(pool.leases() == 0);
  }

  // One block; with `lost` scans before its second half, or before it if `early`.
  HeaderPtr produce(int64_t lost = 0, bool early = false) {
    BlockIndex block = kNoBlock;
    REQUIRE(waitFor([&] { return (block = pool.take()) != kNoBlock; }));
    const uint32_t scans = pool.scansPerBlock(), half = lost > 0 && !early ? scans / 2 : scans;
    auto header = std::make_shared<BlockHeader>();
    header->sequence = sequence++;
    header->block = block;
    header->scanCount = scans;
    header->bytes = scans * 4;
    header->timeNs = 1000000 + (sample + scans) * 1000;
    Gap gap;
    gap.lost = gap.lostMin = gap.lostMax = lost;
    if (early && lost > 0) scan += lost;
    header->segments.push_back({0, half, scan, sample, early && lost > 0, gap});
    if (half < scans)
      header->segments.push_back(
          {half, scans - half, scan + half + lost, sample + half, true, gap});
    std::byte* to = pool.at(block);
    for (const Segment& segment : header->segments)
      for (uint32_t i = 0; i < segment.scanCount; ++i)
        for (uint32_t e = 0; e < 2; ++e) {
          const int16_t x = value(segment.scan + i, e);
          std::memcpy(to + (size_t{segment.offsetScans} + i) * 4 + e * 2, &x, 2);
        }
    scan = header->endScan();
    sample += scans;
    pool.complete(header, *store);
    return header;
  }
  // So many blocks, each summarised before the next comes.
  void feed(int blocks) {
    for (int i = 0; i < blocks; ++i) {
      produce();
      REQUIRE(settled());
    }
  }
  bool settled() {
    return waitFor([&] { return store->status().summarisedToScan == scan; });
  }
};

TraceSpec trace(uint32_t e) {
  TraceSpec t;
  t.element = e;
  return t;
}

TraceSpec magnitude() {
  TraceSpec t = trace(0);
  t.part = TracePart::Magnitude;
  t.elementQ = 1;
  return t;
}

double truth(const TraceSpec& t, int64_t scan) {
  if (t.part == TracePart::Value) return value(scan, t.element);
  return std::hypot(value(scan, 0), value(scan, 1));
}

// Number of columns that are drawn; each is compared with the values it covers.
size_t checkFrame(const FrameData& frame, const std::vector<TraceSpec>& traces) {
  size_t drawn = 0;
  const auto at = [&](double x) { return frame.originScan + static_cast<int64_t>(x); };
  for (size_t c = 0; frame.columns && c < frame.x.size() / 2; ++c) {
    if (std::isnan(frame.traces[0].y[4 * c])) continue;
    ++drawn;
    for (size_t t = 0; t < traces.size(); ++t) {
      Expected e;
      for (int64_t s = at(frame.x[2 * c]); s <= at(frame.x[2 * c + 1]); ++s)
        e.add(truth(traces[t], s));
      const double* y = &frame.traces[t].y[4 * c];
      REQUIRE(near(y[0], e.first));
      REQUIRE(near(y[1], e.minimum));
      REQUIRE(near(y[2], e.maximum));
      REQUIRE(near(y[3], e.last));
    }
  }
  for (size_t i = 0; !frame.columns && i < frame.x.size(); ++i) {
    if (std::isnan(frame.traces[0].y[i])) continue;
    ++drawn;
    for (size_t t = 0; t < traces.size(); ++t)
      REQUIRE(near(frame.traces[t].y[i], truth(traces[t], at(frame.x[i]))));
  }
  return drawn;
}

const std::vector<TraceSpec> kBoth = {trace(0), trace(1)};

}  // namespace

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
