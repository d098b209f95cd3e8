#include "iio-read-rig.h"

using namespace fakes;

TEST_CASE("a kfifo is read in order, whole scans only, and its loss is not known") {
  FakeKernel kernel(BufferKind::Kfifo);
  kernel.rateHz = 10000;
  kernel.watermark = 64;
  kernel.scanBytes = 12;
  ReadRig rig(kernel, 8, 12 * 256);
  rig.start(6);
  rig.readFor(2 * kSecond);
  rig.end();
  CHECK(rig.scans.numbers.front() == 0);
  CHECK(rig.scans.numbers.size() >= 19000);
  CHECK(rig.scans.ordered());
  CHECK(rig.scans.missing() == 0);
  for (const Completion& completion : rig.outcome) CHECK(completion.bytes % 12 == 0);
  CHECK(rig.transport->lossGrade() == Grade::Unknown);
  CHECK(kernel.crimes.empty());
  CHECK(kernel.openFiles() == 0);
}

TEST_CASE("a sample of a slow device is delivered soon, whatever watermark and block size say") {
  for (const double rate : {1.0, 10.0, 95.0}) {
    FakeKernel kernel(BufferKind::Kfifo);
    kernel.rateHz = rate;
    kernel.watermark = 500;
    ReadRig rig(kernel, 8, 8 * 512);
    rig.start(4);
    size_t known = 0;
    for (int i = 0; i < 20; ++i) {
      REQUIRE(rig.next() == WaitResult::Completed);
      const int64_t now = kernel.nowNs();
      const auto born = [&](int64_t scan) {  // when the converter had taken it
        return rig.outcome.front().timeNs >= 0 ? static_cast<double>(scan + 1) * kSecond / rate : 0;
      };
      // Between two scans of one block no more than the latency bound passes before it is
      // delivered.
      const double span = born(rig.scans.numbers.back()) - born(rig.scans.numbers[known]);
      CHECK(span <= 60 * kMilli);
      known = rig.scans.numbers.size();
      CHECK(now - rig.outcome.back().timeNs < kMilli);
    }
    CHECK(rig.scans.ordered());
    CHECK(rig.scans.missing() == 0);
  }
}

TEST_CASE("the first sample after a long silence does not wait for more") {
  FakeKernel kernel(BufferKind::Kfifo);
  kernel.rateHz = 0.5;
  ReadRig rig(kernel, 4, 8 * 512);
  rig.start(2);
  const int64_t start = kernel.nowNs();
  REQUIRE(rig.next() == WaitResult::Completed);
  CHECK(rig.scans.numbers == std::vector<int64_t>{0});
  CHECK(kernel.nowNs() - start < 2 * kSecond + 60 * kMilli);
}

TEST_CASE("what a kfifo still holds at the stop is delivered") {
  FakeKernel kernel(BufferKind::Kfifo);
  kernel.rateHz = 1000;
  kernel.watermark = 4000;
  ReadRig rig(kernel, 8, 8 * 512);
  rig.start(4);
  kernel.sleepNs(300 * kMilli + 500 * kMicro);
  rig.end();
  CHECK(rig.scans.numbers.size() == 300);
  CHECK(rig.idle.size() == 8);
}

TEST_CASE("a DMA buffer is read without a gap while we keep up") {
  FakeKernel kernel;
  kernel.length = 2000;  // halves of 1 ms
  ReadRig rig(kernel, 8, 8 * 1000);
  rig.start(6);
  rig.readFor(200 * kMilli);
  CHECK(rig.transport->lossGrade() == Grade::Estimated);
  rig.end();
  CHECK(rig.scans.numbers.front() == 0);
  CHECK(rig.scans.ordered());
  CHECK(rig.scans.missing() == 0);
  CHECK(kernel.lost == 0);
  CHECK(gapsIn(rig.outcome) == 0);
  CHECK(kernel.crimes.empty());
}

TEST_CASE("blocks need not fit the halves, nor the halves the scans") {
  for (const int64_t length : {2001, 333, 7, 2}) {
    for (const uint32_t scans : {1000u, 1u, 77u}) {
      FakeKernel kernel;
      kernel.rateHz = 2e4;
      kernel.length = length;
      kernel.scanBytes = 12;
      ReadRig rig(kernel, 40, 12 * scans);
      rig.start(30);
      rig.readFor(100 * kMilli);
      rig.end();
      CHECK(rig.scans.numbers.size() > 100);
      CAPTURE(length);
      CAPTURE(scans);
      CHECK(rig.scans.ordered());
      CHECK(kernel.nextHalf() == 0);
      CHECK(kernel.crimes.empty());
    }
  }
}

TEST_CASE(
    "halves that the engine cuts short are seen, told or not, also where blocks end with them") {
  for (const bool told : {true, false}) {
    for (int i = 0; i < 8; ++i) {
      FakeKernel kernel;
      kernel.length = 8200;  // halves of 32,800 bytes, of which 32,768 are filled
      kernel.engineAlign = 64;
      kernel.tellsAlign = told;
      ReadRig rig(kernel, 8, 32768);
      rig.start(6);
      rig.readFor(20 * kMilli + i * 1100 * kMicro);
      CHECK(kernel.lost == 0);
      rig.end();
      CHECK(rig.scans.ordered());
      CHECK(rig.scans.missing() == 0);
      CHECK(gapsIn(rig.outcome) == 0);
      CHECK(kernel.nextHalf() == 0);
    }
  }
}

