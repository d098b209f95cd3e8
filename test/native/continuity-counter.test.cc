#include "continuity-world.h"

using namespace continuity_world;

TEST_CASE("continuity: the counter's first value is no loss") {
  Run run(counted({0, 1}));
  run.source.scan = 123456;
  CHECK_FALSE(run.next(10, {}, withGap(Grade::Estimated, 50, 0, 100))[0].hasGap);
  CHECK(run.continuity.totals().lost == 0);
}

TEST_CASE(
    "continuity: a counter finds loss between blocks, exactly, across its wrap and its two "
    "halves") {
  Run run(counted({0, 1}));
  run.source.scan = 0xFFFFFFFFu - 50;
  run.next(100);
  run.source.scan += 70000;
  auto segments = run.next(100);
  REQUIRE(segments.size() == 1);
  checkGap(segments[0], Grade::Exact, GapCause::Counter, 70000, 70000, 70000);
  CHECK(segments[0].scan == 70100);
  CHECK(segments[0].sample == 100);
}

TEST_CASE("continuity: jumps inside a block are located, each as a segment of its own") {
  Run run(counted({0, 1}));
  run.next(64);
  auto segments = run.next(1000, {{1, 5}, {500, 70000}, {999, 1}});
  REQUIRE(segments.size() == 4);
  CHECK(segments[0].scanCount == 1);
  CHECK(segments[1].offsetScans == 1);
  CHECK(segments[1].scanCount == 499);
  checkGap(segments[1], Grade::Exact, GapCause::Counter, 5, 5, 5);
  CHECK(segments[2].offsetScans == 500);
  checkGap(segments[2], Grade::Exact, GapCause::Counter, 70000, 70000, 70000);
  CHECK(segments[3].offsetScans == 999);
  CHECK(segments[3].scanCount == 1);
  CHECK(segments[3].sample == 64 + 999);
  CHECK(segments[3].scan == 64 + 999 + 70006);
  CHECK(run.continuity.totals().lost == 70006);
  CHECK(run.continuity.totals().gaps == 3);
}

TEST_CASE("continuity: a counter is read with its endianness, shift and bits") {
  ContinuitySpec spec;
  spec.layout.scanBytes = 4;
  spec.layout.elements = {element(0, 32, 12, 4, true)};
  spec.counter = {0};
  spec.rateHz = 1000;
  Continuity continuity(spec);
  continuity.begin(Grade::Estimated, 0);
  std::vector<std::byte> bytes;
  auto put = [&](uint32_t count) {
    uint32_t word = __builtin_bswap32((count & 0xFFF) << 4 | 0xABC0000F);
    size_t at = bytes.size();
    bytes.resize(at + 4);
    std::memcpy(&bytes[at], &word, 4);
  };
  for (uint32_t i = 0; i < 10; ++i) put(4090 + i);
  CHECK(continuity.split(ok(10'000'000), bytes.data(), 10).size() == 1);
  bytes.clear();
  for (uint32_t i = 0; i < 10; ++i) put(4107 + i);
  checkGap(continuity.split(ok(27'000'000), bytes.data(), 10)[0], Grade::Exact, GapCause::Counter,
           7, 7, 7);
}

