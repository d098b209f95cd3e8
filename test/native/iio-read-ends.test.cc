// read() before its first half and after its last, and what must never be read.
#include "iio-read-rig.h"

using namespace fakes;

TEST_CASE("poll comes before every read, and no read may block") {
  FakeKernel kernel;
  kernel.length = 2000;
  ReadRig rig(kernel, 8, 8 * 1000);
  rig.start(6);
  const uint64_t polls = kernel.polls;
  const uint64_t reads = kernel.reads;
  rig.readFor(50 * kMilli);
  CHECK(kernel.polls - polls >= kernel.reads - reads);
  CHECK(kernel.crimes.empty());
}

TEST_CASE("a buffer whose kind can't be found out is not opened, let alone read") {
  for (const int err : {ETIMEDOUT, EAGAIN, EACCES}) {
    FakeKernel kernel;
    kernel.failList = err;
    ReadRig rig(kernel, 4, 8000);
    try {
      rig.start(2);
      FAIL("should have failed");
    } catch (const CoreError& error) {
      CHECK(error.fault.err == err);
    }
    rig.transport->close();
    CHECK(kernel.reads == 0);
    CHECK(kernel.enables == 0);
    CHECK(kernel.openFiles() == 0);
  }
}

TEST_CASE("a buffer that the kernel holds in DMABUF mode is never read") {
  FakeKernel kernel;
  kernel.detachingUntilNs = INT64_MAX;
  ReadRig rig(kernel, 4, 8000);
  rig.start(2);
  CHECK(rig.next(5 * kSecond) == WaitResult::Timeout);
  rig.end();
  CHECK(kernel.reads == 0);
  CHECK(kernel.crimes.empty());
}

TEST_CASE(
    "the kernel gets a moment to let go of the last DMABUF before a buffer is enabled for read()") {
  FakeKernel kernel;
  kernel.length = 2000;
  kernel.detachingUntilNs = kernel.nowNs() + 10 * kMilli;
  ReadRig rig(kernel, 4, 8000);
  rig.start(2);
  CHECK(rig.next(kSecond) == WaitResult::Completed);
  CHECK(kernel.enables == 1);
}

TEST_CASE("a buffer left enabled is switched off before it is read, and the user is told") {
  for (const BufferKind kind : {BufferKind::Dma, BufferKind::Kfifo}) {
    FakeKernel kernel(kind);
    kernel.rateHz = 10000;
    kernel.length = 200;
    kernel.leaveEnabled();
    kernel.sleepNs(55 * kMilli);
    ReadRig rig(kernel, 8, 800);
    rig.start(6);
    REQUIRE(rig.transport->notes().size() == 1);
    rig.readFor(50 * kMilli);
    rig.end();
    CHECK(rig.scans.numbers.front() == 0);
    CHECK(rig.scans.ordered());
  }
}

TEST_CASE("a buffer enabled before the kernel let go of the last DMABUF is enabled once more") {
  FakeKernel kernel;
  kernel.length = 2000;
  kernel.detachingUntilNs = kernel.nowNs() + 500 * kMilli;
  ReadRig rig(kernel, 4, 8000);
  rig.start(2);
  CHECK(rig.next(5 * kSecond) == WaitResult::Completed);
  CHECK(kernel.enables == 2);
  rig.readFor(20 * kMilli);
  rig.end();
  CHECK(rig.scans.ordered());
  CHECK(kernel.crimes.empty());
}

TEST_CASE(
    "what a failed start of the DMABUF transport left behind does not keep read() from working") {
  FakeKernel kernel;
  kernel.failEnable = EINVAL;
  {
    Rig left(kernel, 4, 8000);
    CHECK_THROWS_AS(left.start(2), CoreError);
    left.stop();
  }
  kernel.failEnable = 0;
  kernel.length = 2000;
  ReadRig rig(kernel, 4, 8000);
  rig.start(2);
  CHECK(rig.next(2 * kSecond) == WaitResult::Completed);
  rig.end();
  CHECK(kernel.crimes.empty());
  CHECK(kernel.unsignalled() == 0);
}

TEST_CASE("an unplug is found although no poll wakes for it, and the data so far is kept") {
  for (const BufferKind kind : {BufferKind::Dma, BufferKind::Kfifo}) {
    FakeKernel kernel(kind);
    kernel.rateHz = 10000;
    kernel.length = 200;
    ReadRig rig(kernel, 8, 8 * 100);
    rig.start(6);
    rig.readFor(100 * kMilli);
    const size_t before = rig.scans.numbers.size();
    CHECK(before > 500);
    kernel.at(kernel.nowNs() + 3 * kMilli, [&] { kernel.unplug(); });
    const int64_t start = kernel.nowNs();
    WaitResult result = WaitResult::Completed;
    while (result == WaitResult::Completed) result = rig.next(3600 * kSecond);
    CHECK(result == WaitResult::Vanished);
    CHECK(rig.transport->fault().err == ENODEV);
    CHECK(kernel.nowNs() - start < kSecond);
    rig.end();
    CHECK(rig.scans.numbers.size() >= before);
    CHECK(rig.scans.ordered());
    CHECK(kernel.crimes.empty());
    CHECK(kernel.openFiles() == 0);
  }
}

TEST_CASE("a DMA buffer that another program switches off ends the stream with that reason") {
  FakeKernel kernel;
  kernel.length = 2000;
  ReadRig rig(kernel, 8, 8000);
  rig.start(6);
  rig.readFor(10 * kMilli);
  kernel.disableByOther();
  WaitResult result = WaitResult::Completed;
  while (result == WaitResult::Completed) result = rig.next(kSecond);
  CHECK(result == WaitResult::Failed);
  CHECK(rig.transport->fault().message.find("another program") != std::string::npos);
  rig.end();
  CHECK(kernel.crimes.empty());
}

TEST_CASE("a stop ends a wait for a device that sends nothing") {
  FakeKernel kernel;
  kernel.rateHz = 1;
  ReadRig rig(kernel, 4, 8 * 16);
  rig.start(2);
  kernel.at(kernel.nowNs() + 5 * kMilli, [&] { kernel.stop(); });
  CHECK(rig.next(3600 * kSecond) == WaitResult::Stopped);
  rig.end();
  CHECK(rig.outcome.size() == 2);
  for (const Completion& completion : rig.outcome)
    CHECK(completion.status == CompletionStatus::Aborted);
  CHECK(kernel.nextHalf() == 0);
}

TEST_CASE("after a disable that hangs nothing is read any more") {
  FakeKernel kernel;
  kernel.length = 2000;
  ReadRig rig(kernel, 8, 8000);
  rig.start(6);
  rig.readFor(5 * kMilli);
  kernel.hangDisable = true;
  const uint64_t reads = kernel.reads;
  rig.end();
  CHECK(kernel.reads == reads);
  CHECK(rig.idle.size() == 8);
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a transport that is closed without a disable leaves no buffer running") {
  for (const bool dmabuf : {true, false}) {
    FakeKernel kernel;
    Rig rig(kernel, 8, 8000, dmabuf);
    rig.start(4);
    CHECK(kernel.enabled());
    rig.transport->close();
    CHECK_FALSE(kernel.enabled());
    CHECK(kernel.openFiles() == 0);
    CHECK(kernel.unsignalled() == 0);
  }
}

TEST_CASE("a block that is being filled is not taken twice") {
  FakeKernel kernel;
  ReadRig rig(kernel, 4, 8000);
  rig.start(1);
  CHECK_THROWS_AS(rig.transport->enqueue(0, 8000), CoreError);
}
