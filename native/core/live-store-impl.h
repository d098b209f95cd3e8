// The live store itself: live-store.cc has its thread, live-store-query.cc its answers.
#pragma once
#include "live-store.h"
#include "thread-cpu.h"

namespace iio {

class MemoryStore final : public LiveStore {
 public:
  MemoryStore(std::unique_ptr<BlockMemory> memory, double rateHz, uint64_t pyramidBytes);
  ~MemoryStore() override { shutdown(); }

  bool offer(const HeaderPtr& header, const std::byte* data) override {
    const auto pushed = queue_.push(header, data, limit_.load(std::memory_order_relaxed));
    wake(pushed.crowded);
    return pushed.taken;
  }

  void ended() noexcept override {
    ended_ = true;
    wake();
  }

  FrameData query(const Query& query) override;
  SampleValues samples(uint32_t element, int64_t& fromScan, uint32_t count) override;
  void setTrigger(std::optional<TriggerSpec> trigger) override;
  std::optional<TriggerPoint> nextTrigger(int64_t afterScan, double postScans) const override;
  void follow(std::shared_ptr<TriggerFollower> follower) override;
  LiveStoreStatus status() const override;
  void shutdown() noexcept override;

  void onNews(std::function<void()> listener) override {
    std::lock_guard lock(newsMutex_);
    news_ = std::move(listener);
  }

 private:
  // The store's thread.
  void run();
  bool work();
  bool sleep();
  void take(const BlockQueue::Entry& entry);
  Strip stripOf(const HeaderPtr& header, const Segment& segment) const;
  bool slow(const BlockHeader& header);
  std::shared_ptr<const std::byte[]> copyOf(const std::byte* scans, uint32_t count) const;
  void summarise(Strip& strip, const std::byte* scans,
                 const std::vector<DerivedLanes::Lane>& pairs);
  void searchStrip(const Strip& strip, const std::byte* scans);
  void tellFollowers(const HeaderPtr& header);
  void adoptTrigger();
  bool searchHistory();
  bool fillDerived();
  bool fillStrip(const DerivedLanes::Lane& pair, uint64_t index, BlockSamples& samples);
  void tellNews();
  // Out of a nap only if that can't wait.
  void wake(bool urgent = true) {
    std::lock_guard lock(wakeMutex_);
    if (napping_ && !urgent) return;
    awake_ = true;
    waker_.notify_one();
  }

  FrameData attempt(FrameSetup& setup, const Query& query, BlockMemory* memory, bool& complete);

  const std::unique_ptr<BlockMemory> memory_;
  const ScanLayout layout_;
  const std::shared_ptr<const LaneSet> lanes_;
  const double rateHz_;
  StripRing ring_;
  BlockQueue queue_;
  mutable DerivedLanes derived_;

  PyramidBuilder builder_;
  std::unique_ptr<TriggerSearch> search_;
  struct Pace {
    int64_t timeNs = 0, endScan = 0;
  };
  std::optional<Pace> firstPace_;
  std::vector<Crossing> found_;
  std::vector<SearchedStrip> searched_;
  std::vector<size_t> foundAt_;  // of each of these, in found_
  TriggerFollowers followers_;
  int64_t searchedTo_ = -1;
  std::vector<std::pair<uint32_t, uint64_t>> filledDownTo_;  // lane, strip
  std::atomic<uint32_t> limit_;
  std::atomic<bool> ended_{false};
  std::atomic<int64_t> newestTimeNs_{0};
  bool brisk_ = false;  // blocks come more often than a nap lasts
  ThreadCpu cpu_;
  LatencyMeter toSummary_;  // written by the store's thread

  mutable std::mutex triggerMutex_;
  std::optional<TriggerSpec> triggerSpec_;
  std::unique_ptr<TriggerSearch> nextSearch_;  // set, and not yet adopted by the thread
  bool triggerChanged_ = false;
  TriggerRing triggers_;

  std::mutex wakeMutex_;
  std::condition_variable waker_;
  bool awake_ = false, napping_ = false, stopping_ = false;
  std::mutex newsMutex_;
  std::function<void()> news_;
  StoreLock useLock_;  // queries use the memory under it, until shutdown
  bool open_ = true;
  std::thread thread_;
};

}  // namespace iio
