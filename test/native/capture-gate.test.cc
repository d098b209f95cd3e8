#include "capture-gate.h"

#include <doctest/doctest.h>

#include <set>

#include "live-store-world.h"

using namespace summary;

namespace {

constexpr uint32_t kBlock = 500;

// Keeps what it is given; checks that the samples are those of the header.
struct Sink : CaptureSink {
  explicit Sink(FakePool& of) : pool(of) {}
  bool take(const HeaderPtr& header, const std::byte* data, bool begins) override {
    std::lock_guard lock(mutex);
    if (refuses) return false;
    for (const Segment& segment : header->segments)
      for (uint32_t i = 0; i < segment.scanCount; ++i) {
        int16_t x;
        std::memcpy(&x, data + (size_t{segment.offsetScans} + i) * 4, 2);
        if (x != value(segment.scan + i, 0)) ++wrong;
      }
    blocks.push_back(header);
    begun.push_back(begins);
    if (holds)
      kept.push_back(header->block);
    else
      pool.release(header->block);
    return true;
  }
  uint32_t held() const override {
    std::lock_guard lock(mutex);
    return static_cast<uint32_t>(kept.size());
  }
  void captured(const Capture& capture) override {
    std::lock_guard lock(mutex);
    captures.push_back(capture);
  }
  void missed() override { ++misses; }
  void done() override { ++ends; }
  void letGo() {
    std::lock_guard lock(mutex);
    for (const BlockIndex block : kept) pool.release(block);
    kept.clear();
  }
  std::set<uint64_t> sequences() {
    std::lock_guard lock(mutex);
    std::set<uint64_t> out;
    for (const HeaderPtr& header : blocks) out.insert(header->sequence);
    return out;
  }

  FakePool& pool;
  mutable std::mutex mutex;
  bool refuses = false, holds = false;
  std::vector<HeaderPtr> blocks;
  std::vector<bool> begun;
  std::vector<BlockIndex> kept;
  std::vector<Capture> captures;
  std::atomic<int> misses{0}, ends{0}, wrong{0};
};

TriggerSpec risingAt(double level) {
  TriggerSpec s;
  s.level = level;
  s.hysteresis = 1000;
  return s;
}

// Of which the hardware needs four blocks.
struct QueuedMemory : FakeMemory {
  using FakeMemory::FakeMemory;
  uint32_t queuedBlocks() const override { return std::min(blockCount() / 2, 4u); }
};

struct Gate {
  Gate(Bench& of, CaptureGateSpec spec)
      : bench(of),
        sink(std::make_shared<Sink>(of.pool)),
        gate(std::make_shared<CaptureGate>(spec, std::make_shared<QueuedMemory>(of.pool), sink)) {}
  ~Gate() { sink->letGo(); }
  void follow() { bench.store->follow(gate); }
  Bench& bench;
  std::shared_ptr<Sink> sink;
  std::shared_ptr<CaptureGate> gate;
};

CaptureGateSpec around(double pre, double post, int64_t limit = 0) {
  CaptureGateSpec spec;
  spec.captures = {pre, post, limit};
  spec.rateHz = 1e6;
  return spec;
}

// The crossings of an unbroken stream of value(scan, 0), as the trigger's rule states it.
std::vector<Crossing> crossings(int64_t from, int64_t to, double level) {
  std::vector<Crossing> out;
  bool armed = false;
  for (int64_t scan = from; scan < to; ++scan) {
    const double x = value(scan, 0);
    if (armed && x >= level) {
      const double before = value(scan - 1, 0);
      out.push_back({scan - 1, (level - before) / (x - before)});
      armed = false;
    } else if (!armed) {
      armed = x <= level - 1000;
    }
  }
  return out;
}

struct Span {
  int64_t from, to;
};
Span spanOf(const Crossing& c, double pre, double post) {
  const double at = static_cast<double>(c.scan) + c.fraction;
  return {static_cast<int64_t>(std::floor(at - pre)),
          static_cast<int64_t>(std::ceil(at + post)) + 1};
}

}  // namespace

