// The parts of a live store: samples in blocks, the queue, the ring of strips.
#include <algorithm>

#include "live-store.h"

namespace iio {

BlockSamples::BlockSamples(BlockMemory* memory, uint32_t scanBytes)
    : memory_(memory), scanBytes_(scanBytes) {
  if (memory_ == nullptr) return;
  const auto history = memory_->history();
  if (!history.empty()) oldest_ = history.front()->firstScan();
  sequences_.reserve(history.size());
  for (const auto& header : history) sequences_.push_back(header->sequence);
  if (!std::is_sorted(sequences_.begin(), sequences_.end()))
    std::sort(sequences_.begin(), sequences_.end());
}

BlockSamples::~BlockSamples() { release(); }

void BlockSamples::release() {
  if (leased_) memory_->release(leased_->block);
  leased_.reset();
}

bool BlockSamples::inHistory(uint64_t sequence) const {
  return std::binary_search(sequences_.begin(), sequences_.end(), sequence);
}

bool BlockSamples::has(const Strip& strip) const {
  if (strip.samples.copy) return true;
  return strip.samples.header != nullptr && inHistory(strip.samples.header->sequence);
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

bool BlockQueue::push(const HeaderPtr& header, const std::byte* data, uint32_t limit) {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  if (leased_ < limit) {
    entries_.push_back({header, data});
    ++leased_;
    return true;
  }
  ++refused_;
  if (entries_.size() < limit + kNoted) entries_.push_back({header, nullptr});
  return false;
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
  const bool before = kept_ && !kept_->empty() &&
                      from < static_cast<double>(timeline_.fromScan()) &&
                      to > static_cast<double>(kept_->fromScan());
  if (!before || from >= static_cast<double>(kept_->toScan())) return timeline_;
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

bool StripRing::held(const Strip& strip) const {
  const uint64_t sequence = strip.samples.header->sequence;
  return sequence > history_->newest() || history_->inHistory(sequence);
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
  constexpr std::chrono::milliseconds kEvery{50};
  if (timeline_.bytes() <= budget_ && !kept_) return;
  const auto now = std::chrono::steady_clock::now();
  const bool renew = !history_ || now - historyTime_ >= kEvery;
  if (renew) {
    history_.emplace(&memory, lanes_->scanBytes());
    historyTime_ = now;
  }
  while (timeline_.bytes() > budget_ && timeline_.end() - timeline_.begin() > 1) {
    const Strip& oldest = timeline_[timeline_.begin()];
    const Strip& newest = timeline_[timeline_.end() - 1];
    // Records of plain history stay whatever they take: it is a small part of what its samples
    // take.
    const uint64_t age = newest.samples.header->sequence - oldest.samples.header->sequence;
    const bool there = held(oldest);
    if (there && age < memory.blockCount()) break;
    const auto lock = lock_.write();
    if (there) {
      if (!kept_) kept_ = std::make_unique<Timeline>(lanes_, kRecordScans);
      kept_->append(oldest);
    }
    timeline_.dropFront();
  }
  if (renew && kept_) pruneKept();
}

// Strips kept aside whose pin has gone go.
void StripRing::pruneKept() {
  auto left = std::make_unique<Timeline>(lanes_, kRecordScans);
  for (uint64_t i = kept_->begin(); i < kept_->end(); ++i)
    if (held((*kept_)[i])) left->append((*kept_)[i]);
  if (left->end() == kept_->end() - kept_->begin()) return;
  if (left->empty()) left.reset();
  const auto lock = lock_.write();
  kept_ = std::move(left);
}

}  // namespace iio
