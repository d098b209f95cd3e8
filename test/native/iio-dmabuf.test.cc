#include "iio-dmabuf.h"

#include "iio-rig.h"

using namespace fakes;

namespace {

// Each block starts where the one before ended, but for what its gap says: the truth lies within
// the stated bounds.
void checkAccounts(const Rig& rig, int64_t scansPerBlock) {
  int64_t expected = -1;
  size_t ok = 0;
  Gap gap{};
  for (const Completion& completion : rig.done) {
    if (completion.hasGap) gap = completion.gap;
    if (completion.status != CompletionStatus::Ok) continue;
    const int64_t start = rig.starts[ok++];
    if (expected >= 0 && rig.count(CompletionStatus::Failed) == 0) {
      const int64_t lost = start - expected;
      CHECK(lost >= gap.lostMin);
      CHECK(lost <= gap.lostMax);
      CHECK(gap.lost >= gap.lostMin);
      CHECK(gap.lost <= gap.lostMax);
    }
    expected = start + scansPerBlock;
    gap = {};
  }
}

}  // namespace

TEST_CASE("blocks come in order, whole, with the kernel's completion time, and nothing is lost") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);  // 1000 scans, 1 ms
  rig.start(4);
  rig.run(100);
  for (size_t i = 0; i < 100; ++i) {
    CHECK(rig.starts[i] == static_cast<int64_t>(i) * 1000);
    CHECK(rig.done[i].bytes == 8000);
    CHECK(rig.done[i].status == CompletionStatus::Ok);
    if (i > 0)
      CHECK(rig.done[i].timeNs - rig.done[i - 1].timeNs == doctest::Approx(kMilli).epsilon(0.01));
  }
  CHECK(rig.gaps() == 0);
  CHECK(kernel.lost == 0);
  CHECK(rig.transport->lossGrade() == Grade::Estimated);
  rig.stop();
  CHECK(kernel.openFiles() == 0);
  CHECK(kernel.attached() == 0);
  CHECK_FALSE(kernel.enabled());
  CHECK(kernel.crimes.empty());
  CHECK(kernel.unsignalled() == 0);
}

TEST_CASE("several that completed together come together, in order") {
  FakeKernel kernel;
  Rig rig(kernel, 16, 8000);
  rig.start(12);
  kernel.sleepNs(8 * kMilli + 500 * kMicro);
  while (rig.done.size() < 8) REQUIRE(rig.step() == WaitResult::Completed);
  const uint64_t polls = kernel.polls;
  CHECK(polls <= 5);
  rig.run(40);
  checkAccounts(rig, 1000);
  CHECK(kernel.lost == 0);
  CHECK(kernel.crimes.empty());
}

TEST_CASE(
    "a stop ends a wait at once; what had completed counts, the rest is given back as aborted") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);
  rig.start(6);
  rig.run(5);
  kernel.at(kernel.nowNs() + 300 * kMicro, [&] { kernel.stop(); });
  CHECK(rig.step() == WaitResult::Stopped);
  kernel.sleepNs(2 * kMilli);
  rig.stop();
  CHECK(rig.count(CompletionStatus::Ok) == 7);
  CHECK(rig.count(CompletionStatus::Aborted) == 4);
  checkAccounts(rig, 1000);
  CHECK(kernel.unsignalled() == 0);
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a wait without a completion ends at its deadline") {
  FakeKernel kernel;
  kernel.rateHz = 1;
  Rig rig(kernel, 4, 8000);
  rig.start(2);
  const int64_t before = kernel.nowNs();
  CHECK(rig.step(3 * kSecond) == WaitResult::Timeout);
  CHECK(kernel.nowNs() - before >= 3 * kSecond);
  rig.stop();
}

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

TEST_CASE("a failed transfer is a failed block, and the block serves again") {
  FakeKernel kernel;
  Rig rig(kernel, 5, 8000);
  rig.start(4);
  rig.run(10);
  kernel.abortNext = 1;
  rig.run(60);
  CHECK(rig.count(CompletionStatus::Failed) == 1);
  CHECK(rig.count(CompletionStatus::Ok) >= 59);
  const auto failed = std::ranges::find(rig.done, CompletionStatus::Failed, &Completion::status);
  CHECK(failed->fault.err == EINTR);
  CHECK(failed->bytes == 0);
  CHECK(kernel.crimes.empty());
  rig.stop();
  CHECK(kernel.unsignalled() == 0);
}

TEST_CASE(
    "a block that the driver refuses is seen although its fence looks good, and serves again") {
  for (const bool names : {true, false}) {
    FakeKernel kernel;
    kernel.namesDrivers = names;
    Rig rig(kernel, 5, 8000);
    rig.start(4);
    rig.run(10);
    kernel.refuseNext = 1;
    rig.run(60);
    CHECK(rig.count(CompletionStatus::Failed) == 1);
    const auto failed = std::ranges::find(rig.done, CompletionStatus::Failed, &Completion::status);
    CHECK(failed->fault.message.find("refused") != std::string::npos);
    CHECK(rig.gaps() == 0);
    CHECK(kernel.lost == 0);
    CHECK(kernel.busyEnqueues == 1);  // one question, then it was attached anew
    CHECK(kernel.crimes.empty());
  }
}