TEST_CASE("gate: the blocks that touch a span are taken once and in order, and no others") {
  const struct {
    double pre, post;
  } kSpans[] = {{0, 0}, {100, 50}, {600.5, 0}, {0, 1400}, {1500, 1500}, {10, 10}};
  for (const auto& [pre, post] : kSpans) {
    CAPTURE(pre);
    CAPTURE(post);
    Bench bench(40, kBlock);
    bench.store->setTrigger(risingAt(15'000));
    bench.feed(4);  // before the gate: a span may reach back to there
    const int64_t began = bench.scan;
    Gate gate(bench, around(pre, post));
    gate.follow();
    bench.feed(80);
    bench.store->ended();
    REQUIRE(waitFor([&] { return gate.sink->ends == 1; }));
    std::set<uint64_t> expected;
    size_t count = 0;
    for (const Crossing& c : crossings(0, bench.scan, 15'000)) {
      if (c.scan + 1 < began) continue;
      const Span span = spanOf(c, pre, post);
      REQUIRE(count < gate.sink->captures.size());
      const Capture& capture = gate.sink->captures[count++];
      CHECK(capture.scan == c.scan);
      CHECK(capture.fraction == c.fraction);
      CHECK(capture.fromScan == std::max<int64_t>(span.from, 0));
      CHECK(capture.toScan == std::min(span.to, bench.scan));
      const double at = static_cast<double>(c.scan) + c.fraction;
      CHECK(std::abs(static_cast<double>(capture.timeNs) - (1'001'000.0 - 2000 + at * 1000)) <
            2500);
      for (int64_t s = std::max<int64_t>(span.from, 0); s < std::min(span.to, bench.scan); ++s)
        expected.insert(static_cast<uint64_t>(s / kBlock));
    }
    CHECK(count == gate.sink->captures.size());
    CHECK(count > 15);
    CHECK(gate.sink->sequences() == expected);
    CHECK(gate.sink->blocks.size() == expected.size());
    CHECK(gate.sink->wrong == 0);
    CHECK(gate.sink->misses == 0);
    for (size_t i = 0; i < gate.sink->blocks.size(); ++i) {
      const HeaderPtr& header = gate.sink->blocks[i];
      const bool joins = i > 0 ? header->sequence == gate.sink->blocks[i - 1]->sequence + 1
                               : header->sequence == 0;
      if (i > 0) CHECK(header->sequence > gate.sink->blocks[i - 1]->sequence);
      CHECK(gate.sink->begun[i] == !joins);
      CHECK(header->segments[0].hasGap == !joins);
      if (joins) continue;
      CHECK(header->segments[0].gap.cause == GapCause::NotRecorded);
      CHECK(header->segments[0].gap.grade == Grade::Exact);
      CHECK(header->segments[0].gap.lost == 0);
    }
  }
}

TEST_CASE("gate: peak and width are those of the samples, up to the end of the span") {
  for (const double post : {5.0, 300.0, 2000.0}) {
    CAPTURE(post);
    Bench bench(40, kBlock);
    bench.store->setTrigger(risingAt(15'000));
    Gate gate(bench, around(10, post));
    gate.follow();
    bench.feed(60);
    bench.store->ended();
    REQUIRE(waitFor([&] { return gate.sink->ends == 1; }));
    REQUIRE(gate.sink->captures.size() > 10);
    for (const Capture& capture : gate.sink->captures) {
      double peak = -1e9, width = -1;
      int64_t scan = capture.scan + 1;
      for (; scan < capture.toScan && width < 0; ++scan) {
        const double x = value(scan, 0), before = value(scan - 1, 0);
        if (x >= 15'000) {
          peak = std::max(peak, x);
          continue;
        }
        width = static_cast<double>(scan - 1 - capture.scan) + (15'000 - before) / (x - before) -
                capture.fraction;
      }
      CHECK(capture.peak == peak);
      CHECK(capture.cut == (width < 0));
      if (width < 0) width = static_cast<double>(scan - 1 - capture.scan) - capture.fraction;
      CHECK(near(capture.widthScans, width, 1e-9));
    }
  }
}

TEST_CASE("gate: a limit ends it with the last span, not before") {
  Bench bench(40, kBlock);
  bench.store->setTrigger(risingAt(15'000));
  Gate gate(bench, around(100, 900, 3));
  gate.follow();
  const auto all = crossings(0, 60 * kBlock, 15'000);
  while (bench.scan < spanOf(all[2], 100, 900).to) {
    CHECK(gate.sink->ends == 0);
    bench.feed(1);
  }
  CHECK(waitFor([&] { return gate.sink->ends == 1; }));
  CHECK(gate.sink->captures.size() == 3);
  bench.feed(20);
  CHECK(gate.sink->captures.size() == 3);
  CHECK(gate.sink->ends == 1);
  CHECK(*gate.sink->sequences().rbegin() ==
        static_cast<uint64_t>((spanOf(all[2], 100, 900).to - 1) / kBlock));
}

TEST_CASE("gate: no crossing before its span is taken, and nothing that begins behind it") {
  Bench bench(40, kBlock);
  bench.store->setTrigger(risingAt(15'000));
  const auto all = crossings(0, 60 * kBlock, 15'000);
  auto spec = around(800, 900);
  spec.fromScan = all[1].scan - 5;
  spec.toScan = all[3].scan + 20;
  Gate gate(bench, spec);
  gate.follow();
  bench.feed(60);
  CHECK(waitFor([&] { return gate.sink->ends == 1; }));
  REQUIRE(gate.sink->captures.size() == 3);
  CHECK(gate.sink->captures[0].scan == all[1].scan);
  CHECK(gate.sink->captures[0].fromScan == spanOf(all[1], 800, 900).from);
  CHECK(gate.sink->captures[2].toScan == spec.toScan);
  CHECK(*gate.sink->sequences().rbegin() == static_cast<uint64_t>((spec.toScan - 1) / kBlock));
}

TEST_CASE("gate: where the history is shorter than the span, the capture begins behind it") {
  Bench bench(8, kBlock);
  bench.store->setTrigger(risingAt(15'000));
  bench.feed(20);
  Gate gate(bench, around(1e9, 10, 1));
  gate.follow();
  bench.feed(20);
  CHECK(waitFor([&] { return gate.sink->ends == 1; }));
  REQUIRE(gate.sink->captures.size() == 1);
  const auto taken = gate.sink->sequences();
  CHECK(taken.size() >= 2);
  CHECK(taken.size() <= 8);
  CHECK(*taken.rbegin() - *taken.begin() + 1 == taken.size());
  CHECK(gate.sink->captures[0].fromScan == static_cast<int64_t>(*taken.begin()) * kBlock);
  CHECK(gate.sink->misses == 0);
}

TEST_CASE("gate: crossings that come while the recording is far behind are missed and counted") {
  Bench bench(16, kBlock);
  bench.store->setTrigger(risingAt(15'000));
  Gate gate(bench, around(1000, 600));
  gate.sink->holds = true;
  gate.follow();
  bench.feed(60);
  CHECK(gate.sink->misses > 5);
  const auto some = gate.sink->captures.size();
  CHECK(some >= 1);
  CHECK(gate.sink->held() < 16);
  gate.sink->letGo();
  bench.feed(30);
  CHECK(gate.sink->captures.size() > some);
  CHECK(gate.sink->wrong == 0);
}

TEST_CASE("gate: a gap cuts a pulse, and one that reaches into the span stays what it is") {
  Bench bench(40, kBlock);
  bench.store->setTrigger(risingAt(15'000));
  Gate gate(bench, around(50, 900));
  gate.follow();
  std::vector<HeaderPtr> made;
  for (int i = 0; i < 80; ++i) {
    made.push_back(bench.produce(i % 3 == 2 ? 7 : 0, i % 2 == 0));
    REQUIRE(bench.settled());
  }
  bench.store->ended();
  REQUIRE(waitFor([&] { return gate.sink->ends == 1; }));
  CHECK(gate.sink->wrong == 0);
  CHECK(gate.sink->captures.size() > 10);
  for (size_t i = 0; i < gate.sink->blocks.size(); ++i) {
    const HeaderPtr& header = gate.sink->blocks[i];
    const Segment &given = header->segments[0], &real = made[header->sequence]->segments[0];
    if (!gate.sink->begun[i]) {
      CHECK(given.hasGap == real.hasGap);
    } else if (given.gap.cause != GapCause::NotRecorded) {
      CHECK(real.hasGap);
      CHECK(given.gap.lost == 7);
    }
  }
  std::vector<Span> runs;  // without a gap
  for (const HeaderPtr& header : made)
    for (const Segment& segment : header->segments) {
      if (runs.empty() || segment.hasGap) runs.push_back({segment.scan, segment.scan});
      runs.back().to = segment.scan + segment.scanCount;
    }
  int cuts = 0;
  for (const Capture& capture : gate.sink->captures)
    for (const Span& run : runs)
      if (run.from <= capture.scan && capture.scan + 1 < run.to) {
        const double end = static_cast<double>(capture.scan) + capture.fraction;
        CHECK(end + capture.widthScans <= static_cast<double>(run.to - 1) + 1e-6);
        cuts += capture.cut;
      }
  CHECK(cuts > 0);
}

TEST_CASE("gate: what is under way at its end is listed as far as it is recorded") {
  for (const bool byRefusal : {false, true}) {
    CAPTURE(byRefusal);
    Bench bench(40, kBlock);
    bench.store->setTrigger(risingAt(15'000));
    Gate gate(bench, around(10, 1e9));
    gate.follow();
    bench.feed(10);
    CHECK(gate.sink->captures.empty());
    const int64_t end = bench.scan;
    if (byRefusal) {
      std::lock_guard lock(gate.sink->mutex);
      gate.sink->refuses = true;
    } else {
      gate.gate->close();
    }
    bench.feed(3);
    const auto all = crossings(0, end, 15'000);
    REQUIRE(gate.sink->captures.size() == all.size());
    for (const Capture& capture : gate.sink->captures) CHECK(capture.toScan == end);
    CHECK(gate.sink->blocks.back()->endScan() == end);
    CHECK(gate.sink->ends == 0);
  }
}

TEST_CASE("gate: the trigger may change while it follows, and be none") {
  Bench bench(40, kBlock);
  Gate gate(bench, around(100, 100));
  gate.follow();
  bench.feed(10);
  CHECK(gate.sink->blocks.empty());
  bench.store->setTrigger(risingAt(15'000));
  bench.feed(20);
  const auto high = gate.sink->captures.size();
  CHECK(high > 2);
  CHECK(gate.sink->captures.back().peak > 15'000);
  TriggerSpec falling = risingAt(-15'000);
  falling.rising = false;
  bench.store->setTrigger(falling);
  bench.feed(20);
  CHECK(gate.sink->captures.size() > high + 2);
  CHECK(gate.sink->captures.back().peak < -15'000);
  bench.store->setTrigger(std::nullopt);
  bench.feed(2);
  const auto all = gate.sink->captures.size();
  bench.feed(20);
  CHECK(gate.sink->captures.size() == all);
}

TEST_CASE("gate: a block of a span that has gone ends the span before it") {
  Bench bench(6, kBlock);
  bench.store->setTrigger(risingAt(15'000));
  Gate gate(bench, around(10, 1e9));
  gate.follow();
  bench.feed(6);
  REQUIRE(gate.sink->captures.empty());
  const uint64_t last = gate.sink->blocks.back()->sequence;
  // The gate is told of a block that another took.
  auto gone = std::make_shared<BlockHeader>(*gate.sink->blocks.back());
  gone->sequence += 1;
  gone->segments[0].scan += kBlock;
  CHECK(gate.gate->searched(gone, nullptr, {}));
  REQUIRE(gate.sink->captures.size() >= 1);
  CHECK(gate.sink->captures[0].toScan == static_cast<int64_t>(last + 1) * kBlock);
}

TEST_CASE("gate: one that follows a store that is over ends at once") {
  for (const bool shut : {false, true}) {
    Bench bench(6, kBlock);
    bench.feed(3);
    bench.store->ended();
    if (shut) bench.store->shutdown();
    Gate gate(bench, around(10, 10));
    gate.follow();
    CHECK(waitFor([&] { return gate.sink->ends == 1; }));
  }
}
