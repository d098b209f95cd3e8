#include "continuity-world.h"

using namespace continuity_world;

TEST_CASE(
    "continuity: blocks without loss are one segment each and their scans follow each other") {
  Run run(counted({0, 1}));
  for (int64_t i = 0; i < 5; ++i) {
    auto segments = run.next(100);
    REQUIRE(segments.size() == 1);
    CHECK_FALSE(segments[0].hasGap);
    CHECK(segments[0].scan == 100 * i);
    CHECK(segments[0].sample == 100 * i);
  }
  CHECK(run.continuity.totals().grade == Grade::Exact);
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().endScan == 500);
}

TEST_CASE("continuity: says what its grade rests on") {
  auto proofOf = [](ContinuitySpec spec) {
    Run run(std::move(spec));
    for (int i = 0; i < 5; ++i) run.next(100);
    return run.continuity.totals().proof;
  };
  CHECK(proofOf(plain(Grade::Unknown)) == Proof{Grade::Unknown, Evidence::Transport});
  CHECK(proofOf(plain(Grade::Exact)) == Proof{Grade::Exact, Evidence::Transport});
  CHECK(proofOf(counted({0, 1})) == Proof{Grade::Exact, Evidence::Counter});
  CHECK(proofOf(stamped(1e6)) == Proof{Grade::Exact, Evidence::Timestamps});
}

TEST_CASE(
    "continuity: without counter and stamps the transport's report passes through, and reports add "
    "up") {
  Run run(plain(Grade::Estimated));
  run.next(100);
  auto segments = run.next(100, {}, withGap(Grade::Estimated, 40, 0, 80));
  checkGap(segments[0], Grade::Estimated, GapCause::DryQueue, 40, 0, 80);
  CHECK(segments[0].scan == 140);
  run.continuity.overrun(withGap(Grade::Estimated, 10, 5, 20), 100);
  checkGap(run.next(100, {}, withGap(Grade::Unknown, 0, 0, -1))[0], Grade::Unknown,
           GapCause::Overrun, 110, 105, -1);
  ContinuityTotals totals = run.continuity.totals();
  CHECK(totals.lost == 150);
  CHECK(totals.lostMin == 105);
  CHECK(totals.lostMax == -1);
  CHECK(totals.gaps == 2);
  CHECK(totals.samples == 300);
  CHECK(totals.endScan == 450);
}

TEST_CASE(
    "continuity: a failed block is exact where the transport counts, else bounded by itself and "
    "the time") {
  Run exact(plain(Grade::Exact));
  exact.next(100);
  exact.continuity.failedBlock(ok(), 100);
  checkGap(exact.next(100)[0], Grade::Exact, GapCause::FailedBlock, 100, 100, 100);

  ContinuitySpec spec = plain(Grade::Estimated);
  Run unknownRate(spec);
  unknownRate.next(100);
  unknownRate.continuity.failedBlock(ok(), 100);
  checkGap(unknownRate.next(100)[0], Grade::Unknown, GapCause::FailedBlock, 0, 0, -1);
  CHECK(unknownRate.continuity.totals().grade == Grade::Unknown);
  CHECK(unknownRate.continuity.totals().lostMax == -1);

  spec.rateHz = 1e6;
  Run run(spec);
  run.next(100, {}, ok(1'000'000));
  run.continuity.failedBlock(ok(1'100'000), 100);
  checkGap(run.next(100, {}, ok(1'200'000))[0], Grade::Estimated, GapCause::FailedBlock, 100, 0,
           101);
  run.continuity.failedBlock(ok(1'200'000), 100);  // refused at once: the next block took over
  checkGap(run.next(100, {}, ok(1'300'000))[0], Grade::Estimated, GapCause::FailedBlock, 0, 0, 100);
  run.continuity.failedBlock(ok(1'400'000), 100);  // and the source stood still for two more blocks
  checkGap(run.next(100, {}, ok(1'700'000))[0], Grade::Estimated, GapCause::FailedBlock, 100, 0,
           303);

  Run first(spec, Grade::Estimated);  // before any good block the time since the start counts
  first.continuity.failedBlock(ok(kBeginNs + 100'000), 100);
  checkGap(first.next(100, {}, ok(kBeginNs + 200'000))[0], Grade::Estimated, GapCause::FailedBlock,
           100, 0, 101);
}

TEST_CASE(
    "continuity: loss before the first delivered block counts if the stream lost it, not if it "
    "came before") {
  Run run(plain(Grade::Estimated));
  run.continuity.overrun(withGap(Grade::Estimated, 10, 5, 20), 64);
  auto segments = run.next(10);
  checkGap(segments[0], Grade::Exact, GapCause::Overrun, 64, 64, 64);
  CHECK(segments[0].scan == 64);
}