TEST_CASE(
    "a fence that is gone while the block ahead is pending means refused, though we were held up "
    "for long") {
  FlightLog log(1e6);
  log.enabled(0);
  const Flight first{0, 8000, 1000, 10, 20, 30, true};
  // Refused at 2 ms, exported at 5 ms, while the first was still pending.
  const Flight second{1, 8000, 1000, 2'000'000, 2'000'100, 5'000'000, true};
  log.take(first, log.judge(first, {1, 6'000'000, false}));
  CHECK(log.judge(second, {1, 12, true}).end == FlightEnd::Refused);
  // Had the first been done by then, the time would have sufficed.
  FlightLog other(1e6);
  other.take(first, other.judge(first, {1, 1'500'000, false}));
  CHECK(other.judge(second, {1, 12, true}).end == FlightEnd::Delivered);
  CHECK(other.judge(second, {1, 12, true}).doubtful);
}

TEST_CASE("a fence that is gone before the buffer was enabled means refused") {
  FlightLog log(1e6);
  const Flight flight{0, 8000, 1000, 10, 20, 90'000'000, false};
  CHECK(log.judge(flight, {1, 5, true}).end == FlightEnd::Refused);
}

TEST_CASE(
    "blocks that are refused while the queue is empty are seen by the time they can't have taken") {
  for (const double rate : {1e6, 0.0}) {
    FakeKernel kernel;
    IioSourceSpec spec = specFor(kernel);
    spec.rateHz = rate;
    Rig rig(kernel, 5, 80000, true, &spec);
    rig.start(1);
    rig.run(3);
    kernel.refuseNext = 3;
    rig.run(12);
    CHECK(rig.count(CompletionStatus::Failed) == 3);
    CHECK(kernel.crimes.empty());
  }
}

TEST_CASE(
    "blocks refused when the buffer is enabled are failed ones, and all of them serve later") {
  FakeKernel kernel;
  kernel.refuseNext = 2;
  Rig rig(kernel, 5, 8000);
  rig.start(4);
  rig.run(40);
  CHECK(rig.count(CompletionStatus::Failed) == 2);
  CHECK(kernel.polls < 200);  // a fence that signalled out of turn does not make us spin
  CHECK(kernel.crimes.empty());
  rig.stop();
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a block so short that it is done before its fence is exported is data") {
  FakeKernel kernel;
  kernel.rateHz = 1e9;
  kernel.latencyNs = 0;
  Rig rig(kernel, 4, 80);  // 10 scans: 10 ns
  rig.start(1);
  rig.run(20);
  CHECK(rig.count(CompletionStatus::Ok) >= 19);
}

TEST_CASE(
    "blocks that come far faster than the stated rate says are still data, and cost no look each") {
  FakeKernel kernel;
  kernel.rateHz = 1e9;
  kernel.latencyNs = 2 * kMicro;
  IioSourceSpec spec = specFor(kernel);
  spec.rateHz = 1e5;
  Rig rig(kernel, 8, 8000, true, &spec);
  rig.start(4);
  rig.run(100);
  kernel.enqueueNs = 20 * kMicro;  // most are done by the time of the export
  rig.run(400);
  CHECK(rig.count(CompletionStatus::Failed) <= 8);  // learnt from: each block once at most
  CHECK(kernel.looks < 200);
  CHECK(kernel.crimes.empty());
}

TEST_CASE("EBUSY of another's short lock is waited for; a block that stays busy is attached anew") {
  FakeKernel kernel;
  Rig rig(kernel, 5, 8000);
  rig.start(4);
  rig.run(5);
  kernel.enqueueBusy = 3;
  rig.run(10);
  CHECK(kernel.enqueueBusy == 0);
  kernel.enqueueBusy = 22;
  rig.run(20);
  CHECK(rig.count(CompletionStatus::Failed) == 0);
  CHECK(kernel.crimes.empty());
}

TEST_CASE("a block in flight is never queued again") {
  FakeKernel kernel;
  Rig rig(kernel, 4, 8000);
  rig.start(2);
  CHECK_THROWS_AS(rig.transport->enqueue(0, 8000), CoreError);
  CHECK(kernel.crimes.empty());
}

