#include "continuity-world.h"

using namespace continuity_world;

TEST_CASE(
    "continuity: a timestamp step of more than 1.5 periods is a gap, exact while jitter is small") {
  Run run(stamped(1e6));
  run.next(500);
  auto segments = run.next(500, {{0, 3}, {250, 1}});
  REQUIRE(segments.size() == 2);
  checkGap(segments[0], Grade::Exact, GapCause::Timestamp, 3, 3, 3);
  checkGap(segments[1], Grade::Exact, GapCause::Timestamp, 1, 1, 1);
  CHECK(segments[1].scan == 754);
  CHECK(run.continuity.totals().grade == Grade::Exact);
  CHECK(run.continuity.totals().jitterSeconds == doctest::Approx(0));
}

TEST_CASE("continuity: timestamps overrule a guessed dry queue, and confirm an unread block") {
  Run run(stamped(1e6));
  run.next(500);
  CHECK_FALSE(run.next(500, {}, withGap(Grade::Estimated, 40, 0, 80))[0].hasGap);
  run.source.scan += 500;
  run.continuity.overrun(ok(), 500);
  checkGap(run.next(500)[0], Grade::Exact, GapCause::Overrun, 500, 500, 500);
  run.source.scan += 507;
  run.continuity.overrun(ok(), 500);
  checkGap(run.next(500)[0], Grade::Exact, GapCause::Timestamp, 507, 507, 507);
}

TEST_CASE(
    "continuity: the period is measured, so that a long gap is exact though the rate set is a "
    "little off") {
  Run run(stamped(1e6));
  run.source.periodNs = 1003.7;
  for (int i = 0; i < 50; ++i) run.next(1000);
  run.source.scan += 90000;
  checkGap(run.next(500)[0], Grade::Exact, GapCause::Timestamp, 90000, 90000, 90000);
}

TEST_CASE(
    "continuity: with jitter of an eighth of a period a gap is estimated and the truth lies within "
    "its bounds") {
  Run run(stamped(1e6));
  for (int i = 0; i < 8; ++i) run.next(1000, {}, ok(), 90);
  int64_t lost = run.continuity.totals().lost;
  CHECK(lost == 0);
  CHECK(run.continuity.totals().jitterSeconds == doctest::Approx(90e-9 * 1.414).epsilon(0.1));
  run.source.scan += 40;
  auto segments = run.next(1000, {}, ok(), 90);
  REQUIRE(segments[0].hasGap);
  CHECK(segments[0].gap.grade == Grade::Estimated);
  CHECK(segments[0].gap.lostMin <= 40);
  CHECK(segments[0].gap.lostMax >= 40);
  CHECK(segments[0].gap.lost >= 39);
  CHECK(segments[0].gap.lost <= 41);
  CHECK(run.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE(
    "continuity: without a rate the period is the median step, learned over blocks of one scan "
    "too") {
  for (uint32_t scans : {1u, 7u, 300u}) {
    Run run(stamped(0));
    run.source.periodNs = 12345;
    for (uint32_t i = 0; i < 60; ++i) CHECK(run.next(scans).size() == 1);
    run.source.scan += 9;
    checkGap(run.next(scans)[0], Grade::Exact, GapCause::Timestamp, 9, 9, 9);
    CHECK(run.continuity.totals().gaps == 1);
  }
}

TEST_CASE("continuity: a rate set wrong by far does not make every step a gap") {
  Run run(stamped(4e6));
  for (int i = 0; i < 5; ++i) CHECK(run.next(200).size() == 1);
  CHECK(run.continuity.totals().gaps == 0);
  run.source.scan += 2;
  checkGap(run.next(200)[0], Grade::Exact, GapCause::Timestamp, 2, 2, 2);
}

TEST_CASE(
    "continuity: stamps made in bursts, stamps that stand still and a clock set back lose "
    "nothing") {
  Run run(stamped(1e6));
  run.next(200);
  run.source.bytes.clear();
  for (uint32_t i = 0; i < 64; ++i) {  // four FIFO reads of 16, each stamped with its last scan
    run.source.put(0, static_cast<int64_t>(run.source.scan / 8 * 8 + 15) * 1000 - 8000);
    ++run.source.scan;
  }
  run.continuity.split(ok(), run.source.bytes.data(), 64);
  CHECK(run.continuity.totals().gaps == 0);
  run.source.scan = 0;
  CHECK_FALSE(run.next(100)[0].hasGap);

  Run still(stamped(0));
  still.source.periodNs = 0;
  for (int i = 0; i < 5; ++i) still.next(100);
  CHECK(still.continuity.totals().gaps == 0);
  CHECK(still.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE(
    "continuity: stamps that stand still prove nothing, whatever the rate, and hide no dry queue") {
  Run run(stamped(1e6));
  run.source.periodNs = 0;
  run.next(4);
  // Too few to tell: it may be a burst.
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Timestamps});
  run.next(100);
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Transport});
  auto segments = run.next(100, {}, withGap(Grade::Estimated, 40, 30, 80));
  checkGap(segments[0], Grade::Estimated, GapCause::DryQueue, 40, 30, 80);

  Run fifo(stamped(1e6));  // a FIFO of a thousand scans, each stamped with the read of all
  fifo.next(1000);
  for (int i = 0; i < 1000; ++i) std::memcpy(&fifo.source.bytes[i * 16 + 8], "\0\0\0\1\0\0\0", 8);
  fifo.source.scan += 1000;
  fifo.continuity.split(ok(), fifo.source.bytes.data(), 1000);
  CHECK(fifo.continuity.totals().proof.evidence == Evidence::Timestamps);
}

