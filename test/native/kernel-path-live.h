// What kernel-path.cc runs its tests with: devices of the test driver, and a transport of one of
// them that keeps the books.
#pragma once
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "arena.h"
#include "iio-transport.h"

namespace kernel_path {

using namespace iio;
namespace fs = std::filesystem;

inline constexpr int64_t kMilli = 1'000'000, kSecond = 1'000'000'000;

inline int64_t nowNs() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}
inline void pause(int64_t ns) { std::this_thread::sleep_for(std::chrono::nanoseconds(ns)); }

inline std::string text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  std::string out = all.str();
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}
inline bool put(const std::string& path, const std::string& value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  ::close(fd);
  return good;
}

// Bytes that dma-bufs hold in the whole system; the kernel's workers get a moment to let go.
inline int64_t dmabufBytes() {
  pause(100 * kMilli);
  std::ifstream in("/sys/kernel/debug/dma_buf/bufinfo");
  std::string line;
  long long objects = 0, bytes = -1;
  while (std::getline(in, line))
    std::sscanf(line.c_str(), "Total %lld objects, %lld bytes", &objects, &bytes);
  return bytes;
}

// A device of the test driver by its name.
struct Device {
  std::string name, folder, node;

  explicit Device(std::string wanted) : name(std::move(wanted)) {
    for (const auto& entry : fs::directory_iterator("/sys/bus/iio/devices"))
      if (text(entry.path() / "name") == name &&
          entry.path().filename().string().starts_with("iio:device"))
        folder = entry.path();
    REQUIRE_FALSE(folder.empty());
    node = "/dev/" + fs::path(folder).filename().string();
  }
  std::string control(const std::string& what) const {
    return "/sys/kernel/debug/iio-studio/" + name + "/buffer0/" + what;
  }
  int64_t counted(const std::string& what) const { return std::stoll(text(control(what))); }
  void ask(const std::string& what, int64_t value) const {
    REQUIRE(put(control(what), std::to_string(value)));
  }
  void present(bool on) const {
    put("/sys/kernel/debug/iio-studio/" + name + "/present", on ? "1" : "0");
  }
  void attribute(const std::string& what, const std::string& value) const {
    CAPTURE(what);
    REQUIRE(put(folder + "/" + what, value));
  }
  void channels(const std::vector<std::string>& wanted) const {
    for (const auto& entry : fs::directory_iterator(folder + "/buffer0")) {
      const std::string file = entry.path().filename();
      if (!file.ends_with("_en")) continue;
      const bool on = std::ranges::find(wanted, file.substr(0, file.size() - 3)) != wanted.end();
      put(entry.path(), on ? "1" : "0");
    }
  }
};

// The counter of a scan of studio-counter: its first two channels.
inline int64_t counterAt(const std::byte* scan) {
  uint16_t halves[2];
  std::memcpy(halves, scan, sizeof halves);
  return halves[0] | int64_t{halves[1]} << 16;
}

struct Live {
  const Device& device;
  std::shared_ptr<Control> control = makeControl(device.name, 3000, 16);
  std::unique_ptr<Arena> arena;
  std::unique_ptr<Transport> transport;
  uint32_t scanBytes, payload;
  int stopFd = ::eventfd(0, EFD_CLOEXEC);
  std::deque<BlockIndex> idle;
  // The books.
  uint64_t ok = 0, failed = 0, aborted = 0, gaps = 0, wrong = 0;
  int64_t scans = 0, expected = -1, jumps = 0;
  int64_t lost = 0, lostMin = 0, lostMax = 0;
  bool bounded = true;  // each jump within its own gap's bounds
  std::string failure;

  Live(const Device& d, bool dmabuf, ArenaSpec spec, uint32_t scan, double rate)
      : device(d), scanBytes(scan) {
    payload = spec.allocatedBytes / scan * scan;
    arena = makeArena(spec);
    IioSourceSpec source;
    source.devicePath = d.node;
    source.enablePath = d.folder + "/buffer0/enable";
    source.presencePath = d.folder;
    source.control = control;
    source.scanBytes = scan;
    source.rateHz = rate;
    transport = dmabuf ? makeDmabufTransport(source) : makeReadTransport(source);
    for (BlockIndex i = 0; i < spec.blockCount; ++i) idle.push_back(i);
  }
  ~Live() {
    stop();
    ::close(stopFd);
  }
  void start(uint32_t depth) {
    transport->open(*arena);
    for (uint32_t i = 0; i < depth; ++i) enqueue();
    transport->enable();
  }
  void enqueue() {
    const BlockIndex block = idle.front();
    idle.pop_front();
    transport->enqueue(block, payload);
  }
  void take(const Completion& completion) {
    idle.push_back(completion.block);
    if (completion.status == CompletionStatus::Aborted) ++aborted;
    if (completion.status == CompletionStatus::Failed) {
      ++failed;
      failure = completion.fault.message;
    }
    if (completion.hasGap) {
      ++gaps;
      lost += completion.gap.lost;
      lostMin += completion.gap.lostMin;
      lostMax += completion.gap.lostMax;
    }
    if (completion.status != CompletionStatus::Ok) return;
    ++ok;
    check(completion);
  }
  void check(const Completion& completion) {
    arena->beginRead(completion.block);
    const std::byte* data = arena->data(completion.block);
    for (uint32_t at = 0; at + scanBytes <= completion.bytes; at += scanBytes, ++scans) {
      const int64_t counter = counterAt(data + at);
      if (expected >= 0 && counter != expected) {
        const int64_t jump = counter - expected;
        if (at != 0 || !completion.hasGap) ++wrong;
        if (jump < completion.gap.lostMin || jump > completion.gap.lostMax) {
          bounded = false;
          MESSAGE("lost " << jump << ", said to be " << completion.gap.lostMin << " to "
                          << completion.gap.lostMax);
        }
        jumps += jump;
      }
      expected = counter + 1;
    }
    arena->endRead(completion.block);
  }
  WaitResult step(int64_t timeoutNs = 5 * kSecond) {
    Completion out[32];
    size_t count = 0;
    const WaitResult result = transport->wait(out, count, nowNs() + timeoutNs, stopFd);
    for (size_t i = 0; i < count; ++i) {
      take(out[i]);
      enqueue();
    }
    return result;
  }
  WaitResult run(uint64_t blocks) {
    for (const uint64_t until = ok + blocks; ok < until;)
      if (const WaitResult result = step(); result != WaitResult::Completed) return result;
    return WaitResult::Completed;
  }
  void stop() {
    std::vector<Completion> out(arena->blockCount());
    size_t count = 0;
    transport->disable(out, count);
    for (size_t i = 0; i < count; ++i) take(out[i]);
    transport->close();
  }
};

inline const std::vector<std::string> kFour = {"in_voltage0", "in_voltage1", "in_voltage2",
                                               "in_voltage3"};
inline ArenaSpec system(uint32_t count, uint32_t bytes) {
  return {ArenaKind::Heap, "/dev/dma_heap/system", count, bytes};
}
inline ArenaSpec pages(uint32_t count, uint32_t bytes) {
  return {ArenaKind::Pages, "", count, bytes};
}

inline Device counter(double rate) {
  Device device("studio-counter");
  device.channels(kFour);
  device.attribute("sampling_frequency", std::to_string(static_cast<int64_t>(rate)));
  return device;
}

}  // namespace kernel_path
