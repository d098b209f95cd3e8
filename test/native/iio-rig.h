// A transport on the kernel of paper with an engine of paper around it: queues blocks, takes
// completions, keeps the books.
#pragma once
#include <doctest/doctest.h>

#include <cstring>

#include "iio-fake-kernel.h"
#include "iio-kinds.h"

namespace fakes {
// The engine's tests have a Rig of their own in this namespace; the linker must not take one for
// the other.
inline namespace paper {

using namespace iio;

inline IioSourceSpec specFor(FakeKernel& kernel) {
  IioSourceSpec spec;
  spec.devicePath = "/dev/iio:device0";
  spec.enablePath = "/sys/bus/iio/devices/iio:device0/buffer0/enable";
  spec.presencePath = "/sys/bus/iio/devices/iio:device0";
  spec.control = std::make_shared<FakeControl>(kernel);
  spec.scanBytes = kernel.scanBytes;
  spec.rateHz = kernel.rateHz;
  return spec;
}

struct Rig {
  FakeKernel& kernel;
  PaperArena arena;
  uint32_t payload;
  std::unique_ptr<Transport> transport;
  std::deque<BlockIndex> idle;
  std::vector<Completion> done;  // in order
  std::vector<int64_t> starts;   // first scan of each Ok one

  Rig(FakeKernel& k, uint32_t blocks, uint32_t bytes, bool dmabuf = true,
      IioSourceSpec* given = nullptr)
      : kernel(k), arena(blocks, bytes), payload(bytes) {
    kernel.arena = &arena;
    IioSourceSpec spec = given ? *given : specFor(kernel);
    transport = dmabuf ? makeDmabufTransport(spec, kernel) : makeReadTransport(spec, kernel);
    for (BlockIndex i = 0; i < blocks; ++i) idle.push_back(i);
  }

  void start(uint32_t depth) {
    transport->open(arena);
    for (uint32_t i = 0; i < depth; ++i) enqueueOne();
    transport->enable();
  }
  void enqueueOne() {
    REQUIRE_FALSE(idle.empty());
    const BlockIndex block = idle.front();
    idle.pop_front();
    transport->enqueue(block, payload);
  }
  void take(const Completion& completion) {
    done.push_back(completion);
    idle.push_back(completion.block);
    if (completion.status != CompletionStatus::Ok || completion.bytes == 0) return;
    int64_t first = 0;
    std::memcpy(&first, arena.data(completion.block), sizeof first);
    starts.push_back(first);
  }
  // One wait; what completed is replaced in the queue.
  WaitResult step(int64_t timeoutNs = 10 * kSecond) {
    Completion out[16];
    size_t count = 0;
    const WaitResult result = transport->wait(out, count, kernel.nowNs() + timeoutNs, kStopFd);
    for (size_t i = 0; i < count; ++i) take(out[i]);
    for (size_t i = 0; i < count; ++i) enqueueOne();
    return result;
  }
  // Until so many have completed in all.
  void run(size_t completions) {
    while (done.size() < completions) REQUIRE(step() == WaitResult::Completed);
  }
  void stop() {
    Completion out[64];
    size_t count = 0;
    transport->disable(out, count);
    for (size_t i = 0; i < count; ++i) take(out[i]);
    transport->close();
  }
  size_t count(CompletionStatus status) const {
    return static_cast<size_t>(std::ranges::count(done, status, &Completion::status));
  }
  int64_t gaps() const {
    return std::ranges::count_if(done, [](const Completion& c) { return c.hasGap; });
  }
};

// Each block starts where the one before ended, but for what its gap says: the truth lies within
// the stated bounds.
inline void checkAccounts(const Rig& rig, int64_t scansPerBlock) {
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

}  // namespace paper
}  // namespace fakes
