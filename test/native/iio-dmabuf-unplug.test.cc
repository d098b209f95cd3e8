// A device that goes, or a buffer that another program switches off, while blocks are in flight.
#include "iio-dmabuf.h"
#include "iio-rig.h"

using namespace fakes;

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

TEST_CASE("nothing is queued while an unplug still aborts, though fences are pending") {
  for (int i = 0; i < 80; ++i) {
    FakeKernel kernel;
    kernel.hasWitness = i < 40;  // else its directory tells
    kernel.abortNs = 6 * kMilli;
    Rig rig(kernel, 8, 8000);
    rig.start(6);
    rig.run(20);
    kernel.at(kernel.nowNs() + i % 40 * 97 * kMicro, [&] { kernel.unplug(); });
    WaitResult result = WaitResult::Completed;
    while (result == WaitResult::Completed) result = rig.step();
    CHECK(result == WaitResult::Vanished);
    rig.stop();
    CHECK(kernel.crimes.empty());
    CHECK(kernel.leaked == 0);
    CHECK(kernel.openFiles() == 0);
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
