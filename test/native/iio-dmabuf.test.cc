// Blocks through the kernel's DMABUF interface: how they come, and which of them fail.
#include "iio-dmabuf.h"

#include "iio-rig.h"

using namespace fakes;

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

TEST_CASE("short blocks of a deep queue are taken several at a time, and none is lost") {
  FakeKernel kernel;
  Rig rig(kernel, 128, 800);  // 0.1 ms
  rig.start(96);
  rig.run(200);
  const uint64_t polls = kernel.polls;
  const size_t before = rig.done.size();
  rig.run(before + 600);
  CHECK(kernel.polls - polls < 400);
  checkAccounts(rig, 100);
  CHECK(kernel.lost == 0);
  for (const Completion& completion : rig.done) CHECK(completion.status == CompletionStatus::Ok);
  rig.stop();
  CHECK(kernel.crimes.empty());
}

TEST_CASE("blocks of a queue that holds few are taken as they come") {
  FakeKernel kernel;
  Rig rig(kernel, 16, 800);
  rig.start(12);
  rig.run(100);
  const uint64_t polls = kernel.polls;
  const size_t before = rig.done.size();
  rig.run(before + 100);
  CHECK(kernel.polls - polls >= 100);
}

TEST_CASE("one question to the device serves all blocks that were done before their export") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);
  rig.start(1);
  rig.run(3);
  kernel.enqueueNs = 4 * kMilli;  // held up between ENQUEUE and the export for two blocks
  for (int i = 0; i < 4; ++i) rig.enqueueOne();
  rig.step();  // the one before them
  Completion out[16];
  size_t count = 0;
  const uint64_t looks = kernel.looks;
  REQUIRE(rig.transport->wait(out, count, kernel.nowNs() + kSecond, kStopFd) ==
          WaitResult::Completed);
  CHECK(count >= 4);
  CHECK(kernel.looks - looks <= 1);
  rig.stop();
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
