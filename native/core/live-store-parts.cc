// The parts of a live store: samples in blocks, the queue, the ring of strips.
#include <algorithm>

#include "live-store.h"

namespace iio {

BlockSamples::BlockSamples(BlockMemory* memory, uint32_t scanBytes)
    : memory_(memory), scanBytes_(scanBytes) {}

BlockSamples::~BlockSamples() { release(); }

void BlockSamples::release() {
  if (leased_) memory_->release(leased_->block);
  leased_.reset();
}

bool BlockSamples::has(const Strip& strip) const {
  if (strip.samples.copy) return true;
  return memory_ != nullptr && strip.samples.header != nullptr &&
         memory_->holds(*strip.samples.header);
}

int64_t BlockSamples::thereFrom(const Strip& strip) const {
  if (strip.samples.copy) return strip.scan;
  if (memory_ == nullptr || !strip.samples.header) return INT64_MAX;
  const int64_t from = memory_->unbrokenFrom(strip.samples.header);
  return from == INT64_MAX ? from : std::min(from, strip.scan);
}

const std::byte* BlockSamples::read(const SampleRef& ref, uint32_t at, uint32_t count,
                                    uint32_t& got) {
  got = count;
  if (ref.copy) return ref.copy.get() + size_t{at} * scanBytes_;
  if (memory_ == nullptr || !ref.header) return nullptr;
  if (leased_ != ref.header) {
    release();
    if (!memory_->tryLease(ref.header)) return nullptr;
    leased_ = ref.header;
  }
  const size_t scan = static_cast<size_t>(ref.start) + at;
  return memory_->data(ref.header->block) + scan * scanBytes_;
}

BlockQueue::Pushed BlockQueue::push(const HeaderPtr& header, const std::byte* data,
                                    uint32_t limit) {
  std::lock_guard lock(mutex_);
  if (closed_) return {};
  if (leased_ < limit) {
    entries_.push_back({header, data});
    ++leased_;
    return {.taken = true, .crowded = 4 * leased_ >= limit};
  }
  ++refused_;
  if (entries_.size() < limit + kNoted) entries_.push_back({header, nullptr});
  return {.taken = false, .crowded = true};
}

bool BlockQueue::pop(Entry& entry) {
  std::lock_guard lock(mutex_);
  if (entries_.empty()) return false;
  entry = std::move(entries_.front());
  entries_.pop_front();
  return true;
}

void BlockQueue::done() {
  std::lock_guard lock(mutex_);
  --leased_;
}

bool BlockQueue::empty() const {
  std::lock_guard lock(mutex_);
  return entries_.empty();
}

uint64_t BlockQueue::refused() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

std::deque<BlockQueue::Entry> BlockQueue::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  std::deque<Entry> left;
  for (Entry& entry : entries_)
    if (entry.data != nullptr) left.push_back(std::move(entry));
  entries_.clear();
  leased_ -= static_cast<uint32_t>(left.size());
  return left;
}

StripRing::StripRing(std::shared_ptr<const LaneSet> lanes, uint64_t budgetBytes)
    : lanes_(lanes), budget_(budgetBytes), timeline_(std::move(lanes), kRecordScans) {}

const Timeline& StripRing::forRange(double from, double to,
                                    std::unique_ptr<Timeline>& merged) const {
  constexpr uint64_t kMost = 65536;
  const auto ringFrom = static_cast<double>(timeline_.fromScan());
  const bool aside = kept_ && !kept_->empty() && from < ringFrom &&
                     from < static_cast<double>(kept_->toScan()) &&
                     to > static_cast<double>(kept_->fromScan());
  if (!aside) return timeline_;
  if (to <= ringFrom) return *kept_;
  merged = std::make_unique<Timeline>(lanes_, kRecordScans);
  for (const Timeline* part : {static_cast<const Timeline*>(kept_.get()), &timeline_}) {
    const auto first = part->find(static_cast<int64_t>(std::max(from, 0.0)));
    const auto end = std::min(part->end(), first + kMost);
    for (uint64_t i = first; i < end && static_cast<double>((*part)[i].scan) <= to; ++i)
      merged->append((*part)[i]);
  }
  return *merged;
}

void StripRing::append(Strip strip) {
  const auto lock = lock_.write();
  timeline_.append(std::move(strip));
}

void StripRing::setDerived(uint64_t index, uint32_t id,
                           std::shared_ptr<const StripRecords> records) {
  const auto lock = lock_.write();
  timeline_.setDerived(index, id, std::move(records));
}

void StripRing::forgetDerived(const std::vector<uint32_t>& ids) {
  const auto lock = lock_.write();
  for (const uint32_t id : ids) timeline_.forgetDerived(id);
}

int64_t StripRing::oldestCopy() const {
  const uint64_t index = std::max(firstCopy_, timeline_.begin());
  if (index >= timeline_.end() || !timeline_[index].samples.copy) return -1;
  return timeline_[index].scan;
}

void StripRing::trimCopies() {
  while (timeline_.copyBytes() > budget_ / 2) {
    const auto lock = lock_.write();
    firstCopy_ = std::max(firstCopy_, timeline_.begin());
    timeline_.dropCopy(firstCopy_++);
  }
}

void StripRing::trim(BlockMemory& memory) {
  trimCopies();
  while (timeline_.bytes() > budget_ && timeline_.end() - timeline_.begin() > 1) {
    const Strip& oldest = timeline_[timeline_.begin()];
    const Strip& newest = timeline_[timeline_.end() - 1];
    // Records of plain history stay whatever they take: it is a small part of what its samples
    // take.
    const uint64_t age = newest.samples.header->sequence - oldest.samples.header->sequence;
    const bool there = memory.holds(*oldest.samples.header);
    if (there && age < memory.blockCount()) break;
    const auto lock = lock_.write();
    if (there) {
      if (!kept_) kept_ = std::make_unique<Timeline>(lanes_, kRecordScans);
      kept_->append(oldest);
    }
    timeline_.dropFront();
  }
  constexpr std::chrono::milliseconds kEvery{50};
  const auto now = std::chrono::steady_clock::now();
  if (!kept_ || now - pruned_ < kEvery) return;
  pruned_ = now;
  pruneKept(memory);
}

// Strips kept aside whose pin has gone go: from the front at once, for that is how pins give way;
// the others when they are half of all, so that what stays is not moved for each of them.
void StripRing::pruneKept(const BlockMemory& memory) {
  const auto gone = [&](uint64_t i) { return !memory.holds(*(*kept_)[i].samples.header); };
  {
    uint64_t front = kept_->begin();
    while (front < kept_->end() && gone(front)) ++front;
    if (front > kept_->begin()) {
      const auto lock = lock_.write();
      while (kept_->begin() < front) kept_->dropFront();
    }
  }
  uint64_t count = 0;
  for (uint64_t i = kept_->begin(); i < kept_->end(); ++i) count += gone(i);
  if (2 * count < kept_->end() - kept_->begin()) return;
  auto left = std::make_unique<Timeline>(lanes_, kRecordScans);
  for (uint64_t i = kept_->begin(); i < kept_->end(); ++i)
    if (!gone(i)) left->append((*kept_)[i]);
  if (left->empty()) left.reset();
  const auto lock = lock_.write();
  kept_ = std::move(left);
}

}  // namespace iio
