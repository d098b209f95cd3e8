// The two kernel transports in a real kernel: run inside the test kernel (test/kernel), where the
// devices of the test driver are. A program of its own, not one of the core's unit tests.
//   make -C native kernel-path && node test/kernel/run.mjs native/build/plain/kernel-path
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "kernel-path-live.h"

using namespace kernel_path;

TEST_CASE("dmabuf: every sample of every heap comes, with no gap while the queue is fed") {
  for (const ArenaKind kind : {ArenaKind::Heap, ArenaKind::Udmabuf}) {
    const Device device = counter(1e6);
    const int64_t before = dmabufBytes();
    {
      ArenaSpec spec = system(24, 65536);
      spec.kind = kind;
      if (kind == ArenaKind::Udmabuf) spec.devicePath = "/dev/udmabuf";
      Live live(device, true, spec, 8, 1e6);
      live.start(20);
      CHECK(live.run(300) == WaitResult::Completed);
      live.stop();
      CHECK(live.wrong == 0);
      CHECK(live.failed == 0);
      // On a busy machine even a long queue may run dry: then it is said.
      CHECK(live.jumps == device.counted("lost"));
      if (live.jumps == 0) CHECK(live.lostMin == 0);
      MESSAGE("gaps " << live.gaps << ", lost " << device.counted("lost") << ", ours "
                      << live.lost);
      CHECK(live.scans >= 300 * 8192);
      CHECK(live.aborted > 0);
      CHECK(text(device.folder + "/buffer0/enable") == "0");
    }
    CHECK(dmabufBytes() == before);
  }
}

TEST_CASE("dmabuf: every dry queue is reported, and the driver's count lies within the bounds") {
  for (const double rate : {1e5, 2e6}) {
    const Device device = counter(rate);
    const uint32_t bytes = rate > 1e6 ? 65536 : 4096;
    Live live(device, true, system(8, bytes), 8, rate);
    live.start(4);
    for (int round = 0; round < 15; ++round) {
      live.run(25 + round);
      pause((30 + 7 * round) * kMilli);
    }
    live.run(40);
    live.stop();
    const int64_t truth = device.counted("lost");
    MESSAGE("rate " << rate << ": driver lost " << truth << " in " << device.counted("gaps")
                    << " gaps; ours " << live.lost << " (" << live.lostMin << " to " << live.lostMax
                    << ") in " << live.gaps << ", stretched " << device.counted("stretched_ns"));
    CHECK(truth > 0);
    CHECK(live.wrong == 0);
    CHECK(live.bounded);
    CHECK(live.jumps == truth);
    CHECK(live.lostMin <= truth);
    CHECK(live.lostMax >= truth);
    CHECK(static_cast<int64_t>(live.gaps) >= device.counted("gaps"));
  }
}

TEST_CASE("dmabuf: failed transfers and refused blocks are seen, and their blocks serve again") {
  const Device device = counter(1e6);
  Live live(device, true, system(9, 65536), 8, 1e6);
  live.start(8);
  live.run(20);
  device.ask("abort_next", 2);
  live.run(40);
  CHECK(live.failed == 2);
  device.ask("refuse_next", 3);
  live.run(60);
  CHECK(live.failed == 5);
  CHECK(device.counted("refuse_next") == 0);
  live.stop();
  CHECK(live.idle.size() == 9);
}

TEST_CASE("dmabuf: blocks refused at the start, and ones refused on an empty queue, are seen") {
  const Device device = counter(1e6);
  {
    Live live(device, true, system(9, 65536), 8, 1e6);
    device.ask("refuse_next", 2);
    live.start(8);
    live.run(40);
    CHECK(live.failed == 2);
    CHECK(live.wrong == 0);
    live.stop();
  }
  Live live(device, true, system(9, 65536), 8, 1e6);
  live.start(1);
  live.run(3);
  device.ask("refuse_next", 2);
  live.run(10);
  CHECK(live.failed == 2);
  live.stop();
}

