// A pool in plain memory, a stream of known values through it, and frames compared with them, for
// the tests of the live store.
#pragma once
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "live-store.h"
#include "summary-support.h"

namespace summary {

using namespace std::chrono_literals;

// A pool in plain memory, thread safe: blocks are filled one after another, the oldest free of
// leases and pins is reused.
class FakePool {
 public:
  FakePool(ScanLayout of, uint32_t blocks, uint32_t scansPerBlock, bool waitsForBlocks = false)
      : layout(std::move(of)), waits(waitsForBlocks), scansPerBlock_(scansPerBlock) {
    memory_.resize(blocks, std::vector<std::byte>(size_t{scansPerBlock} * layout.scanBytes));
    leases_.resize(blocks);
    pinned_.resize(blocks);
    for (uint32_t i = 0; i < blocks; ++i) free_.push_back(i);
  }

  // A block to fill, or kNoBlock if all are claimed.
  BlockIndex take() {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      const BlockIndex block = free_.front();
      free_.pop_front();
      return block;
    }
    for (auto it = history_.begin(); it != history_.end(); ++it) {
      const BlockIndex block = (*it)->block;
      if (leases_[block] > 0 || pinned_[block]) continue;
      history_.erase(it);
      return block;
    }
    return kNoBlock;
  }
  std::byte* at(BlockIndex block) { return memory_[block].data(); }

  void complete(const HeaderPtr& header, Consumer& consumer) {
    {
      std::lock_guard lock(mutex_);
      history_.push_back(header);
      ++leases_[header->block];
    }
    if (!consumer.offer(header, at(header->block))) release(header->block);
  }

  bool tryLease(const HeaderPtr& header) {
    std::lock_guard lock(mutex_);
    if (failLeases > 0) return --failLeases, false;
    if (std::find(history_.begin(), history_.end(), header) == history_.end()) return false;
    ++leases_[header->block];
    return true;
  }
  HeaderPtr tryLease(uint64_t sequence) {
    std::lock_guard lock(mutex_);
    for (const HeaderPtr& header : history_)
      if (header->sequence == sequence) return ++leases_[header->block], header;
    return nullptr;
  }
  void release(BlockIndex block) {
    std::lock_guard lock(mutex_);
    REQUIRE(leases_[block] > 0);
    --leases_[block];
  }
  bool holds(const BlockHeader& header) {
    std::lock_guard lock(mutex_);
    return std::any_of(history_.begin(), history_.end(),
                       [&](const HeaderPtr& other) { return other.get() == &header; });
  }
  int64_t unbrokenFrom(const HeaderPtr& header) {
    std::lock_guard lock(mutex_);
    auto at = std::find(history_.begin(), history_.end(), header);
    if (at == history_.end()) return INT64_MAX;
    while (at != history_.begin() && (*std::prev(at))->sequence + 1 == (*at)->sequence) --at;
    return (*at)->firstScan();
  }
  int64_t oldestScan() {
    std::lock_guard lock(mutex_);
    return history_.empty() ? -1 : history_.front()->firstScan();
  }
  void pin(BlockIndex block, bool held) {
    std::lock_guard lock(mutex_);
    pinned_[block] = held;
  }
  uint32_t leases() {
    std::lock_guard lock(mutex_);
    uint32_t sum = 0;
    for (const uint32_t n : leases_) sum += n;
    return sum;
  }
  uint32_t blocks() const { return static_cast<uint32_t>(memory_.size()); }
  uint32_t scansPerBlock() const { return scansPerBlock_; }

  const ScanLayout layout;
  const bool waits;
  int failLeases = 0;

 private:
  const uint32_t scansPerBlock_;
  std::mutex mutex_;
  std::vector<std::vector<std::byte>> memory_;
  std::vector<uint32_t> leases_;
  std::vector<char> pinned_;
  std::deque<BlockIndex> free_;
  std::deque<HeaderPtr> history_;
};

class FakeMemory : public BlockMemory {
 public:
  explicit FakeMemory(FakePool& pool) : pool_(pool) {}
  bool tryLease(const HeaderPtr& header) override { return pool_.tryLease(header); }
  HeaderPtr tryLease(uint64_t sequence) override { return pool_.tryLease(sequence); }
  void release(BlockIndex block) noexcept override { pool_.release(block); }
  const std::byte* data(BlockIndex block) const override { return pool_.at(block); }
  bool holds(const BlockHeader& header) const override { return pool_.holds(header); }
  int64_t oldestScan() const override { return pool_.oldestScan(); }
  int64_t unbrokenFrom(const HeaderPtr& header) const override {
    return pool_.unbrokenFrom(header);
  }
  const ScanLayout& layout() const override { return pool_.layout; }
  uint32_t blockCount() const override { return pool_.blocks(); }
  uint32_t queuedBlocks() const override { return 0; }
  bool waitsForBlocks() const override { return pool_.waits; }

 private:
  FakePool& pool_;
};

