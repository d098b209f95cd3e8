// The acquisition thread: the only caller of Transport::enqueue and, while it runs, of the CPU
// access brackets.
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "engine-impl.h"

namespace iio {

namespace {

// How long a wait lasts at most, so that a transport may look whether its device is still there.
constexpr int64_t kWaitNs = 1'000'000'000;
// What is more is taken in the next turn.
constexpr uint32_t kCompletionsAtOnce = 256;

uint32_t failuresAtMost(const Pool& pool) { return std::max<uint32_t>(8, 2 * pool.blockCount()); }

}  // namespace

// Attach, enqueue, enable: enabling first puts the kernel into fileio mode, attaching after
// enqueuing loses blocks.
void Engine::Impl::begin() {
  {
    std::lock_guard guard(lock);
    if (counted.state != EngineState::New)
      throw CoreError(Fault{EINVAL, "", "", "The stream was started before. Open a new one."});
  }
  bool enabled = false;
  try {
    if (spec.proveOverwritten)
      for (BlockIndex block = 0; block < arena->blockCount(); ++block) {
        if (spec.allocation) spec.allocation->check();
        proof.fill(block, arena->data(block), spec.payloadBytes);
      }
    transport->open(*arena);
    refill();
    continuity.begin(transport->lossGrade(), monotonicNs());
    transport->enable();
    enabled = true;
    std::lock_guard guard(lock);
    counted.startTimeNs = monotonicNs();
    counted.proof = continuity.totals().proof;
    counted.grade = counted.proof.grade;
    counted.state = EngineState::Running;
    thread = std::thread([this] { run(); });
    notes = applyPriority();
  } catch (const std::exception& error) {
    std::vector<Completion> done(pool.queuedCount());
    size_t count = 0;
    if (enabled) transport->disable(done, count);
    transport->close();
    auto core = dynamic_cast<const CoreError*>(&error);
    {
      std::lock_guard guard(lock);
      counted.state = EngineState::Failed;
      counted.fault = core ? core->fault : Fault{EAGAIN, "start", "", error.what()};
      while (pool.queuedCount() > 0) pool.aborted(pool.oldestQueued());
    }
    endConsumers();
    throw;
  }
}

// A thread that never waits must not be put before all others.
std::vector<std::string> Engine::Impl::applyPriority() {
  RealtimeSpec realtime = spec.realtime;
  std::vector<std::string> out;
  if (waitsForBlocks && realtime.priority > 0) {
    realtime.priority = 0;
    out.push_back(
        "Real-time priority is left out where samples come as fast as it can: the thread would "
        "keep its CPU from all others. Give the stream a rate.");
  }
  for (std::string& note : applyRealtime(thread.native_handle(), realtime))
    out.push_back(std::move(note));
  return out;
}

void Engine::Impl::run() {
  pthread_setname_np(pthread_self(), "iio-acquire");
  cpu.begin();
  Fault fault;
  bool vanished = false;
  try {
    loop();
  } catch (const CoreError& error) {
    fault = error.fault;
    vanished = fault.err == ENODEV;
  } catch (const std::exception& error) {
    fault = Fault{EPROTO, "acquisition", "", error.what()};
  }
  drain(fault);
  finish(fault, vanished);
  cpu.end();
}

void Engine::Impl::loop() {
  std::vector<Completion> done(std::min(pool.blockCount(), kCompletionsAtOnce));
  while (!stopAsked) {
    recoverFailed();
    refill();
    size_t count = 0;
    WaitResult result = transport->wait(done, count, monotonicNs() + kWaitNs, wake.get());
    turn({done.data(), count});
    if (result == WaitResult::Stopped) {
      uint64_t times = 0;
      if (read(wake.get(), &times, sizeof times) < 0 && errno != EAGAIN)
        throw CoreError(makeFault(errno, "read(eventfd)", ""));
    } else if (result == WaitResult::Vanished) {
      Fault fault = transport->fault();
      fault.err = ENODEV;
      throw CoreError(fault);
    } else if (result == WaitResult::Failed) {
      throw CoreError(transport->fault());
    }
  }
}

void Engine::Impl::turn(std::span<Completion> done) {
  if (done.empty()) return;
  {
    std::lock_guard guard(lock);
    auto completed = static_cast<uint32_t>(done.size());
    counted.queuedLeast =
        std::min(counted.queuedLeast, pool.queuedCount() - std::min(pool.queuedCount(), completed));
  }
  Fault fault = take(done, true);
  news();
  if (fault) throw CoreError(fault);
}

// Once a block can't be queued any more, the completed ones behind it are still delivered. Answers
// the first fault.
Fault Engine::Impl::take(std::span<Completion> done, bool running) {
  Fault fault;
  for (const Completion& completion : done) {
    bool goesOn = running && !fault;
    try {
      if (completion.status == CompletionStatus::Ok) {
        complete(completion, goesOn);
      } else if (completion.status == CompletionStatus::Aborted && !running) {
        std::lock_guard guard(lock);
        pool.aborted(completion.block);
      } else {
        fail(completion, goesOn);
      }
    } catch (const CoreError& error) {
      if (!fault) fault = error.fault;
    } catch (const std::exception& error) {
      if (!fault) fault = Fault{EPROTO, "acquisition", "", error.what()};
    }
  }
  return fault;
}

// The queue comes first: the oldest unclaimed block goes back before this one is looked at.
void Engine::Impl::complete(const Completion& completion, bool running) {
  uint32_t scans = std::min(completion.bytes, spec.payloadBytes) / spec.layout.scanBytes;
  failuresInARow = 0;
  if (completed(completion, running)) {
    continuity.overrun(completion, scans);
    enqueue(completion.block);
    return;
  }
  Fault fault;
  try {
    if (running) refill();
  } catch (const CoreError& error) {
    fault = error.fault;  // this block is good all the same
  }
  publish(completion, scans);
  if (fault) throw CoreError(fault);
}

// Marks the block completed. True if leases alone hold all others: then it is queued again unread,
// a known loss of its scans rather than an unknown one.
bool Engine::Impl::completed(const Completion& completion, bool running) {
  std::lock_guard guard(lock);
  const Gap& gap = completion.gap;
  if (completion.hasGap && (gap.cause == GapCause::DryQueue || gap.cause == GapCause::Simulator))
    ++counted.dryRuns;
  pool.completed(completion.block);
  if (!running || waitsForBlocks || stopAsked || !failed.empty()) return false;
  if (pool.queueDeficit() == 0 || pool.next() != kNoBlock) return false;
  if (pool.overrunVictim() != completion.block) return false;
  pool.queued(completion.block);
  return true;
}

void Engine::Impl::fail(const Completion& completion, bool running) {
  Fault why = completion.fault;
  if (!why)
    why = Fault{ECANCELED, "", "",
                "A transfer was aborted. Look whether another program uses the buffer."};
  continuity.failedBlock(completion, scansPerBlock);
  {
    std::lock_guard guard(lock);
    pool.failed(completion.block);
    ++counted.failedBlocks;
    log.failed(counted.blocks, why.message);
  }
  failed.push_back(completion.block);
  if (!running) return;
  if (++failuresInARow > failuresAtMost(pool)) throw CoreError(why);
  refill();
}

void Engine::Impl::recoverFailed() {
  if (failed.empty()) return;
  std::lock_guard guard(lock);
  for (BlockIndex block : failed) pool.recovered(block);
  failed.clear();
}

BlockIndex Engine::Impl::takeNext() {
  HeaderPtr gone;  // freed after the lock
  std::lock_guard guard(lock);
  starved = false;
  if (pool.queueDeficit() == 0) return kNoBlock;
  BlockIndex block = pool.next();
  if (block == kNoBlock) {
    starved = true;
    return kNoBlock;
  }
  pool.queued(block);
  gone = headers[block];
  forget(block);
  return block;
}

void Engine::Impl::refill() {
  for (BlockIndex block = takeNext(); block != kNoBlock; block = takeNext()) enqueue(block);
}

void Engine::Impl::enqueue(BlockIndex block) {
  try {
    if (bracketOpen[block]) arena->endRead(block);
    bracketOpen[block] = false;
    transport->enqueue(block, spec.payloadBytes);
  } catch (...) {
    std::lock_guard guard(lock);
    pool.aborted(block);
    throw;
  }
}

void Engine::Impl::publish(const Completion& completion, uint32_t scans) {
  auto header = std::make_shared<BlockHeader>();
  header->block = completion.block;
  header->scanCount = scans;
  header->bytes = scans * spec.layout.scanBytes;
  header->timeNs = completion.timeNs;
  try {
    if (scans > 0) beginRead(completion.block, header->bytes);
  } catch (const CoreError&) {  // lost to all who read what completed behind it
    continuity.failedBlock(completion, scans);
    placeUnread(completion.block);
    throw;
  }
  header->segments = continuity.split(completion, arena->data(completion.block), scans);
  if (scans == 0) return placeUnread(completion.block);
  ContinuityTotals totals = continuity.totals();
  header->proof = totals.proof;
  std::lock_guard adding(publishing);
  std::shared_ptr<const ConsumerList> to;
  {
    std::lock_guard guard(lock);
    header->sequence = counted.blocks++;
    counted.scans += scans;
    counted.bytes += header->bytes;
    counted.newestTimeNs = header->timeNs;
    counted.proof = totals.proof;
    counted.grade = totals.grade;
    counted.gaps = totals.gaps;
    counted.lost = totals.lost;
    counted.lostMin = totals.lostMin;
    counted.lostMax = totals.lostMax;
    counted.endScan = totals.endScan;
    counted.jitterSeconds = totals.jitterSeconds;
    rate.add(header->timeNs, totals.endScan, counted.bytes);
    headers[header->block] = header;
    places[header->block] = {header->firstScan(), header->endScan(), counted.blocks};
    contents[header->block].store(header->sequence + 1, std::memory_order_release);
    log.add(header);
    to = consumers;
    for (size_t i = 0; i < to->size(); ++i) pool.lease(header->block);
  }
  offer(header, *to);
  const int64_t now = monotonicNs();
  toConsumers.add(now - header->timeNs, now);
}

// Nothing to read: the block goes back as the oldest in its turn.
void Engine::Impl::placeUnread(BlockIndex block) {
  const int64_t endScan = continuity.totals().endScan;
  std::lock_guard guard(lock);
  places[block] = {endScan, endScan, counted.blocks};
}

void Engine::Impl::beginRead(BlockIndex block, uint32_t bytes) {
  arena->beginRead(block);
  bracketOpen[block] = true;
  if (!spec.proveOverwritten) return;
  const bool whole = proof.look(block, arena->data(block), bytes);
  {
    std::lock_guard guard(lock);
    counted.overwritten = proof.count();
  }
  if (whole) return;
  throw CoreError(Fault{EIO, "", "",
                        "The device reported a block as done that it had not written everywhere: " +
                            std::to_string(proof.count().staleBytes) +
                            " bytes were as before. It can't use this memory directly. Choose "
                            "another memory."});
}

// Each consumer's lease was taken before; those who decline give it back here.
void Engine::Impl::offer(const HeaderPtr& header, const ConsumerList& to) {
  uint32_t declined = 0;
  for (const auto& consumer : to)
    if (!consumer->offer(header, arena->data(header->block))) ++declined;
  if (declined == 0) return;
  std::unique_ptr<Arena> gone;
  {
    std::lock_guard guard(lock);
    while (declined-- > 0) gone = giveBack(header->block);
  }
  freeMemory(std::move(gone));
}

// Takes back every block. What had completed before the source was disabled is delivered.
void Engine::Impl::drain(Fault& fault) {
  std::vector<Completion> done(pool.queuedCount());
  size_t count = 0;
  transport->disable(done, count);
  Fault late = take({done.data(), count}, false);
  if (!fault) fault = late;
  recoverFailed();
  std::lock_guard guard(lock);
  while (pool.queuedCount() > 0) pool.aborted(pool.oldestQueued());
}

void Engine::Impl::finish(const Fault& fault, bool vanished) {
  {
    std::lock_guard guard(lock);
    counted.state = fault ? EngineState::Failed : EngineState::Stopped;
    counted.fault = fault;
    counted.vanished = vanished;
  }
  endConsumers();
  news();
}

void Engine::Impl::endConsumers() {
  std::lock_guard noOffers(publishing);
  std::shared_ptr<const ConsumerList> to;
  {
    std::lock_guard guard(lock);
    if (ended) return;
    ended = true;
    to = consumers;
  }
  for (const auto& consumer : *to) consumer->ended();
}

}  // namespace iio