TEST_CASE(
    "continuity: a dry queue that lost nothing by the counter is no gap, and bounds choose among "
    "turns") {
  Run run(counted({0}), Grade::Estimated);  // 16 bits
  run.next(100);
  CHECK_FALSE(run.next(100, {}, withGap(Grade::Estimated, 40, 0, 80))[0].hasGap);
  run.source.scan += 65536 + 12;
  auto segments = run.next(100, {}, withGap(Grade::Estimated, 66000, 60000, 70000));
  checkGap(segments[0], Grade::Exact, GapCause::Counter, 65548, 65548, 65548);
  run.source.scan += 12;
  segments = run.next(100, {}, withGap(Grade::Estimated, 66000, 0, 140000));
  checkGap(segments[0], Grade::Estimated, GapCause::Counter, 65548, 12, 131084);
  CHECK(run.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE(
    "continuity: a counter keeps what an unread block lost and adds what was lost beside it") {
  Run run(counted({0}, 1e4), Grade::Estimated);
  run.timed(100);
  run.source.scan += 100;
  run.continuity.overrun(ok(), 100);
  checkGap(run.timed(100)[0], Grade::Exact, GapCause::Overrun, 100, 100, 100);
  run.source.scan += 130;
  run.continuity.overrun(ok(), 100);
  checkGap(run.timed(100)[0], Grade::Exact, GapCause::Counter, 130, 130, 130);
}

TEST_CASE("continuity: elements that don't count are given up, and no loss is made of them") {
  Run run(counted({0}));
  std::mt19937 random(3);
  std::vector<Segment> segments;
  for (int block = 0; block < 4; ++block) {
    run.source.bytes.clear();
    for (int i = 0; i < 1000; ++i) run.source.put(random(), 0);
    segments = run.continuity.split(ok(), run.source.bytes.data(), 1000);
    CHECK(segments.size() == 1);
  }
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().grade == Grade::Unknown);
}

TEST_CASE("continuity: elements that stand still are given up though their blocks are short") {
  for (uint32_t scans : {1u, 2u, 5u}) {
    Run run(counted({0}));
    for (int block = 0; block < 40; ++block) {
      run.source.bytes.clear();
      for (uint32_t i = 0; i < scans; ++i) run.source.put(77, 0);
      run.continuity.split(ok(), run.source.bytes.data(), scans);
    }
    const ContinuityTotals totals = run.continuity.totals();
    CHECK(totals.proof == Proof{Grade::Unknown, Evidence::Transport});
    CHECK(totals.grade == Grade::Unknown);
    CHECK(totals.gaps <= 3);
    CHECK(totals.lost == 0);  // what the counter told before is taken back
    CHECK(totals.lostMin == 0);
  }
}

TEST_CASE("continuity: a wide counter that went back is a gap of unknown length") {
  Run run(counted({0, 1}));
  run.source.scan = 5000;
  run.next(100);
  run.source.scan = 0;
  checkGap(run.next(100)[0], Grade::Unknown, GapCause::Counter, 0, 0, -1);
  CHECK(run.continuity.totals().lostMax == -1);
  CHECK(run.continuity.totals().grade == Grade::Unknown);
}

TEST_CASE("continuity: more jumps than segments are kept apart still add up to what was lost") {
  Run run(counted({0, 1}));
  run.next(100000);
  run.next(100000);
  std::vector<std::pair<uint32_t, uint32_t>> losses;
  for (uint32_t i = 0; i < 5000; ++i) losses.push_back({10 + i * 3, 2});
  auto segments = run.next(20000, losses);
  CHECK(segments.size() == Continuity::kSegmentsAtMost);
  run.next(10);
  CHECK(run.continuity.totals().lost == 10000);
  CHECK(run.continuity.totals().endScan == 220010 + 10000);
}

namespace {

// Reads a counter of 16 bits at 100 kS/s: it turns in 0.66 s. Blocks of 10 ms.
constexpr double kRateHz = 1e5;
constexpr uint32_t kScans = 1000;

bool holds(const Gap& gap, int64_t lost) {
  return gap.lostMin <= lost && (gap.lostMax < 0 || lost <= gap.lostMax);
}

}  // namespace

TEST_CASE("continuity: a narrow counter that nothing bounds is an estimate, not a wrong count") {
  for (const bool inside : {false, true}) {
    Run run(counted({0}), Grade::Unknown);
    run.next(kScans);
    auto segments = run.next(kScans, {{inside ? 300u : 0u, 90'000u}});
    checkGap(segments.back(), Grade::Estimated, GapCause::Counter, 24'464, 24'464, -1);
    CHECK(run.continuity.totals().grade == Grade::Estimated);
    CHECK(run.continuity.totals().lostMax == -1);
  }
}

TEST_CASE("continuity: a narrow counter without a rate may miss whole turns, and says so") {
  Run run(counted({0}), Grade::Unknown);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(run.next(kScans)[0].hasGap);
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Counter});
  // Where the source would tell of a loss, the two together leave no doubt.
  Run told(counted({0}), Grade::Estimated);
  for (int i = 0; i < 5; ++i) told.next(kScans);
  CHECK(told.continuity.totals().proof == Proof{Grade::Exact, Evidence::Counter});
}

TEST_CASE("continuity: where there was no time for a turn, a narrow counter is exact") {
  for (const Grade grade : {Grade::Unknown, Grade::Estimated}) {
    Run run(counted({0}, kRateHz), grade);
    for (int i = 0; i < 20'000; ++i) run.timed(kScans, {}, i % 3 * 300'000);
    auto segments = run.timed(kScans, {{0, 7}, {500, 30'000}});
    REQUIRE(segments.size() == 2);
    checkGap(segments[0], Grade::Exact, GapCause::Counter, 7, 7, 7);
    checkGap(segments[1], Grade::Exact, GapCause::Counter, 30'000, 30'000, 30'000);
    for (int i = 0; i < 20; ++i) run.timed(kScans);
    CHECK(run.continuity.totals().grade == Grade::Exact);
  }
}

TEST_CASE("continuity: where there was, the time bounds the turns and chooses the likely one") {
  for (const bool inside : {false, true}) {
    Run run(counted({0}, kRateHz), Grade::Unknown);
    for (int i = 0; i < 20; ++i) run.timed(kScans);
    auto segments = run.timed(kScans, {{inside ? 300u : 0u, 90'000u}});
    checkGap(segments.back(), Grade::Estimated, GapCause::Counter, 90'000, 24'464, 90'000);
    CHECK(run.continuity.totals().grade == Grade::Estimated);
  }
}

TEST_CASE(
    "continuity: what waited in a buffer while we were held up leaves room for the loss behind") {
  Run run(counted({0}, kRateHz), Grade::Unknown);
  for (int i = 0; i < 20; ++i) run.timed(kScans);
  // Held up for a second; three blocks had found room in the buffer. They come all at once.
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(run.timed(kScans, {}, 1'000'000'000 - i * 10'000'000)[0].hasGap);
  auto segments = run.timed(kScans, {{0, 97'000}});
  REQUIRE(segments[0].hasGap);
  CHECK(segments[0].gap.grade == Grade::Estimated);
  CHECK(holds(segments[0].gap, 97'000));
  CHECK(segments[0].gap.lostMax >= 0);

  // The same at once after the start.
  Run start(counted({0}, kRateHz), Grade::Unknown);
  start.timed(kScans, {}, 1'000'000'000);
  segments = start.timed(kScans, {{0, 97'000}});
  REQUIRE(segments[0].hasGap);
  CHECK(holds(segments[0].gap, 97'000));
  CHECK(segments[0].gap.lostMax >= 0);
}

TEST_CASE("continuity: a device faster than its rate says gets the room it takes") {
  Run run(counted({0}, kRateHz), Grade::Unknown);
  run.source.periodNs /= 1.3;
  for (int i = 0; i < 50; ++i) run.timed(kScans);
  auto segments = run.timed(kScans, {{0, 130'000}});
  REQUIRE(segments[0].hasGap);
  CHECK(holds(segments[0].gap, 130'000));
}

TEST_CASE("continuity: a wide counter is exact over read(), with a rate and without") {
  for (const double rateHz : {0.0, kRateHz}) {
    Run run(counted({0, 1}, rateHz), Grade::Unknown);
    for (int i = 0; i < 20; ++i) run.timed(kScans);
    auto segments = run.timed(kScans, {{0, 90'000}});
    checkGap(segments[0], Grade::Exact, GapCause::Counter, 90'000, 90'000, 90'000);
    CHECK(run.continuity.totals().proof == Proof{Grade::Exact, Evidence::Counter});
  }
}
