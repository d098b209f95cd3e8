// Inside of the engine: what its public side (engine.cc) and the acquisition thread
// (engine-thread.cc) share.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "clock.h"
#include "continuity.h"
#include "engine-rate.h"
#include "engine.h"
#include "fs-fd.h"
#include "thread-cpu.h"

namespace iio {

using ConsumerList = std::vector<std::shared_ptr<Consumer>>;

struct Engine::Impl {
  Impl(EngineSpec given, std::unique_ptr<Arena> memory, std::unique_ptr<Transport> source);

  const EngineSpec spec;
  const uint32_t scansPerBlock;
  std::unique_ptr<Arena> arena;
  const bool directIo;
  const std::unique_ptr<Transport> transport;
  const bool waitsForBlocks;
  Fd wake;  // eventfd: stop was asked for, or a block came free while the thread had none to queue

  // Order of the locks: control, publishing, lock. No consumer or listener is called under `lock`.
  std::mutex control;     // start, stop, close
  std::mutex publishing;  // held while one block is offered, so that a consumer that begins in the
                          // history misses none
  mutable std::mutex lock;
  std::condition_variable leasesReturned;

  // Guarded by lock.
  Pool pool;
  std::vector<HeaderPtr> headers;  // of each block, while its samples may be read
  // Where each readable block lies: ascending as they do. Beyond all others until it is published.
  struct Place {
    int64_t first = INT64_MAX, end = INT64_MAX;  // scans
    uint64_t published = UINT64_MAX;             // blocks up to and with it
  };
  std::vector<Place> places;
  std::shared_ptr<const ConsumerList> consumers = std::make_shared<ConsumerList>();
  std::shared_ptr<const std::function<void()>> listener;
  HeaderLog log;
  RateMeter rate;
  EngineCounters counted;
  std::vector<std::string> notes;
  // The queue is below its floor, no block is free, and none came free since.
  bool starved = false;
  bool ended = false;

  // Sequence + 1 of what is in each block and may be read, else 0; to be looked at without the
  // lock.
  std::vector<std::atomic<uint64_t>> contents;

  LatencyMeter toConsumers;  // written by the acquisition thread
  ThreadCpu cpu;             // the acquisition thread's
  std::atomic<bool> stopAsked{false};
  std::thread thread;

  // The acquisition thread's, and its starter's and joiner's.
  Continuity continuity;
  OverwriteProof proof;
  std::vector<bool> bracketOpen;
  std::vector<BlockIndex> failed;  // shown as failed for one turn, then used again
  uint32_t failuresInARow = 0;

  void begin();  // start(), on its caller's thread
  std::vector<std::string> applyPriority();
  void run();  // the acquisition thread
  void loop();
  void turn(std::span<Completion> done);
  Fault take(std::span<Completion> done, bool running);
  void complete(const Completion& completion, bool running);
  bool completed(const Completion& completion, bool running);
  void fail(const Completion& completion, bool running);
  void publish(const Completion& completion, uint32_t scans);
  void placeUnread(BlockIndex block);
  void beginRead(BlockIndex block, uint32_t bytes);  // throws if the device left it as it was
  void offer(const HeaderPtr& header, const ConsumerList& to);
  void refill();
  BlockIndex takeNext();
  void enqueue(BlockIndex block);
  void recoverFailed();
  void drain(Fault& fault);
  void finish(const Fault& fault, bool vanished);
  void add(const std::shared_ptr<Consumer>& consumer, int64_t fromScan, int64_t toScan);
  // Both with the lock held.
  std::vector<HeaderPtr> unbrokenHistory(int64_t fromScan, int64_t toScan) const;
  size_t mostAtOnce() const;
  void endConsumers();
  // With the lock held: the oldest readable block that ends after `scan`, and the newest that
  // begins before it.
  BlockIndex firstEndingAfter(int64_t scan) const;
  BlockIndex lastBeginningBefore(int64_t scan) const;
  bool stillThere(const HeaderPtr& header) const;  // with the lock held
  void forget(BlockIndex block);                   // what was in it, with the lock held
  // A lease, with the lock held. The last one of a closed engine answers its memory, which the
  // caller frees without the lock.
  [[nodiscard]] std::unique_ptr<Arena> giveBack(BlockIndex block);
  void freeMemory(std::unique_ptr<Arena> memory) noexcept;  // without the lock
  void news();
  void wakeUp() noexcept;
};

}  // namespace iio