TEST_CASE("an unplug while blocks are in flight is told as such, and nothing is queued after it") {
  for (int i = 0; i < 40; ++i) {
    FakeKernel kernel;
    Rig rig(kernel, 8, 8000);
    rig.start(4);
    rig.run(20);
    kernel.at(kernel.nowNs() + i * 97 * kMicro, [&] { kernel.unplug(); });
    WaitResult result = WaitResult::Completed;
    while (result == WaitResult::Completed) result = rig.step();
    CHECK(result == WaitResult::Vanished);
    CHECK(rig.transport->fault().err == ENODEV);
    CHECK(rig.count(CompletionStatus::Failed) == 0);
    rig.stop();
    CHECK(kernel.crimes.empty());
    CHECK(kernel.unsignalled() == 0);
    CHECK(kernel.openFiles() == 0);
    checkAccounts(rig, 1000);
  }
}

TEST_CASE("an unplug while the queue is dry is seen before anything is queued") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);
  rig.start(2);
  rig.run(5);
  kernel.sleepNs(10 * kMilli);
  Completion out[16];
  size_t count = 0;
  REQUIRE(rig.transport->wait(out, count, kernel.nowNs() + kSecond, kStopFd) ==
          WaitResult::Completed);
  kernel.sleepNs(5 * kMilli);
  kernel.unplug();
  rig.transport->enqueue(rig.idle.front(), 8000);
  rig.idle.pop_front();
  CHECK(rig.step() == WaitResult::Vanished);
  rig.stop();
  CHECK(kernel.crimes.empty());
}

TEST_CASE("an unplug between the look and ENQUEUE costs that one block, not those after it") {
  uint64_t most = 0;
  for (int i = 0; i < 60; ++i) {
    FakeKernel kernel;
    kernel.enqueueNs = 100 * kMicro;
    Rig rig(kernel, 16, 8000);
    rig.start(12);
    rig.run(20);
    kernel.sleepNs(7 * kMilli);  // several come back together
    kernel.at(kernel.nowNs() + i * 17 * kMicro, [&] { kernel.unplug(); });
    WaitResult result = WaitResult::Completed;
    while (result == WaitResult::Completed) result = rig.step();
    CHECK(result == WaitResult::Vanished);
    most = std::max(most, kernel.leaked);
    CHECK(kernel.leaked <= 1);
    rig.stop();
  }
  CHECK(most == 1);  // that was tried
}

TEST_CASE("an unplug that no fence tells of is found within a second of waiting") {
  FakeKernel kernel;
  kernel.rateHz = 1;
  Rig rig(kernel, 4, 8000);
  rig.start(1);
  kernel.at(kernel.nowNs() + 10 * kMilli, [&] { kernel.unplug(); });
  const int64_t before = kernel.nowNs();
  CHECK(rig.step(3600 * kSecond) == WaitResult::Vanished);
  CHECK(kernel.nowNs() - before < 2 * kSecond);
  rig.stop();
}

TEST_CASE("a buffer that another program switches off ends the stream with that reason") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);
  rig.start(4);
  rig.run(10);
  kernel.disableByOther();
  WaitResult result = WaitResult::Completed;
  while (result == WaitResult::Completed) result = rig.step();
  CHECK(result == WaitResult::Failed);
  CHECK(rig.transport->fault().message.find("switched off by another program") !=
        std::string::npos);
  rig.stop();
  CHECK(kernel.crimes.empty());
  CHECK(kernel.leaked == 0);
}

TEST_CASE(
    "a buffer that is switched off while the queue is dry is found out, and its blocks are freed") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);
  rig.start(2);
  rig.run(5);
  kernel.sleepNs(10 * kMilli);
  kernel.disableByOther();
  const int64_t before = kernel.nowNs();
  WaitResult result = WaitResult::Completed;
  while (result == WaitResult::Completed) result = rig.step(3600 * kSecond);
  CHECK(result == WaitResult::Failed);
  CHECK(rig.transport->fault().message.find("switched off by another program") !=
        std::string::npos);
  CHECK(kernel.nowNs() - before < 5 * kSecond);
  CHECK(kernel.unsignalled() > 0);
  rig.stop();
  CHECK(kernel.unsignalled() == 0);
  CHECK_FALSE(kernel.enabled());
  CHECK(kernel.crimes.empty());
}

TEST_CASE(
    "a block aborted before its fence could be exported is never taken for data, however late we "
    "are") {
  for (const bool unplugged : {true, false}) {
    for (int i = 0; i < 60; ++i) {
      FakeKernel kernel;
      kernel.enqueueNs =
          1600 * kMicro;  // held up between ENQUEUE and the export for most of a block
      Rig rig(kernel, 5, 8000);
      rig.start(1);
      rig.run(6);
      kernel.at(kernel.nowNs() + i * 67 * kMicro,
                [&] { unplugged ? kernel.unplug() : kernel.disableByOther(); });
      WaitResult result = WaitResult::Completed;
      while (result == WaitResult::Completed) result = rig.step();
      CHECK(result == (unplugged ? WaitResult::Vanished : WaitResult::Failed));
      rig.stop();
      CHECK(std::ranges::is_sorted(rig.starts));
      CHECK(std::ranges::adjacent_find(rig.starts) == rig.starts.end());
    }
  }
}
