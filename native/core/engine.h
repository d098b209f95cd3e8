// Engine: one running buffer. Owns arena, transport and pool, runs the acquisition thread, and
// hands completed blocks to its consumers. The only caller of Transport::enqueue and of the CPU
// access brackets.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "allocation.h"
#include "arena.h"
#include "block.h"
#include "consumer.h"
#include "error.h"
#include "latency.h"
#include "layout.h"
#include "news.h"
#include "overwrite-proof.h"
#include "pool.h"
#include "realtime.h"
#include "transport.h"

namespace iio {

struct EngineSpec {
  ScanLayout layout;
  uint32_t payloadBytes = 0;
  uint32_t queueDepth = 0;
  double rateHz = 0;
  std::vector<uint32_t> counter;  // elements, lowest first
  bool timestampGaps = false;
  // Fills each block before the device first sees it, and ends the stream (EIO) if it comes back
  // with anything of that.
  bool proveOverwritten = false;
  // If set, start() looks at it before it fills each block; outlives that.
  const Allocation* allocation = nullptr;
  RealtimeSpec realtime;  // of the acquisition thread
};

enum class EngineState : uint8_t { New, Running, Stopped, Failed, Closed };

struct EngineCounters {
  EngineState state = EngineState::New;
  Fault fault;
  bool vanished = false;
  uint64_t blocks = 0, failedBlocks = 0, scans = 0, bytes = 0;
  double rateHz = 0, bytesPerSecond = 0;  // over about the last second of completions
  uint32_t queued = 0, queuedLeast = 0;
  uint64_t dryRuns = 0;
  Proof proof;                   // of loss, gaps left aside
  Grade grade = Grade::Unknown;  // of the proof and of all gaps, the worst
  uint64_t gaps = 0;
  int64_t lost = 0, lostMin = 0, lostMax = 0;  // lostMax -1: no bound
  int64_t endScan = 0;
  int64_t newestTimeNs = 0, startTimeNs = 0;
  double cpuSeconds = 0;
  double jitterSeconds = -1;
  OverwriteCount overwritten;  // of a stream that proves it
  LatencySpread toConsumers;   // from a block's completion until every consumer was offered it
};

class Engine : public Leases {
 public:
  Engine(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport);
  ~Engine() override;  // stop() and close()

  // Before start(), while running or afterwards; takes part from the next completion on, or first
  // gets the blocks of the history from the one that holds `fromScan` on, or as far back as the
  // history has no hole (a block given up while an older one was leased or pinned), with none
  // missed or given twice. With `toScan` blocks that begin at or after it are left out of the
  // history; once it has passed the consumer gets what the history still has of the span and then
  // ended(). Adding one twice changes nothing. A consumer added after the end gets its history and
  // then ended().
  // While the source doesn't wait, a few of the oldest blocks are left out where the span is nearly
  // the whole history: the queue needs them before the first lease can be back.
  void addConsumer(std::shared_ptr<Consumer> consumer, int64_t fromScan = -1, int64_t toScan = -1);
  // An offer that is under way may still come while this returns.
  void removeConsumer(const Consumer* consumer);

  // Not from a consumer or the listener: these wait for the acquisition thread.
  void start();  // attach, enqueue the queue depth, enable, run the thread. Throws CoreError
  void stop() noexcept;  // idempotent; history stays readable
  // Waits for leases until the deadline, then gives memory and fds back; what is leased even then
  // keeps its memory until the last release.
  void close(int64_t deadlineMs = 10'000) noexcept;

  EngineCounters counters() const;
  // What the system refused of the settings although the stream runs. Once start() has returned.
  std::vector<std::string> notes() const;
  std::vector<uint8_t> blockStates() const;
  // Headers of readable blocks, oldest first (history). Copies them all: not for each frame.
  std::vector<HeaderPtr> history() const;
  int64_t historyFromScan() const;  // first scan of the oldest; -1 if there is none
  // First scan of the oldest block from which on none is missing up to this one; INT64_MAX if this
  // one is gone.
  int64_t unbrokenFrom(const HeaderPtr& header) const;
  uint32_t queuedBlocks() const;
  // Whether the block still has what the header describes, as it is at this moment; takes no lock.
  bool holds(const BlockHeader& header) const;
  // Leases a block if the header still describes what is in it. release() gives it back.
  bool tryLease(const HeaderPtr& header);
  // The same by number; null if that block is gone.
  HeaderPtr tryLease(uint64_t sequence);
  void release(BlockIndex block) noexcept override;
  const std::byte* data(BlockIndex block) const;  // of a block the caller holds a lease of
  // What the stream was made with: may be asked at any time, also while it closes.
  const ScanLayout& layout() const;
  uint32_t blockCount() const;
  bool directIo() const;  // the arena's answer

  // Pins the blocks of a span; the arguments become the span that is held without a hole up to its
  // newest block (empty if nothing of it is there any more).
  PinId pin(int64_t& fromScan, int64_t& toScan);
  void unpin(PinId pin);
  std::vector<HeaderPtr> pinned(PinId pin) const;  // what the pin still holds, oldest first

  // What completed since the last call, for one reader.
  HeaderBatch drainHeaders();
  // Called from the acquisition thread when something changed, with no lock held; must not block.
  // An empty function takes the listener away; a call that is under way may still end after that.
  void onNews(std::function<void()> listener);
  Transport& transport();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iio