template <typename Until>
bool waitFor(Until until) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!until()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// A stream of known values: element `e` of scan `s` is value(s, e).
inline int16_t value(int64_t scan, uint32_t e) {
  const auto x = static_cast<uint64_t>(scan) * 2654435761u + e * 40503u;
  return static_cast<int16_t>(std::sin(static_cast<double>(scan) * 0.003 + e) * 20000 +
                              static_cast<double>((x >> 7) % 400));
}

struct Bench {
  FakePool pool;
  std::shared_ptr<LiveStore> store;
  uint64_t sequence = 0;
  int64_t scan = 0, sample = 0;

  explicit Bench(uint32_t blocks, uint32_t scansPerBlock = 3000, uint64_t budget = 1 << 24,
                 bool waits = false, double rateHz = 1e6)
      : pool(uniform(2, NumberKind::Signed, 16, 16), blocks, scansPerBlock, waits),
        store(createLiveStore(std::make_unique<FakeMemory>(pool), rateHz, budget)) {}
  ~Bench() {
    store->shutdown();
    CHECK(pool.leases() == 0);
  }

  // One block; with `lost` scans before its second half, or before it if `early`.
  HeaderPtr produce(int64_t lost = 0, bool early = false) {
    BlockIndex block = kNoBlock;
    REQUIRE(waitFor([&] { return (block = pool.take()) != kNoBlock; }));
    const uint32_t scans = pool.scansPerBlock(), half = lost > 0 && !early ? scans / 2 : scans;
    auto header = std::make_shared<BlockHeader>();
    header->sequence = sequence++;
    header->block = block;
    header->scanCount = scans;
    header->bytes = scans * 4;
    header->timeNs = 1000000 + (sample + scans) * 1000;
    Gap gap;
    gap.lost = gap.lostMin = gap.lostMax = lost;
    if (early && lost > 0) scan += lost;
    header->segments.push_back({0, half, scan, sample, early && lost > 0, gap});
    if (half < scans)
      header->segments.push_back(
          {half, scans - half, scan + half + lost, sample + half, true, gap});
    std::byte* to = pool.at(block);
    for (const Segment& segment : header->segments)
      for (uint32_t i = 0; i < segment.scanCount; ++i)
        for (uint32_t e = 0; e < 2; ++e) {
          const int16_t x = value(segment.scan + i, e);
          std::memcpy(to + (size_t{segment.offsetScans} + i) * 4 + e * 2, &x, 2);
        }
    scan = header->endScan();
    sample += scans;
    pool.complete(header, *store);
    return header;
  }
  // So many blocks, each summarised before the next comes.
  void feed(int blocks) {
    for (int i = 0; i < blocks; ++i) {
      produce();
      REQUIRE(settled());
    }
  }
  bool settled() {
    return waitFor([&] { return store->status().summarisedToScan == scan; });
  }
};

inline TraceSpec trace(uint32_t e) {
  TraceSpec t;
  t.element = e;
  return t;
}

inline TraceSpec magnitude() {
  TraceSpec t = trace(0);
  t.part = TracePart::Magnitude;
  t.elementQ = 1;
  return t;
}

inline double truth(const TraceSpec& t, int64_t scan) {
  if (t.part == TracePart::Value) return value(scan, t.element);
  return std::hypot(value(scan, 0), value(scan, 1));
}

// Number of columns that are drawn; each is compared with the values it covers.
inline size_t checkFrame(const FrameData& frame, const std::vector<TraceSpec>& traces) {
  size_t drawn = 0;
  const auto at = [&](double x) { return frame.originScan + static_cast<int64_t>(x); };
  for (size_t c = 0; frame.columns && c < frame.x.size() / 2; ++c) {
    if (std::isnan(frame.traces[0].y[4 * c])) continue;
    ++drawn;
    for (size_t t = 0; t < traces.size(); ++t) {
      // Of what was gone when it was first asked for, there is no magnitude.
      if (t > 0 && traces[t].part != TracePart::Value && std::isnan(frame.traces[t].y[4 * c]))
        continue;
      Expected e;
      for (int64_t s = at(frame.x[2 * c]); s <= at(frame.x[2 * c + 1]); ++s)
        e.add(truth(traces[t], s));
      const double* y = &frame.traces[t].y[4 * c];
      REQUIRE(near(y[0], e.first));
      REQUIRE(near(y[1], e.minimum));
      REQUIRE(near(y[2], e.maximum));
      REQUIRE(near(y[3], e.last));
    }
  }
  for (size_t i = 0; !frame.columns && i < frame.x.size(); ++i) {
    if (std::isnan(frame.traces[0].y[i])) continue;
    ++drawn;
    for (size_t t = 0; t < traces.size(); ++t)
      REQUIRE(near(frame.traces[t].y[i], truth(traces[t], at(frame.x[i]))));
  }
  return drawn;
}

inline const std::vector<TraceSpec> kBoth = {trace(0), trace(1)};

}  // namespace summary