TEST_CASE("continuity: a clock that was set back leaves the transport's word") {
  Run run(stamped(1e6));
  for (int i = 0; i < 3; ++i) run.next(100);
  run.source.scan = 0;
  run.next(100);
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Transport});
  run.source.scan += 7;  // and is still good for what comes
  checkGap(run.next(100)[0], Grade::Exact, GapCause::Timestamp, 7, 7, 7);
}

TEST_CASE(
    "continuity: a late stamp that the next one makes up for is no gap, and does not lengthen "
    "one") {
  Run run(stamped(1e6));
  run.next(200);
  run.source.block(100, {{60, 2}});
  auto late = [&](uint32_t scan, int64_t ns) {
    int64_t stamp;
    std::memcpy(&stamp, &run.source.bytes[scan * 16 + 8], 8);
    stamp += ns;
    std::memcpy(&run.source.bytes[scan * 16 + 8], &stamp, 8);
  };
  late(20, 700);
  late(60, 700);
  auto segments = run.continuity.split(ok(), run.source.bytes.data(), 100);
  REQUIRE(segments.size() == 2);
  CHECK(segments[1].offsetScans == 60);
  checkGap(segments[1], Grade::Exact, GapCause::Timestamp, 2, 2, 2);
}

TEST_CASE("continuity: timestamps are not used for gaps unless allowed, but jitter is stated") {
  ContinuitySpec spec = plain();
  spec.rateHz = 1e6;
  Run run(spec);
  run.next(100);
  run.source.scan += 50;
  CHECK_FALSE(run.next(100, {}, ok(), 20)[0].hasGap);
  CHECK(run.continuity.totals().jitterSeconds > 0);
  CHECK(run.continuity.totals().grade == Grade::Unknown);
}

namespace {

bool holds(const Gap& gap, int64_t lost) {
  return gap.lostMin <= lost && (gap.lostMax < 0 || lost <= gap.lostMax);
}

// A device that stamps scans as it takes them out of its FIFO, `depth` at once.
struct Fifo {
  Run run;
  uint32_t depth;
  double shortNs;
  double periodNs = 1e7;  // 100 Hz
  uint64_t scan = 0;
  uint64_t lost = 0, loseAt = UINT64_MAX, toLose = 0;

  Fifo(uint32_t scans, double stepNs, double statedHz = 100)
      : run(stamped(statedHz)), depth(scans), shortNs(stepNs) {}
  std::vector<Segment> next(uint32_t scans, const Completion& completion = ok()) {
    run.source.bytes.clear();
    for (uint32_t i = 0; i < scans; ++i, ++scan) {
      if (scan == loseAt) lost += toLose;
      const double full = static_cast<double>((scan / depth + 1) * depth + lost) * periodNs;
      run.source.put(0, std::llround(full + static_cast<double>(scan % depth) * shortNs));
    }
    return run.continuity.split(completion, run.source.bytes.data(), scans);
  }
  // Before the next burst.
  void lose(uint32_t scans) {
    loseAt = (scan + depth - 1) / depth * depth;
    toLose = scans;
  }
  ContinuityTotals totals() const { return run.continuity.totals(); }
};

}  // namespace

