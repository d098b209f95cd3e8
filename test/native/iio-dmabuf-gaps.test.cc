// A queue that ran dry: what was lost lies within the bounds that are stated.
#include "iio-dmabuf.h"
#include "iio-rig.h"

using namespace fakes;

TEST_CASE("a queue that ran dry is a gap with bounds that hold the loss") {
  for (const int64_t pause : {5 * kMilli, 7 * kMilli + 123 * kMicro, 200 * kMilli, 3 * kSecond}) {
    FakeKernel kernel;
    Rig rig(kernel, 8, 8000);
    rig.start(4);
    rig.run(3);
    kernel.sleepNs(pause);
    rig.run(60);
    CHECK(kernel.lost > 0);
    CHECK(rig.gaps() == 1);
    checkAccounts(rig, 1000);
    const auto gap = std::ranges::find_if(rig.done, [](const Completion& c) { return c.hasGap; });
    CHECK(gap->gap.grade == Grade::Estimated);
    CHECK(gap->gap.cause == GapCause::DryQueue);
    CHECK(gap->gap.lostMin <= kernel.lost);
    CHECK(gap->gap.lostMax >= kernel.lost);
    CHECK(std::abs(gap->gap.lost - kernel.lost) < 100);
    CHECK(kernel.crimes.empty());
  }
}

TEST_CASE("a device that waits for blocks loses nothing while none is queued") {
  FakeKernel kernel;
  IioSourceSpec spec = specFor(kernel);
  spec.waits = true;
  Rig rig(kernel, 8, 8000, true, &spec);
  CHECK(rig.transport->waitsForBlocks());
  rig.start(4);
  rig.run(3);
  kernel.sleepNs(200 * kMilli);
  rig.run(60);
  CHECK(rig.gaps() == 0);
}

TEST_CASE("bounds hold after a long run, with late completions and a rate that is a little off") {
  for (const double off : {0.9995, 1.0, 1.0005}) {
    FakeKernel kernel;
    kernel.rateHz = 1e6 * off;
    IioSourceSpec spec = specFor(kernel);
    spec.rateHz = 1e6;
    Rig rig(kernel, 8, 8000, true, &spec);
    rig.start(4);
    for (int round = 0; round < 20; ++round) {
      // Mostly punctual, now and then a millisecond late: also just before the pause.
      for (int i = 0; i < 40; ++i) {
        kernel.latencyNs = i % 7 == round % 7 ? kMilli : 20 * kMicro;
        rig.step();
      }
      kernel.sleepNs(6 * kMilli + round * 137 * kMicro);
    }
    rig.run(rig.done.size() + 20);
    CHECK(rig.gaps() >= 20);
    checkAccounts(rig, 1000);
  }
}

TEST_CASE("bounds hold for gaps that follow each other soon, with a rate that is a hundredth off") {
  for (const double off : {0.99, 1.01}) {
    FakeKernel kernel;
    kernel.rateHz = 1e6 * off;
    IioSourceSpec spec = specFor(kernel);
    spec.rateHz = 1e6;
    Rig rig(kernel, 8, 8000, true, &spec);
    rig.start(4);
    rig.run(40);
    for (int gap = 0; gap < 4; ++gap) {
      kernel.sleepNs(kSecond);
      rig.run(rig.done.size() + 8);
    }
    CHECK(rig.gaps() == 4);
    checkAccounts(rig, 1000);
  }
}

TEST_CASE("bounds hold when the machine was held up and completions came in a burst") {
  for (int i = 1; i < 30; ++i) {
    FakeKernel kernel;
    Rig rig(kernel, 40, 8000);
    rig.start(30);
    rig.run(100);
    // For a while no interrupt comes through, then all at once; the queue may run dry meanwhile.
    kernel.heldUntilNs = kernel.nowNs() + 3 * i * kMilli;
    rig.run(200);
    checkAccounts(rig, 1000);
  }
}

TEST_CASE(
    "a block queued before a late completion goes on where that block ended, not where it was "
    "queued") {
  const auto ms = [](double t) { return static_cast<int64_t>(t * kMilli); };
  FlightLog log(1e6);
  log.enabled(ms(1));
  // Blocks of 10 ms. The first ends at 11, but is told at 25 only; the second, queued at 22.5, ends
  // at 21 thereby.
  const Flight first{0, 80000, 10000, ms(0.5), ms(0.6), ms(0.7), false};
  const Flight second{1, 80000, 10000, ms(22.5), ms(22.6), ms(26), true};
  const Flight third{2, 80000, 10000, ms(31), ms(31.1), ms(31.2), true};
  log.take(first, log.judge(first, {1, ms(25), false}));
  // It may even be done before its fence was exported.
  CHECK(log.judge(second, {1, 5, true}).end == FlightEnd::Delivered);
  const Verdict verdict = log.judge(second, {1, ms(25.1), false});
  CHECK_FALSE(verdict.hasGap);
  log.take(second, verdict);
  const Verdict dry = log.judge(third, {1, ms(41), false});
  REQUIRE(dry.hasGap);
  CHECK(dry.gap.lostMin <= 10000);
  CHECK(dry.gap.lostMax >= 10000);
}

TEST_CASE("without a rate a dry queue is a gap without bounds") {
  FakeKernel kernel;
  IioSourceSpec spec = specFor(kernel);
  spec.rateHz = 0;
  Rig rig(kernel, 8, 8000, true, &spec);
  rig.start(3);
  rig.run(3);
  kernel.sleepNs(20 * kMilli);
  rig.run(20);
  CHECK(rig.gaps() == 1);
  const auto gap = std::ranges::find_if(rig.done, [](const Completion& c) { return c.hasGap; });
  CHECK(gap->gap.grade == Grade::Unknown);
  CHECK(gap->gap.lostMax == -1);
  CHECK(rig.transport->lossGrade() == Grade::Unknown);
}

TEST_CASE("a full queue never makes a gap, however late we look") {
  FakeKernel kernel;
  Rig rig(kernel, 32, 8000);
  rig.start(24);
  for (int i = 0; i < 30; ++i) {
    kernel.sleepNs((i % 20) * kMilli);
    while (rig.step(0) == WaitResult::Completed) {
    }
  }
  CHECK(kernel.lost == 0);
  CHECK(rig.gaps() == 0);
}
