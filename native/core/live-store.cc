// The thread of a live store: summaries, trigger, lanes for pairs.
#include "live-store.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>

#include "clock.h"
#include "live-store-impl.h"

namespace iio {
namespace {

// A frame may be so much older for it, a sixteenth of the time between two frames.
constexpr std::chrono::milliseconds kNap{1};
// Where fewer may wait, each that does brings the next one nearer to being left out.
constexpr uint32_t kGather = 16;

// At most half of the blocks that the hardware doesn't need wait for summaries; all of them where
// the source waits too.
uint32_t queueLimit(const BlockMemory& memory) {
  const uint32_t blocks = memory.blockCount();
  if (memory.waitsForBlocks()) return blocks;
  const uint32_t queued = std::min(memory.queuedBlocks(), blocks);
  return std::max((blocks - queued) / 2, 1u);
}

}  // namespace

MemoryStore::MemoryStore(std::unique_ptr<BlockMemory> memory, double rateHz, uint64_t pyramidBytes)
    : memory_(std::move(memory)),
      layout_(memory_->layout()),
      lanes_(std::make_shared<const LaneSet>(layout_)),
      rateHz_(rateHz),
      ring_(lanes_, pyramidBytes),
      builder_(lanes_, kRecordScans, RecordMemory::create()),
      limit_(queueLimit(*memory_)) {
  thread_ = std::thread([this] { run(); });
}

void MemoryStore::run() {
  pthread_setname_np(pthread_self(), "iio-summaries");
  cpu_.begin();
  do {
    bool worked = false;
    while (work()) {
      worked = true;
      tellNews();
    }
    if (!worked) brisk_ = false;
  } while (sleep());
  cpu_.end();
}

// Until there may be work. False once the thread is to end. To fall asleep and be woken for each
// block costs more than a short block's summary: where they come fast they gather for a nap.
bool MemoryStore::sleep() {
  std::unique_lock lock(wakeMutex_);
  napping_ = brisk_;
  // Also now and then: pairs nobody asks for any more are given up.
  const std::chrono::nanoseconds most = napping_ ? kNap : std::chrono::seconds(1);
  waker_.wait_for(lock, most, [&] { return awake_ || stopping_; });
  awake_ = napping_ = false;
  return !stopping_;
}

// One piece of work, the most urgent first. False if there was none.
bool MemoryStore::work() {
  {
    std::lock_guard lock(wakeMutex_);
    if (stopping_) return false;
  }
  const bool over = ended_;  // then the queue holds all there will be
  BlockQueue::Entry entry;
  if (queue_.pop(entry)) {
    take(entry);
    return true;
  }
  if (over) followers_.end();
  if (ended_ && searchHistory()) return true;
  const auto dropped = derived_.dropped(DerivedLanes::Clock::now());
  if (!dropped.empty()) ring_.forgetDerived(dropped);
  return fillDerived();
}

Strip MemoryStore::stripOf(const HeaderPtr& header, const Segment& segment) const {
  Strip strip;
  strip.scan = segment.scan;
  strip.sample = segment.sample;
  strip.scans = segment.scanCount;
  strip.hasGap = segment.hasGap;
  strip.gap = segment.gap;
  strip.timeNs = header->timeNs;
  strip.timeScan = header->endScan();
  strip.samples = {header, segment.offsetScans};
  return strip;
}

// A slow stream's blocks hold few scans each, and its pool a short time: its samples are copied, so
// that a long view can be zoomed to single samples. By the rate set, or as measured if none is.
bool MemoryStore::slow(const BlockHeader& header) {
  constexpr double kBytesPerSecond = 1e6;
  if (memory_->waitsForBlocks()) return false;
  if (rateHz_ > 0) return rateHz_ * layout_.scanBytes <= kBytesPerSecond;
  const Pace now{header.timeNs, header.endScan()};
  if (!firstPace_) firstPace_ = now;
  const double seconds = static_cast<double>(now.timeNs - firstPace_->timeNs) * 1e-9;
  const auto scans = static_cast<double>(now.endScan - firstPace_->endScan);
  return seconds > 0 && scans * layout_.scanBytes <= kBytesPerSecond * seconds;
}

std::shared_ptr<const std::byte[]> MemoryStore::copyOf(const std::byte* scans,
                                                       uint32_t count) const {
  const size_t bytes = size_t{count} * layout_.scanBytes;
  auto copy = std::make_shared<std::byte[]>(bytes);
  std::memcpy(copy.get(), scans, bytes);
  return copy;
}

void MemoryStore::summarise(Strip& strip, const std::byte* scans,
                            const std::vector<DerivedLanes::Lane>& pairs) {
  strip.records = builder_.build(scans, strip.scans);
  for (const auto& pair : pairs) {
    DerivedBuilder derived(pair.source, layout_.scanBytes, kRecordScans, strip.scans);
    derived.add(scans, strip.scans);
    strip.derived.push_back({pair.id, derived.finish()});
  }
}

void MemoryStore::searchStrip(const Strip& strip, const std::byte* scans) {
  if (!search_) return;
  if (strip.hasGap || strip.scan != searchedTo_) search_->disarm();
  search_->search(scans, strip.scans, strip.scan, strip.records.get(), found_);
  searchedTo_ = strip.end();
}

void MemoryStore::take(const BlockQueue::Entry& entry) {
  adoptTrigger();
  const auto pairs = derived_.kept();
  const BlockHeader& header = *entry.header;
  std::vector<Strip> strips;
  found_.clear();
  searched_.clear();
  foundAt_.clear();
  for (const Segment& segment : header.segments) {
    if (segment.scanCount == 0) continue;
    Strip strip = stripOf(entry.header, segment);
    if (entry.data != nullptr) {
      const std::byte* scans = entry.data + size_t{segment.offsetScans} * layout_.scanBytes;
      summarise(strip, scans, pairs);
      const size_t before = found_.size();
      searchStrip(strip, scans);
      searched_.push_back({&segment, scans, strip.records.get(), {}});
      foundAt_.push_back(before);
      if (slow(header)) strip.samples.copy = copyOf(scans, strip.scans);
    }
    strips.push_back(std::move(strip));
  }
  tellFollowers(entry.header);
  if (entry.data != nullptr) {
    memory_->release(header.block);
    queue_.done();
  }
  for (Strip& strip : strips)  // one that goes back in time can't be placed
    if (strip.scan >= ring_.timeline().toScan()) ring_.append(std::move(strip));
  brisk_ =
      limit_ >= kGather && header.timeNs - newestTimeNs_ < std::chrono::nanoseconds(kNap).count();
  newestTimeNs_ = header.timeNs;
  if (entry.data != nullptr) {
    const int64_t now = monotonicNs();
    toSummary_.add(now - header.timeNs, now);
  }
  ring_.trim(*memory_);
  limit_ = queueLimit(*memory_);
}

// What a trigger found that was changed meanwhile is of no interest.
void MemoryStore::tellFollowers(const HeaderPtr& header) {
  bool asSet = false;
  {
    std::lock_guard lock(triggerMutex_);
    asSet = !triggerChanged_;
    if (asSet)
      for (const Crossing& crossing : found_) triggers_.push(crossing);
  }
  for (size_t i = 0; asSet && i < searched_.size(); ++i) {
    const size_t end = i + 1 < foundAt_.size() ? foundAt_[i + 1] : found_.size();
    searched_[i].found = {found_.data() + foundAt_[i], end - foundAt_[i]};
  }
  followers_.searched(header, asSet ? search_.get() : nullptr, searched_);
}

void MemoryStore::follow(std::shared_ptr<TriggerFollower> follower) {
  {
    std::lock_guard lock(wakeMutex_);
    if (!stopping_) {
      followers_.add(std::move(follower));
      awake_ = true;
      waker_.notify_one();
      return;
    }
  }
  follower->ended();
}

void MemoryStore::adoptTrigger() {
  std::lock_guard lock(triggerMutex_);
  if (!triggerChanged_) return;
  triggerChanged_ = false;
  search_ = std::move(nextSearch_);
  searchedTo_ = -1;
}

// After the end of the stream a changed trigger is searched for over all that is still there, so
// that its level can be set on frozen data.
bool MemoryStore::searchHistory() {
  {
    std::lock_guard lock(triggerMutex_);
    if (!triggerChanged_) return false;
  }
  adoptTrigger();
  if (!search_) return true;
  BlockSamples samples(memory_.get(), layout_.scanBytes);
  TriggerRing fresh;
  const Timeline& timeline = ring_.timeline();
  for (uint64_t i = timeline.begin(); i < timeline.end(); ++i) {
    {
      std::scoped_lock lock(triggerMutex_, wakeMutex_);
      if (triggerChanged_ || stopping_) return true;
    }
    const Strip& strip = timeline[i];
    uint32_t got = 0;
    const std::byte* scans = samples.read(strip.samples, 0, strip.scans, got);
    if (scans == nullptr) continue;
    found_.clear();
    searchStrip(strip, scans);
    for (const Crossing& crossing : found_) fresh.push(crossing);
  }
  std::lock_guard lock(triggerMutex_);
  if (!triggerChanged_) triggers_ = std::move(fresh);
  return true;
}

// Lanes kept for pairs, for strips that were there before they were asked for: newest first, one
// strip at a time.
bool MemoryStore::fillDerived() {
  const Timeline& timeline = ring_.timeline();
  const auto pairs = derived_.kept();
  std::erase_if(filledDownTo_, [&](const auto& filled) {
    return std::none_of(pairs.begin(), pairs.end(), [&](auto& p) { return p.id == filled.first; });
  });
  std::optional<BlockSamples> samples;
  for (const auto& pair : pairs) {
    auto filled = std::find_if(filledDownTo_.begin(), filledDownTo_.end(),
                               [&](const auto& f) { return f.first == pair.id; });
    if (filled == filledDownTo_.end())
      filled = filledDownTo_.insert(filledDownTo_.end(), {pair.id, timeline.end()});
    while (filled->second > timeline.begin()) {
      if (!samples) samples.emplace(memory_.get(), layout_.scanBytes);
      if (fillStrip(pair, --filled->second, *samples)) return true;
    }
  }
  return false;
}

bool MemoryStore::fillStrip(const DerivedLanes::Lane& pair, uint64_t index, BlockSamples& samples) {
  const Strip& strip = ring_.timeline()[index];
  if (strip.derivedRecords(pair.id) != nullptr || !samples.has(strip)) return false;
  uint32_t got = 0;
  const std::byte* scans = samples.read(strip.samples, 0, strip.scans, got);
  if (scans == nullptr) return false;
  DerivedBuilder derived(pair.source, layout_.scanBytes, kRecordScans, strip.scans);
  derived.add(scans, strip.scans);
  ring_.setDerived(index, pair.id, derived.finish());
  return true;
}

void MemoryStore::tellNews() {
  std::lock_guard lock(newsMutex_);
  if (news_) news_();
}

void MemoryStore::shutdown() noexcept {
  {
    std::lock_guard lock(wakeMutex_);
    stopping_ = true;
    waker_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  followers_.end();
  for (const auto& entry : queue_.close()) memory_->release(entry.header->block);
  const auto use = useLock_.write();
  open_ = false;
}

std::shared_ptr<LiveStore> createLiveStore(std::unique_ptr<BlockMemory> memory, double rateHz,
                                           uint64_t pyramidBytes) {
  return std::make_shared<MemoryStore>(std::move(memory), rateHz, pyramidBytes);
}

}  // namespace iio