TEST_CASE("continuity: the pauses between the bursts of a FIFO are no gaps, and hide none") {
  for (const uint32_t depth : {2u, 32u, 33u, 512u}) {
    for (const uint32_t scans : {7u, 64u, depth, 3 * depth + 1}) {
      CAPTURE(depth);
      CAPTURE(scans);
      Fifo fifo(depth, 50'000);
      while (fifo.scan < 20 * depth) fifo.next(scans);
      CHECK(fifo.totals().gaps == 0);
      CHECK(fifo.totals().proof == Proof{Grade::Estimated, Evidence::Timestamps});
      fifo.lose(40 * depth);
      int64_t found = 0;
      for (const uint64_t end = fifo.scan + 20 * depth; fifo.scan < end;)
        for (const Segment& segment : fifo.next(scans))
          if (segment.hasGap) {
            found += segment.gap.lost;
            CHECK(segment.gap.grade == Grade::Estimated);
          }
      CHECK(fifo.totals().gaps == 1);
      CHECK(found == doctest::Approx(40 * depth).epsilon(0.01));
      CHECK(fifo.totals().lostMin <= 40 * depth);
      CHECK(fifo.totals().lostMax >= 40 * depth);
    }
  }
}

TEST_CASE("continuity: bursts lose nothing for sure though the rate set is a little off") {
  for (const double off : {0.995, 1.005}) {
    Fifo fifo(512, 50'000);
    fifo.periodNs *= off;
    for (int i = 0; i < 400; ++i) fifo.next(64);
    CHECK(fifo.totals().gaps == 0);
  }
}

TEST_CASE("continuity: scans that share a stamp by twos do not halve the loss behind them") {
  Fifo fifo(2, 0);
  for (int i = 0; i < 20; ++i) fifo.next(100);
  CHECK(fifo.totals().gaps == 0);
  fifo.lose(10);
  const auto segments = fifo.next(100);
  REQUIRE(segments[0].hasGap);
  CHECK(segments[0].gap.lost == 10);
  CHECK(holds(segments[0].gap, 10));
}

TEST_CASE("continuity: a step in time within a burst, or a short pause, does not end it") {
  Run run(stamped(1000));
  int64_t now = 0;
  auto block = [&](uint32_t reads) {
    run.source.bytes.clear();
    for (uint32_t read = 0; read < reads; ++read) {
      const int64_t burst = now += 32'000'000;
      for (int64_t i = 0; i < 32; ++i) {
        const int64_t late = i < 10 ? 0 : i < 20 ? 800'000 : 3'000'000;  // one step 0.9, one 2.3
        run.source.put(0, burst + i * 100'000 + late);
      }
    }
    run.continuity.split(ok(), run.source.bytes.data(), 32 * reads);
  };
  for (uint32_t reads : {1u, 1u, 5u, 20u, 1u}) block(reads);
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE("continuity: a device several times faster than its rate says is found out") {
  Run run(stamped(1000));
  run.source.periodNs = 250'000;
  for (int i = 0; i < 100; ++i) run.next(100);
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().grade == Grade::Estimated);
  run.source.scan += 9;
  checkGap(run.next(100)[0], Grade::Exact, GapCause::Timestamp, 9, 9, 9);
}

TEST_CASE("continuity: stamps that spread so far that a lost scan could hide are an estimate") {
  for (const double jitterNs : {60.0, 95.0}) {
    Run run(stamped(1e6));
    for (int i = 0; i < 5; ++i) run.next(1000, {}, ok(), jitterNs);
    CHECK(run.continuity.totals().gaps == 0);
    const Grade grade = jitterNs < 88 ? Grade::Exact : Grade::Estimated;
    CHECK(run.continuity.totals().proof == Proof{grade, Evidence::Timestamps});
    // What the transport saw is not ruled out by such stamps.
    const auto segments = run.next(1000, {}, withGap(Grade::Estimated, 1, 0, 2), jitterNs);
    CHECK(segments[0].hasGap == (grade == Grade::Estimated));
  }
}

TEST_CASE("continuity: stamps that settle down later prove nothing of the time before") {
  Run run(stamped(1e6));
  for (int i = 0; i < 70; ++i) run.next(1000, {}, ok(), 95);
  for (int i = 0; i < 400; ++i) run.next(1000);
  CHECK(run.continuity.totals().jitterSeconds < 88e-9 * 1.414);
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Timestamps});
}

TEST_CASE("continuity: steps that came before there was a period count once it shows them whole") {
  for (const bool lost : {false, true}) {
    Run run(stamped(0));
    for (int i = 0; i < 10; ++i) run.next(1);
    CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Transport});
    if (lost) run.source.scan += 3;
    for (int i = 0; i < 30; ++i) run.next(1);
    const Proof proof = lost ? Proof{Grade::Estimated, Evidence::Transport}
                             : Proof{Grade::Exact, Evidence::Timestamps};
    CHECK(run.continuity.totals().proof == proof);
  }
}

TEST_CASE("continuity: a loss in the first block is judged though the period is learned from it") {
  Run run(stamped(0));
  const auto segments = run.next(300, {{200, 3}});
  REQUIRE(segments.size() == 2);
  CHECK(segments[1].gap.lost == 3);
  CHECK(run.continuity.totals().proof.evidence == Evidence::Timestamps);
}
