// The read() transport on the kernel of paper, with the books of every scan it delivered.
#pragma once
#include "iio-read.h"
#include "iio-rig.h"

namespace fakes {
inline namespace paper {

// Every scan of every block, in order: the numbers the fake's converter counted.
struct Scans {
  std::vector<int64_t> numbers;
  std::vector<size_t> blockStarts;

  explicit Scans(FakeKernel& kernel) : scanBytes_(kernel.scanBytes) {}
  void add(const Rig& rig, const Completion& completion) {
    blockStarts.push_back(numbers.size());
    for (uint32_t at = 0; at + scanBytes_ <= completion.bytes; at += scanBytes_) {
      int64_t number = 0;
      std::memcpy(&number, rig.arena.data(completion.block) + at,
                  std::min<size_t>(sizeof number, scanBytes_));
      numbers.push_back(number);
    }
  }
  int64_t missing() const {
    int64_t lost = 0;
    for (size_t i = 1; i < numbers.size(); ++i) lost += numbers[i] - numbers[i - 1] - 1;
    return lost;
  }
  bool ordered() const {
    return std::ranges::is_sorted(numbers) && std::ranges::adjacent_find(numbers) == numbers.end();
  }

 private:
  uint32_t scanBytes_;
};

// As Rig, but reads the blocks' contents as they come.
struct ReadRig : Rig {
  Scans scans;
  std::vector<Completion> outcome;

  ReadRig(FakeKernel& k, uint32_t blocks, uint32_t bytes, IioSourceSpec* spec = nullptr)
      : Rig(k, blocks, bytes, false, spec), scans(k) {}
  WaitResult next(int64_t timeoutNs = 10 * kSecond) {
    Completion out[4];
    size_t count = 0;
    const WaitResult result = transport->wait(out, count, kernel.nowNs() + timeoutNs, kStopFd);
    keep(out, count);
    for (size_t i = 0; i < count; ++i) enqueueOne();
    return result;
  }
  void readFor(int64_t ns) {
    for (const int64_t until = kernel.nowNs() + ns; kernel.nowNs() < until;) {
      const WaitResult result = next(until - kernel.nowNs());
      REQUIRE((result == WaitResult::Completed || result == WaitResult::Timeout));
    }
  }
  void end() {
    Completion out[64];
    size_t count = 0;
    transport->disable(out, count);
    keep(out, count);
    transport->close();
  }
  void keep(const Completion* out, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (out[i].status == CompletionStatus::Ok) scans.add(*this, out[i]);
      outcome.push_back(out[i]);
      idle.push_back(out[i].block);
    }
  }
};

inline int64_t gapsIn(const std::vector<Completion>& all) {
  return std::ranges::count_if(all, [](const Completion& c) { return c.hasGap; });
}

}  // namespace paper
}  // namespace fakes