TEST_CASE("a run leaves the halves as it should, so that the next one is not swapped") {
  for (int i = 0; i < 25; ++i) {
    FakeKernel kernel;
    kernel.length = 2000;
    ReadRig rig(kernel, 8, 8 * 700);
    rig.start(6);
    rig.readFor(5 * kMilli + i * 173 * kMicro);
    rig.end();
    CHECK(kernel.nextHalf() == 0);
    CHECK(rig.scans.ordered());
    CHECK(rig.scans.missing() == 0);
    CHECK(kernel.crimes.empty());
  }
}

TEST_CASE("halves that another program left swapped never reach a block in the wrong order") {
  for (int i = 0; i < 25; ++i) {
    FakeKernel kernel;
    kernel.length = 2000;
    kernel.setSwapped();
    ReadRig rig(kernel, 8, 8 * 700);
    rig.start(6);
    kernel.sleepNs(i * 211 * kMicro);  // from punctual to far too late
    rig.readFor(20 * kMilli);
    rig.end();
    CHECK(rig.scans.numbers.size() > 2000);
    CHECK(rig.scans.ordered());
    CHECK(kernel.crimes.empty());
    // In time to see that they were swapped, the next run begins straight; otherwise it can't be
    // known.
    if (i * 211 * kMicro < 2 * kMilli) CHECK(kernel.nextHalf() == 0);
  }
}

TEST_CASE("a straight start that we were late for is not trusted either") {
  FakeKernel kernel;
  kernel.length = 2000;
  ReadRig rig(kernel, 8, 8 * 1000);
  rig.start(6);
  kernel.sleepNs(10 * kMilli);
  rig.readFor(20 * kMilli);
  CHECK(rig.scans.numbers.front() >= 2000);
  CHECK(rig.scans.ordered());
  CHECK(rig.scans.missing() == 0);
}

TEST_CASE("reading too late is a gap with bounds that hold the loss") {
  for (const int64_t pause : {3 * kMilli, 20 * kMilli, 500 * kMilli}) {
    FakeKernel kernel;
    kernel.length = 2000;
    ReadRig rig(kernel, 8, 8 * 1000);
    rig.start(6);
    rig.readFor(10 * kMilli);
    const size_t before = rig.outcome.size();
    kernel.sleepNs(pause);
    rig.readFor(30 * kMilli);
    rig.end();
    CHECK(kernel.lost > 0);
    CHECK(rig.scans.ordered());
    CHECK(rig.scans.missing() == kernel.lost);
    // One pause of ours, one gap, where the numbers jump.
    REQUIRE(gapsIn(rig.outcome) == 1);
    size_t ok = 0;
    for (size_t i = 0; i < rig.outcome.size(); ++i) {
      if (rig.outcome[i].status != CompletionStatus::Ok) continue;
      const size_t start = rig.scans.blockStarts[ok++];
      if (!rig.outcome[i].hasGap) continue;
      CHECK(i >= before);
      const Gap gap = rig.outcome[i].gap;
      const int64_t jump = rig.scans.numbers[start] - rig.scans.numbers[start - 1] - 1;
      CHECK(gap.cause == GapCause::DryQueue);
      CHECK(gap.grade == Grade::Estimated);
      CHECK(jump == kernel.lost);
      CHECK(gap.lostMin <= jump);
      CHECK(gap.lostMax >= jump);
      CHECK(std::abs(gap.lost - jump) <= 1100);
    }
  }
}

TEST_CASE("the bounds of a gap hold where the rate is a hundredth off") {
  for (const double off : {0.99, 1.01}) {
    FakeKernel kernel;
    kernel.rateHz = 1e6 * off;
    kernel.length = 2000;
    IioSourceSpec spec = specFor(kernel);
    spec.rateHz = 1e6;
    ReadRig rig(kernel, 8, 8 * 1000, &spec);
    rig.start(6);
    rig.readFor(50 * kMilli);
    for (int gap = 0; gap < 3; ++gap) {
      const int64_t before = kernel.lost;
      const size_t known = rig.outcome.size();
      kernel.sleepNs(2 * kSecond);
      rig.readFor(10 * kMilli);
      const auto found = std::find_if(rig.outcome.begin() + static_cast<std::ptrdiff_t>(known),
                                      rig.outcome.end(), [](const auto& c) { return c.hasGap; });
      REQUIRE(found != rig.outcome.end());
      CHECK(found->gap.lostMin <= kernel.lost - before);
      CHECK(found->gap.lostMax >= kernel.lost - before);
    }
  }
}

TEST_CASE("a queue without a free block waits without reading, and goes on") {
  FakeKernel kernel(BufferKind::Kfifo);
  kernel.rateHz = 1000;
  ReadRig rig(kernel, 4, 8 * 16);
  rig.start(1);
  Completion out[4];
  size_t count = 0;
  REQUIRE(rig.transport->wait(out, count, kernel.nowNs() + kSecond, kStopFd) ==
          WaitResult::Completed);
  rig.keep(out, count);
  CHECK(rig.transport->wait(out, count, kernel.nowNs() + 30 * kMilli, kStopFd) ==
        WaitResult::Timeout);
  rig.enqueueOne();
  rig.readFor(100 * kMilli);
  CHECK(rig.scans.ordered());
  CHECK(rig.scans.missing() == 0);
}
