// Inside of LiveStore: the memory it reads, and its parts.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "consumer.h"
#include "summariser.h"
#include "timeline-store.h"
#include "trigger.h"

namespace iio {

// The pool as a live store needs it; the engine, or a test's.
class BlockMemory : public Leases {
 public:
  virtual bool tryLease(const HeaderPtr& header) = 0;
  virtual HeaderPtr tryLease(uint64_t sequence) = 0;  // null: it has gone
  virtual const std::byte* data(BlockIndex block) const = 0;
  // Whether the block still has what the header describes, at this moment.
  virtual bool holds(const BlockHeader& header) const = 0;
  virtual int64_t oldestScan() const = 0;  // of the history; -1: there is none
  // First scan of the oldest block from which on none is missing up to this one; INT64_MAX if this
  // one is gone.
  virtual int64_t unbrokenFrom(const HeaderPtr& header) const = 0;
  virtual const ScanLayout& layout() const = 0;
  virtual uint32_t blockCount() const = 0;
  virtual uint32_t queuedBlocks() const = 0;
  // The source waits for blocks: falling behind slows it down and loses nothing.
  virtual bool waitsForBlocks() const = 0;
};

std::unique_ptr<BlockMemory> engineMemory(Engine& engine);

std::shared_ptr<LiveStore> createLiveStore(std::unique_ptr<BlockMemory> memory, double rateHz,
                                           uint64_t pyramidBytes);

// Samples in blocks or copies, for one query or job: holds at most one lease, until the next block
// is read or it ends.
class BlockSamples : public StripSamples {
 public:
  // Without memory (after shutdown) there are none but copies.
  BlockSamples(BlockMemory* memory, uint32_t scanBytes);
  ~BlockSamples() override;
  bool has(const Strip& strip) const override;
  int64_t thereFrom(const Strip& strip) const override;
  const std::byte* read(const SampleRef& ref, uint32_t at, uint32_t count, uint32_t& got) override;

 private:
  void release();
  BlockMemory* memory_;
  uint32_t scanBytes_;
  HeaderPtr leased_;
};

// Blocks between the acquisition thread and the summaries. Bounded: beyond `limit` leased blocks a
// block is noted without its samples, and beyond kNoted such notes it is only counted.
class BlockQueue {
 public:
  static constexpr size_t kNoted = 4096;
  struct Entry {
    HeaderPtr header;
    const std::byte* data = nullptr;  // null: not leased
  };

  struct Pushed {
    bool taken = false;    // the entry keeps the lease
    bool crowded = false;  // a quarter of what may be held is, or more
  };
  // The limit counts the block being worked on.
  Pushed push(const HeaderPtr& header, const std::byte* data, uint32_t limit);
  bool pop(Entry& entry);
  void done();  // the popped entry's lease was given back
  bool empty() const;
  uint64_t refused() const;
  // Takes no more; answers the leases that are still held.
  std::deque<Entry> close();

 private:
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  uint32_t leased_ = 0;
  uint64_t refused_ = 0;
  bool closed_ = false;
};

// The ring of strips with its byte budget. Strips leave it oldest first, but for those whose blocks
// were pinned: they are kept aside as long as the pin holds, so that a frozen view keeps its
// picture. Copies of samples take at most half of the budget. One thread writes.
class StripRing {
 public:
  StripRing(std::shared_ptr<const LaneSet> lanes, uint64_t budgetBytes);

  const Timeline& timeline() const { return timeline_; }
  // The timeline that answers for [from, to): the ring's own, or one put together in `merged`.
  const Timeline& forRange(double from, double to, std::unique_ptr<Timeline>& merged) const;
  StoreLock& lock() const { return lock_; }

  // From the writing thread, without the lock.
  void append(Strip strip);
  void setDerived(uint64_t index, uint32_t id, std::shared_ptr<const StripRecords> records);
  void forgetDerived(const std::vector<uint32_t>& ids);
  void trim(BlockMemory& memory);

  // The oldest scan there is a copy of; -1 if there is none. With the lock.
  int64_t oldestCopy() const;

 private:
  void trimCopies();
  void pruneKept(const BlockMemory& memory);
  std::shared_ptr<const LaneSet> lanes_;
  const uint64_t budget_;
  mutable StoreLock lock_;
  Timeline timeline_;
  std::unique_ptr<Timeline> kept_;
  uint64_t firstCopy_ = 0;  // strips before it have none
  std::chrono::steady_clock::time_point pruned_{};
};

}  // namespace iio
