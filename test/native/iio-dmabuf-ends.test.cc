// The DMABUF transport before its first block and after its last: what others left, what fails,
// what is left behind.
#include "iio-dmabuf.h"
#include "iio-rig.h"

using namespace fakes;

TEST_CASE(
    "a buffer left enabled by a program that died is switched off first, and the user is told") {
  FakeKernel kernel;
  kernel.leaveEnabled();
  Rig rig(kernel, 8, 8000);
  rig.start(4);
  REQUIRE(rig.transport->notes().size() == 1);
  CHECK(rig.transport->notes()[0].find("still running") != std::string::npos);
  rig.run(20);
  CHECK(kernel.enables == 2);
  CHECK(kernel.lost == 0);
  CHECK(kernel.crimes.empty());
}

TEST_CASE(
    "a buffer that is busy for a moment is waited for; one that stays busy is an error within "
    "seconds") {
  FakeKernel kernel;
  kernel.openBusy = 3;
  kernel.getFdBusy = 3;
  Rig rig(kernel, 4, 8000);
  rig.start(2);
  rig.run(3);
  rig.stop();

  for (int* busy : {&kernel.openBusy, &kernel.getFdBusy}) {
    *busy = -1;
    Rig second(kernel, 4, 8000);
    const int64_t before = kernel.nowNs();
    try {
      second.transport->open(second.arena);
      FAIL("should be busy");
    } catch (const CoreError& error) {
      CHECK(error.fault.err == EBUSY);
      CHECK(error.fault.path == "/dev/iio:device0");
    }
    CHECK(kernel.nowNs() - before < 3 * kSecond);
    *busy = 0;
  }
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a buffer without DMABUF says so and leaves nothing open") {
  FakeKernel kernel(BufferKind::Kfifo);
  Rig rig(kernel, 4, 8000);
  try {
    rig.transport->open(rig.arena);
    FAIL("should have failed");
  } catch (const CoreError& error) {
    CHECK(error.fault.err == EPERM);
    CHECK(error.fault.syscall == "ioctl(IIO_BUFFER_DMABUF_ATTACH)");
  }
  rig.transport->close();
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a buffer that samples are sent through is refused untouched, by either transport") {
  for (const bool dmabuf : {true, false}) {
    FakeKernel kernel;
    kernel.direction = "out";
    Rig rig(kernel, 4, 8000, dmabuf);
    try {
      rig.start(2);
      FAIL("should have failed");
    } catch (const CoreError& error) {
      CHECK(error.fault.err == EOPNOTSUPP);
      CHECK(error.fault.message.find("sends samples out") != std::string::npos);
    }
    rig.transport->close();
    CHECK(kernel.attached() == 0);
    CHECK(kernel.onWrites == 0);
    CHECK(kernel.openFiles() == 0);
  }
}

TEST_CASE("blocks queued for an enable that failed are taken back at the next start") {
  FakeKernel kernel;
  kernel.failEnable = EINVAL;
  {
    Rig rig(kernel, 4, 8000);
    CHECK_THROWS_AS(rig.start(3), CoreError);
    rig.stop();
    CHECK(rig.count(CompletionStatus::Aborted) == 3);
  }
  CHECK(kernel.unsignalled() == 3);
  {
    // While it still fails, nothing more is left behind.
    Rig rig(kernel, 4, 8000);
    CHECK_THROWS_AS(rig.start(3), CoreError);
    rig.stop();
  }
  CHECK(kernel.unsignalled() == 3);
  kernel.failEnable = 0;
  Rig rig(kernel, 4, 8000);
  rig.start(3);
  CHECK(kernel.unsignalled() == 3);  // the three now in flight
  rig.run(10);
  rig.stop();
  CHECK(kernel.unsignalled() == 0);
  CHECK(kernel.crimes.empty());
}

TEST_CASE("a stop whose disable hangs still gives every block back") {
  FakeKernel kernel;
  Rig rig(kernel, 8, 8000);
  rig.start(4);
  rig.run(5);
  kernel.hangDisable = true;
  rig.stop();
  CHECK(rig.count(CompletionStatus::Aborted) == 4);
  CHECK(rig.transport->fault().err == ETIMEDOUT);
  CHECK(rig.idle.size() == 8);
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a disable that hangs is not followed by an enable, in a stop or in a bare close") {
  for (const bool bare : {true, false}) {
    FakeKernel kernel;
    kernel.rateHz = 1000;  // blocks of 1 s: they are pending for long after the disable
    Rig rig(kernel, 8, 8000);
    rig.start(4);
    const int writes = kernel.onWrites;
    kernel.hangDisable = true;
    bare ? rig.transport->close() : rig.stop();
    CHECK(kernel.onWrites == writes);
    CHECK(kernel.openFiles() == 0);
    kernel.disableByOther();  // the call that hung gets through after all
    kernel.hangDisable = false;
    Rig next(kernel, 8, 8000);
    next.start(4);
    next.run(3);
    next.stop();
    CHECK(kernel.unsignalled() == 0);
    CHECK_FALSE(kernel.enabled());
    CHECK(kernel.crimes.empty());
  }
}

TEST_CASE("a disable that is refused is tried again before the buffer is closed") {
  for (const bool dmabuf : {true, false}) {
    FakeKernel kernel;
    kernel.rateHz = 1000;
    Rig rig(kernel, 8, 8000, dmabuf);
    rig.start(4);
    kernel.refuseDisable = 1;
    rig.stop();
    CHECK_FALSE(kernel.enabled());
    CHECK(rig.idle.size() == 8);
    CHECK(rig.transport->fault().err == EIO);
    CHECK(kernel.unsignalled() == 0);
  }
}

TEST_CASE("a block queued just after another program switched the buffer off is freed") {
  for (int i = 0; i < 100; ++i) {
    FakeKernel kernel;
    kernel.enqueueNs = 100 * kMicro;
    Rig rig(kernel, 16, 8000);
    rig.start(12);
    rig.run(20);
    kernel.sleepNs(7 * kMilli);  // several come back together
    kernel.at(kernel.nowNs() + i * 17 * kMicro, [&] { kernel.disableByOther(); });
    WaitResult result = WaitResult::Completed;
    while (result == WaitResult::Completed) result = rig.step();
    CHECK(result == WaitResult::Failed);
    rig.stop();
    CAPTURE(i);
    CHECK(kernel.unsignalled() == 0);
    CHECK_FALSE(kernel.enabled());
    CHECK(kernel.crimes.empty());
  }
}

TEST_CASE("close is safe before open, after a failed open and twice") {
  FakeKernel kernel;
  Rig rig(kernel, 4, 8000);
  rig.transport->close();
  rig.stop();
  rig.start(2);
  rig.stop();
  rig.transport->close();
  CHECK(kernel.openFiles() == 0);
  CHECK(kernel.crimes.empty());
}