TEST_CASE("dmabuf: an unplug while running is told, leaks nothing, and the device serves again") {
  const int64_t before = dmabufBytes();
  for (int round = 0; round < 12; ++round) {
    const Device device = counter(1e6);
    {
      Live live(device, true, system(10, 16384), 8, 1e6);
      live.start(6);
      live.run(10);
      std::thread unplug([&] {
        pause((5 + round) * kMilli + round * 131'000);
        device.present(false);
      });
      WaitResult result = WaitResult::Completed;
      while (result == WaitResult::Completed) result = live.step();
      unplug.join();
      CHECK(result == WaitResult::Vanished);
      CHECK(live.transport->fault().err == ENODEV);
      CAPTURE(live.failure);
      CHECK(live.failed == 0);
      live.stop();
    }
    device.present(true);
    pause(50 * kMilli);
    CHECK(dmabufBytes() == before);
  }
}

TEST_CASE("dmabuf: a buffer that someone else switches off ends the stream with that reason") {
  const Device device = counter(1e6);
  const int64_t before = dmabufBytes();
  {
    Live live(device, true, system(10, 65536), 8, 1e6);
    live.start(8);
    live.run(10);
    REQUIRE(put(device.folder + "/buffer0/enable", "0"));
    CHECK(live.run(100) == WaitResult::Failed);
    CHECK(live.transport->fault().message.find("switched off") != std::string::npos);
    live.stop();
  }
  CHECK(dmabufBytes() == before);
}

TEST_CASE("dmabuf: a killed program's buffer is switched off at the next start, which is said") {
  const Device device = counter(1e6);
  int pipes[2];
  REQUIRE(::pipe(pipes) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Live live(device, true, system(10, 65536), 8, 1e6);
    live.start(8);
    live.run(5);
    [[maybe_unused]] const ssize_t n = ::write(pipes[1], "x", 1);
    for (;;) live.step();
  }
  char byte = 0;
  REQUIRE(::read(pipes[0], &byte, 1) == 1);
  // While it lives it is named as the holder.
  const BufferProbe probe = probeBuffer(device.node, 0, nullptr);
  CHECK(probe.getFd == EBUSY);
  CHECK(probe.holder.find(std::to_string(child)) != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(text(device.folder + "/buffer0/enable") == "1");
  for (const bool dmabuf : {true, false}) {
    if (!dmabuf) REQUIRE(put(device.folder + "/buffer0/enable", "1"));
    Live live(device, dmabuf, dmabuf ? system(10, 65536) : pages(10, 65536), 8, 1e6);
    live.start(8);
    REQUIRE(live.transport->notes().size() == 1);
    CHECK(live.run(30) == WaitResult::Completed);
    CHECK(live.wrong == 0);
    live.stop();
  }
  ::close(pipes[0]);
  ::close(pipes[1]);
}

TEST_CASE(
    "dmabuf: a start that fails leaves nothing behind once one has worked, and read() works after "
    "it") {
  const int64_t before = dmabufBytes();
  const Device device = counter(1e6);
  device.channels({});
  for (int i = 0; i < 3; ++i) {
    Live live(device, true, system(6, 65536), 8, 1e6);
    CHECK_THROWS_AS(live.start(4), CoreError);
    live.stop();
  }
  device.channels(kFour);
  put(device.folder + "/buffer0/length", "16384");
  {
    Live live(device, false, pages(10, 65536), 8, 1e6);
    live.start(8);
    CHECK(live.run(30) == WaitResult::Completed);
    CHECK(live.wrong == 0);
    live.stop();
  }
  CHECK(dmabufBytes() == before);
}

TEST_CASE("dmabuf: a stalled converter is waited for and can be stopped") {
  const Device device = counter(1e6);
  Live live(device, true, system(10, 65536), 8, 1e6);
  live.start(8);
  live.run(5);
  device.ask("stall", 1);
  for (int i = 0; i < 10 && live.step(300 * kMilli) == WaitResult::Completed; ++i) {
  }
  CHECK(live.step(300 * kMilli) == WaitResult::Timeout);
  live.stop();
  device.ask("stall", 0);
  CHECK(live.idle.size() == 10);
  CHECK(live.wrong == 0);
}

TEST_CASE(
    "read: every sample of a DMA buffer comes, after runs of any length, also of other programs") {
  const Device device = counter(2e5);
  REQUIRE(put(device.folder + "/buffer0/length", "4096"));
  int64_t discarded = 0;
  for (int round = 0; round < 12; ++round) {
    if (round % 3 == 2) {
      // Another program reads one half and leaves.
      const int node = ::open(device.node.c_str(), O_RDONLY | O_CLOEXEC);
      REQUIRE(node >= 0);
      REQUIRE(put(device.folder + "/buffer0/enable", "1"));
      std::vector<char> half(2048 * 8);
      CHECK(::read(node, half.data(), half.size()) == static_cast<ssize_t>(half.size()));
      REQUIRE(put(device.folder + "/buffer0/enable", "0"));
      ::close(node);
    }
    Live live(device, false, pages(10, 16384), 8, 2e5);
    live.start(8);
    CHECK(live.run(5 + static_cast<uint64_t>(round)) == WaitResult::Completed);
    // Two halves are dropped or none.
    const int64_t first = live.expected - live.scans - live.jumps;
    if (first > 0) ++discarded;
    CHECK((first == 0 || first >= 4096));
    live.stop();
    CHECK(live.wrong == 0);
    CHECK(live.bounded);
    CHECK(live.jumps <= device.counted("lost"));
  }
  MESSAGE("runs that began by dropping halves: " << discarded);
  CHECK(discarded >= 1);
}

TEST_CASE("read: a dry DMA buffer is reported, and the driver's count lies within the bounds") {
  const Device device = counter(2e5);
  REQUIRE(put(device.folder + "/buffer0/length", "4096"));
  Live live(device, false, pages(10, 16384), 8, 2e5);
  live.start(8);
  for (int round = 0; round < 10; ++round) {
    live.run(10);
    pause((40 + 13 * round) * kMilli);
  }
  live.run(10);
  live.stop();
  MESSAGE("driver lost " << device.counted("lost") << "; ours " << live.lost << " (" << live.lostMin
                         << " to " << live.lostMax << ") in " << live.gaps);
  CHECK(device.counted("lost") > 0);
  CHECK(live.wrong == 0);
  CHECK(live.bounded);
  CHECK(live.jumps <= device.counted("lost"));
  CHECK(live.lostMax >= live.jumps);
}

TEST_CASE("read: an unplug while reading is found, and the device serves again") {
  for (int round = 0; round < 6; ++round) {
    const Device device = counter(2e5);
    {
      Live live(device, false, pages(10, 16384), 8, 2e5);
      live.start(8);
      live.run(5);
      std::thread unplug([&] {
        pause(20 * kMilli + round * 1'700'000);
        device.present(false);
      });
      WaitResult result = WaitResult::Completed;
      while (result == WaitResult::Completed) result = live.step();
      unplug.join();
      CHECK(result == WaitResult::Vanished);
      live.stop();
    }
    device.present(true);
    pause(50 * kMilli);
  }
}

TEST_CASE(
    "read: a slow kfifo with a device trigger delivers each sample soon, whatever its watermark") {
  Device device("studio-kfifo");
  device.channels({"in_accel_x", "in_timestamp"});
  std::string trigger;
  for (const auto& entry : fs::directory_iterator("/sys/bus/iio/devices"))
    if (text(entry.path() / "name") == "studio-trigger") trigger = entry.path();
  REQUIRE_FALSE(trigger.empty());
  REQUIRE(put(trigger + "/sampling_frequency", "20"));
  REQUIRE(put(device.folder + "/trigger/current_trigger", "studio-trigger\n"));
  REQUIRE(put(device.folder + "/current_timestamp_clock", "monotonic"));
  REQUIRE(put(device.folder + "/buffer0/length", "128"));
  REQUIRE(put(device.folder + "/buffer0/watermark", "64"));
  Live live(device, false, pages(8, 4096), 16, 20);
  live.start(6);
  Completion out[4];
  int64_t worst = 0, previous = -1;
  for (int i = 0; i < 30; ++i) {
    size_t count = 0;
    REQUIRE(live.transport->wait(out, count, nowNs() + 5 * kSecond, live.stopFd) ==
            WaitResult::Completed);
    const int64_t now = nowNs();
    for (uint32_t at = 0; at + 16 <= out[0].bytes; at += 16) {
      const std::byte* scan = live.arena->data(out[0].block) + at;
      uint16_t value = 0;
      int64_t stamp = 0;
      std::memcpy(&value, scan, sizeof value);
      std::memcpy(&stamp, scan + 8, sizeof stamp);
      if (previous >= 0) CHECK(value == previous + 1);
      previous = value;
      worst = std::max(worst, now - stamp);
    }
    live.transport->enqueue(out[0].block, live.payload);
  }
  MESSAGE("oldest sample at delivery: " << worst / kMilli << " ms");
  CHECK(worst < kSecond);
  CHECK(live.transport->lossGrade() == Grade::Unknown);
  live.stop();
}

TEST_CASE("probes tell what each buffer offers") {
  const ArenaSpec heap = system(1, 4096);
  const Device dma("studio-counter"), kfifo("studio-kfifo");
  CHECK(probeHeap(ArenaKind::Heap, "/dev/dma_heap/system") == 0);
  CHECK(probeHeap(ArenaKind::Udmabuf, "/dev/udmabuf") == 0);
  for (const ArenaSpec* with : {&heap, static_cast<const ArenaSpec*>(nullptr)}) {
    CHECK(probeBuffer(dma.node, 0, with).getFd == 0);
    CHECK(probeBuffer(dma.node, 0, with).attach == 0);
    CHECK(probeBuffer(kfifo.node, 0, with).attach == EPERM);
    CHECK(probeBuffer(dma.node, 7, with).getFd == ENODEV);
  }
}
