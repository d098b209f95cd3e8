// The recorder against the best plain writer of the same disk, in turns:
//   make -C native recorder-bench && native/build/release/recorder-bench FOLDER [MiB] [rounds]
// Prints a line "ROW {…}" for each way (test/bench/report.mjs) and "NOTE …" for the rest. The
// source completes blocks as fast as they come free and fills them with nothing, so that only the
// way to the disk is measured.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "arena.h"
#include "clock.h"
#include "engine.h"
#include "recorder.h"

using namespace iio;

namespace {

class Instant final : public Transport {
 public:
  void open(Arena&) override {}
  void enqueue(BlockIndex block, uint32_t bytes) override {
    queue_.push_back(block);
    bytes_ = bytes;
  }
  void enable() override {}
  WaitResult wait(std::span<Completion> out, size_t& count, int64_t, int stopFd) override {
    count = 0;
    if (queue_.empty()) {
      char events[8];
      while (::read(stopFd, events, sizeof events) < 0) ::usleep(50);
      const uint64_t one = 1;  // read again by the engine
      if (::write(stopFd, &one, sizeof one) < 0) return WaitResult::Failed;
      return WaitResult::Stopped;
    }
    for (; !queue_.empty() && count < std::min<size_t>(out.size(), 4); queue_.pop_front())
      out[count++] = completed(queue_.front(), CompletionStatus::Ok);
    return WaitResult::Completed;
  }
  void disable(std::span<Completion> out, size_t& count) noexcept override {
    for (count = 0; !queue_.empty() && count < out.size(); queue_.pop_front())
      out[count++] = completed(queue_.front(), CompletionStatus::Aborted);
  }
  void close() noexcept override {}
  bool waitsForBlocks() const override { return true; }
  Grade lossGrade() const override { return Grade::Exact; }
  const Fault& fault() const override { return fault_; }

 private:
  Completion completed(BlockIndex block, CompletionStatus status) const {
    Completion out;
    out.block = block;
    out.bytes = bytes_;
    out.timeNs = monotonicNs();
    out.status = status;
    return out;
  }

  std::deque<BlockIndex> queue_;
  uint32_t bytes_ = 0;
  Fault fault_;
};

struct Case {
  const char* what;
  uint32_t payloadBytes, blocks;
  WritePath path;
  double goal;  // 0: none
};

constexpr Case kCases[] = {
    {"blocks of 1 MiB", 1 << 20, 256, WritePath::Auto, 0.9},
    {"blocks of 64 KiB", 64 << 10, 4096, WritePath::Auto, 0},
    {"blocks of 1,000,000 bytes", 1'000'000, 256, WritePath::Auto, 0},
    {"blocks of 1 MiB, page cache", 1 << 20, 256, WritePath::Buffered, 0},
};

struct Run {
  double bytesPerSecond = 0;
  RecorderStatus status;
};

const char* nameOf(WriteWay way) {
  return way == WriteWay::Direct ? "direct" : way == WriteWay::Gathered ? "gathered" : "buffered";
}

// Bytes per second of O_DIRECT writes of `each` bytes with a last flush; 0 if the disk takes none.
double plain(const std::string& folder, int64_t total, size_t each, const std::byte* memory) {
  const std::string path = folder + "/recorder-bench-plain";
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_DIRECT, 0644);
  if (fd < 0) return 0;
  const int64_t begin = monotonicNs();
  bool whole = true;
  for (int64_t at = 0; whole && at < total; at += int64_t(each))
    whole = ::pwrite(fd, memory, each, at) == ssize_t(each);
  whole = whole && ::fdatasync(fd) == 0;
  const double seconds = double(monotonicNs() - begin) * 1e-9;
  ::close(fd);
  ::unlink(path.c_str());
  return whole ? double(total) / seconds : 0;
}

Run record(const std::string& folder, int64_t total, const Case& given) {
  ArenaSpec arena;
  arena.blockCount = given.blocks;
  arena.allocatedBytes = (given.payloadBytes + 4095) / 4096 * 4096;
  EngineSpec spec;
  spec.layout.scanBytes = 2;
  spec.layout.elements = {{0, 16, 16, 0, 1, NumberKind::Signed, false}};
  spec.payloadBytes = given.payloadBytes;
  spec.queueDepth = 4;
  Engine engine(spec, makeArena(arena), std::make_unique<Instant>());
  RecorderSpec recording;
  recording.layout = spec.layout;
  recording.outputs.push_back({folder + "/recorder-bench-data", true, {}});
  recording.journalPath = folder + "/recorder-bench-journal";
  recording.scans = total / 2;
  recording.writePath = given.path;
  recording.directIo = true;
  recording.payloadBytes = given.payloadBytes;
  recording.blockCount = given.blocks;
  const int64_t begin = monotonicNs();
  const auto recorder = Recorder::create(recording, engine);
  engine.addConsumer(recorder);
  engine.start();
  Run run;
  while ((run.status = recorder->status()).state == RecorderState::Recording) ::usleep(500);
  run.status = recorder->finish();
  const double seconds = double(monotonicNs() - begin) * 1e-9;
  engine.close();
  run.bytesPerSecond = double(run.status.bytes) / seconds;
  ::unlink(recording.outputs[0].path.c_str());
  ::unlink(recording.journalPath.c_str());
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: recorder-bench FOLDER [MiB] [rounds]\n"), 2;
  const std::string folder = argv[1];
  const int64_t total = int64_t{argc > 2 ? std::atoi(argv[2]) : 512} << 20;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  constexpr size_t kMost = 16 << 20;
  auto* memory = static_cast<std::byte*>(
      ::mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::fill_n(memory, kMost, std::byte{7});
  for (const Case& given : kCases) {
    struct Round {
      double ratio, plain;
      Run run;
    };
    std::vector<Round> all;
    for (int i = 0; i < rounds; ++i) {
      double best = 0;
      for (const size_t each : {size_t{1} << 20, size_t{4} << 20, kMost})
        best = std::max(best, plain(folder, total, each, memory));
      if (best == 0) return std::printf("NOTE this disk takes no direct writes\n"), 1;
      const Run run = record(folder, total, given);
      if (run.status.fault) return std::printf("NOTE %s\n", run.status.fault.message.c_str()), 1;
      all.push_back({run.bytesPerSecond / best, best, run});
    }
    std::sort(all.begin(), all.end(),
              [](const Round& a, const Round& b) { return a.ratio < b.ratio; });
    const Round& middle = all[all.size() / 2];
    const RecorderStatus& s = middle.run.status;
    std::printf(
        "ROW {\"section\":\"recorder\",\"what\":\"%s, %s, %.2f copies per byte\",\"value\":%.3f,"
        "\"unit\":\"GB/s\",\"ratio\":%.3f,\"against\":\"the best plain O_DIRECT write\"",
        given.what, nameOf(s.writeWay.way), s.copiesPerByte, middle.run.bytesPerSecond * 1e-9,
        middle.ratio);
    if (given.goal > 0) std::printf(",\"goal\":%.2f", given.goal);
    std::printf(
        "}\nNOTE %s: plain %.2f GB/s, ratios %.2f to %.2f, slowest write %.1f ms, %.2f CPU s/GB\n",
        given.what, middle.plain * 1e-9, all.front().ratio, all.back().ratio, s.worstWriteMs,
        s.cpuSeconds / (double(total) * 1e-9));
    std::fflush(stdout);
  }
}
