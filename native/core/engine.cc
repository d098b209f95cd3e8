#include "engine.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <stdexcept>

#include "engine-impl.h"

namespace iio {

namespace {

CoreError invalid(const char* message) { return CoreError(Fault{EINVAL, "", "", message}); }

EngineSpec checked(EngineSpec spec, const Arena& arena) {
  uint32_t scan = spec.layout.scanBytes;
  if (scan == 0 || spec.payloadBytes < scan || spec.payloadBytes % scan != 0)
    throw invalid(
        "The block size is not a whole number of scans. Choose a multiple of the scan size.");
  if (spec.payloadBytes > arena.allocatedBytes())
    throw invalid("The block size is larger than the memory of a block. Choose a smaller one.");
  if (arena.blockCount() < 2 || spec.queueDepth < 1 || spec.queueDepth >= arena.blockCount())
    throw invalid("The queue takes all blocks. Choose more blocks or a shorter queue.");
  for (uint32_t element : spec.counter)
    if (element >= spec.layout.elements.size() ||
        spec.layout.elements[element].kind == NumberKind::Float)
      throw invalid(
          "The counter names a channel that has no integer samples. Choose another channel.");
  if (spec.layout.timestamp >= static_cast<int>(spec.layout.elements.size()))
    throw invalid("The timestamp is not one of the scan's elements. Enable the timestamp channel.");
  return spec;
}

}  // namespace

Engine::Impl::Impl(EngineSpec given, std::unique_ptr<Arena> memory,
                   std::unique_ptr<Transport> source)
    : spec(checked(std::move(given), *memory)),
      scansPerBlock(spec.payloadBytes / spec.layout.scanBytes),
      arena(std::move(memory)),
      directIo(arena->directIo()),
      transport(std::move(source)),
      waitsForBlocks(transport->waitsForBlocks()),
      wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      pool(arena->blockCount(), spec.queueDepth),
      headers(arena->blockCount()),
      places(arena->blockCount()),
      contents(arena->blockCount()),
      continuity(
          {spec.layout, spec.rateHz, spec.counter, spec.timestampGaps, transport->lossGrade()}),
      proof(arena->blockCount()),
      bracketOpen(arena->blockCount(), false) {
  if (!wake)
    throw CoreError(makeFault(errno, "eventfd", "", "Close other programs and try again."));
  counted.queuedLeast = spec.queueDepth;
  counted.proof = continuity.totals().proof;
  counted.grade = counted.proof.grade;
}

Engine::Engine(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport)
    : impl_(std::make_unique<Impl>(std::move(spec), std::move(arena), std::move(transport))) {}

Engine::~Engine() {
  close();
  // A lease that never came back: its reader may still be at work, so the memory is left to it.
  if (impl_->arena && impl_->pool.leasesHeld() != 0) static_cast<void>(impl_->arena.release());
}

void Engine::addConsumer(std::shared_ptr<Consumer> consumer, int64_t fromScan, int64_t toScan) {
  impl_->add(consumer, fromScan, toScan);
}

void Engine::Impl::add(const std::shared_ptr<Consumer>& consumer, int64_t fromScan,
                       int64_t toScan) {
  std::lock_guard noOffers(publishing);
  std::vector<HeaderPtr> past;
  bool over = false;
  {
    std::lock_guard guard(lock);
    if (std::find(consumers->begin(), consumers->end(), consumer) != consumers->end()) return;
    over = ended || (toScan >= 0 && counted.endScan >= toScan);
    if (fromScan >= 0) past = unbrokenHistory(fromScan, toScan);
    for (const HeaderPtr& header : past) pool.lease(header->block);
    if (!over) {
      auto list = std::make_shared<ConsumerList>(*consumers);
      list->push_back(consumer);
      consumers = std::move(list);
    }
  }
  for (const HeaderPtr& header : past) offer(header, {consumer});
  if (over) consumer->ended();
}

BlockIndex Engine::Impl::firstEndingAfter(int64_t scan) const {
  return pool.history().firstWhere([&](BlockIndex block) { return places[block].end > scan; });
}

BlockIndex Engine::Impl::lastBeginningBefore(int64_t scan) const {
  const PoolHistory& history = pool.history();
  const BlockIndex beyond =
      history.firstWhere([&](BlockIndex block) { return places[block].first >= scan; });
  return beyond == kNoBlock ? history.newest() : history.older(beyond);
}

// Back from the block published last to the one that holds `fromScan`, or to a block that has left
// the history before older ones did because they were leased or pinned: what lies behind such a
// hole can't be joined on. The one published last may itself be gone. A span that has passed joins
// on to nothing: it goes back from the newest of its blocks that is there.
std::vector<HeaderPtr> Engine::Impl::unbrokenHistory(int64_t fromScan, int64_t toScan) const {
  std::vector<HeaderPtr> out;
  const PoolHistory& history = pool.history();
  const bool passed = toScan >= 0 && counted.endScan >= toScan;
  const BlockIndex newest = passed ? lastBeginningBefore(toScan) : history.newest();
  if (newest == kNoBlock) return out;
  const BlockIndex start = history.runStart(newest);
  const size_t most = mostAtOnce();
  for (BlockIndex block = newest; out.size() < most; block = history.older(block)) {
    const HeaderPtr& header = headers[block];
    if (header && header->endScan() <= fromScan) break;
    // Without a header: completed and not yet published, so it is offered with the others.
    if (header) out.push_back(header);
    if (block == start) break;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

// Blocks that a consumer which begins in the history may take at once. With all of them leased the
// next completion would find none to queue, and its own block would be lost.
size_t Engine::Impl::mostAtOnce() const {
  const uint32_t beside = pool.blockCount() - pool.queueDepth();
  if (ended || waitsForBlocks) return beside + pool.queueDepth();
  return beside - std::min({pool.queueDepth(), std::max(beside / 4, 1u), beside - 1});
}

void Engine::removeConsumer(const Consumer* consumer) {
  std::lock_guard guard(impl_->lock);
  auto list = std::make_shared<ConsumerList>(*impl_->consumers);
  std::erase_if(*list, [&](const auto& other) { return other.get() == consumer; });
  impl_->consumers = std::move(list);
}

void Engine::start() {
  std::lock_guard guard(impl_->control);
  impl_->begin();
}

void Engine::stop() noexcept {
  std::lock_guard guard(impl_->control);
  if (!impl_->thread.joinable()) return;
  impl_->stopAsked = true;
  impl_->wakeUp();
  impl_->thread.join();
}

void Engine::close(int64_t deadlineMs) noexcept {
  stop();
  std::lock_guard guard(impl_->control);
  impl_->endConsumers();
  impl_->transport->close();
  std::unique_lock held(impl_->lock);
  if (impl_->counted.state == EngineState::Closed) return;
  impl_->leasesReturned.wait_for(held, std::chrono::milliseconds(deadlineMs),
                                 [&] { return impl_->pool.leasesHeld() == 0; });
  impl_->counted.state = EngineState::Closed;
  impl_->consumers = std::make_shared<ConsumerList>();
  for (BlockIndex block = 0; block < impl_->headers.size(); ++block) impl_->forget(block);
  // Whoever still holds a lease reads this memory: it goes with the last of them.
  if (impl_->pool.leasesHeld() != 0) return;
  std::unique_ptr<Arena> memory = std::move(impl_->arena);
  held.unlock();
  impl_->freeMemory(std::move(memory));
}

// Gigabytes take their time to go: nobody who asks for the counters is to wait for that.
void Engine::Impl::freeMemory(std::unique_ptr<Arena> memory) noexcept {
  for (BlockIndex block = 0; memory && block < bracketOpen.size(); ++block) {
    if (!bracketOpen[block]) continue;
    bracketOpen[block] = false;
    try {
      memory->endRead(block);
    } catch (const CoreError&) {  // the memory goes in any case
    }
  }
}

EngineCounters Engine::counters() const {
  int64_t now = monotonicNs();
  LatencySpread toConsumers = impl_->toConsumers.last(now);
  std::lock_guard guard(impl_->lock);
  EngineCounters out = impl_->counted;
  out.toConsumers = toConsumers;
  out.queued = impl_->pool.queuedCount();
  RateMeter::Rates rates = impl_->rate.at(now);
  out.rateHz = rates.scansPerSecond;
  out.bytesPerSecond = rates.bytesPerSecond;
  out.cpuSeconds = impl_->cpu.seconds();
  return out;
}

std::vector<std::string> Engine::notes() const {
  std::lock_guard guard(impl_->lock);
  return impl_->notes;
}

std::vector<uint8_t> Engine::blockStates() const {
  std::vector<uint8_t> out;
  std::lock_guard guard(impl_->lock);
  impl_->pool.shown(out);
  return out;
}

std::vector<HeaderPtr> Engine::history() const {
  std::vector<HeaderPtr> out;
  std::lock_guard guard(impl_->lock);
  for (BlockIndex block : impl_->pool.readable())
    if (impl_->headers[block]) out.push_back(impl_->headers[block]);
  return out;
}

int64_t Engine::historyFromScan() const {
  std::lock_guard guard(impl_->lock);
  const BlockIndex oldest = impl_->pool.history().oldest();
  const int64_t first = oldest == kNoBlock ? INT64_MAX : impl_->places[oldest].first;
  return first == INT64_MAX ? -1 : first;
}

int64_t Engine::unbrokenFrom(const HeaderPtr& header) const {
  std::lock_guard guard(impl_->lock);
  if (!impl_->stillThere(header)) return INT64_MAX;
  return impl_->places[impl_->pool.history().runStart(header->block)].first;
}

uint32_t Engine::queuedBlocks() const {
  std::lock_guard guard(impl_->lock);
  return impl_->pool.queuedCount();
}

bool Engine::holds(const BlockHeader& header) const {
  return header.block < impl_->contents.size() &&
         impl_->contents[header.block].load(std::memory_order_acquire) == header.sequence + 1;
}

bool Engine::Impl::stillThere(const HeaderPtr& header) const {
  return header && header->block < headers.size() && headers[header->block] == header;
}

void Engine::Impl::forget(BlockIndex block) {
  headers[block] = nullptr;
  places[block] = {};
  contents[block].store(0, std::memory_order_release);
}

bool Engine::tryLease(const HeaderPtr& header) {
  std::lock_guard guard(impl_->lock);
  if (!impl_->stillThere(header)) return false;
  impl_->pool.lease(header->block);
  return true;
}

HeaderPtr Engine::tryLease(uint64_t sequence) {
  std::lock_guard guard(impl_->lock);
  const BlockIndex block = impl_->pool.history().firstWhere(
      [&](BlockIndex other) { return impl_->places[other].published > sequence; });
  if (block == kNoBlock) return nullptr;
  const HeaderPtr& header = impl_->headers[block];
  if (!header || header->sequence != sequence) return nullptr;
  impl_->pool.lease(block);
  return header;
}

void Engine::release(BlockIndex block) noexcept {
  std::unique_ptr<Arena> gone;
  try {
    std::lock_guard guard(impl_->lock);
    gone = impl_->giveBack(block);
  } catch (const std::logic_error&) {
    assert(!"a lease was released twice");
  }
  impl_->freeMemory(std::move(gone));
}

std::unique_ptr<Arena> Engine::Impl::giveBack(BlockIndex block) {
  pool.release(block);
  // Once: the thread finds out by itself whether that was enough.
  if (starved && pool.leases(block) == 0) {
    starved = false;
    wakeUp();
  }
  if (pool.leasesHeld() != 0) return nullptr;
  leasesReturned.notify_all();
  return counted.state == EngineState::Closed ? std::move(arena) : nullptr;
}

const std::byte* Engine::data(BlockIndex block) const { return impl_->arena->data(block); }

const ScanLayout& Engine::layout() const { return impl_->spec.layout; }
uint32_t Engine::blockCount() const { return impl_->pool.blockCount(); }
bool Engine::directIo() const { return impl_->directIo; }

PinId Engine::pin(int64_t& fromScan, int64_t& toScan) {
  std::lock_guard guard(impl_->lock);
  const auto& places = impl_->places;
  const BlockIndex first = impl_->firstEndingAfter(fromScan);
  const BlockIndex last = impl_->lastBeginningBefore(toScan);
  const bool some = first != kNoBlock && last != kNoBlock && places[last].end > fromScan &&
                    places[first].first < toScan;
  if (!some) {
    toScan = fromScan;
    return impl_->pool.pin(kNoBlock, kNoBlock);
  }
  const BlockIndex start = impl_->pool.history().runStart(last);
  fromScan = std::max({fromScan, places[first].first, places[start].first});
  toScan = std::min(toScan, places[last].end);
  return impl_->pool.pin(first, last);
}

void Engine::unpin(PinId pin) {
  std::lock_guard guard(impl_->lock);
  impl_->pool.unpin(pin);
}

std::vector<HeaderPtr> Engine::pinned(PinId pin) const {
  std::lock_guard guard(impl_->lock);
  std::vector<HeaderPtr> out;
  for (BlockIndex block : impl_->pool.pinned(pin))
    if (impl_->headers[block]) out.push_back(impl_->headers[block]);
  return out;
}

HeaderBatch Engine::drainHeaders() {
  std::lock_guard guard(impl_->lock);
  return impl_->log.drain();
}

void Engine::onNews(std::function<void()> listener) {
  std::shared_ptr<const std::function<void()>> held;
  if (listener) held = std::make_shared<const std::function<void()>>(std::move(listener));
  std::lock_guard guard(impl_->lock);
  impl_->listener.swap(held);
}

Transport& Engine::transport() { return *impl_->transport; }

void Engine::Impl::news() {
  std::shared_ptr<const std::function<void()>> call;
  {
    std::lock_guard guard(lock);
    call = listener;
  }
  if (call) (*call)();
}

void Engine::Impl::wakeUp() noexcept {
  uint64_t one = 1;
  // The counter can only be full (EAGAIN), and then the fd is readable anyway.
  if (write(wake.get(), &one, sizeof one) < 0) return;
}

}  // namespace iio
