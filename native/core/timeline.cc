#include "timeline.h"

#include <algorithm>
#include <stdexcept>

namespace iio {

const StripRecords* Strip::derivedRecords(uint32_t id) const {
  for (const DerivedRecords& d : derived)
    if (d.id == id) return d.records.get();
  return nullptr;
}

Timeline::Timeline(std::shared_ptr<const LaneSet> lanes, uint32_t grain)
    : lanes_(std::move(lanes)), grain_(grain) {
  for (const Lane& lane : lanes_->lanes())
    withKey(lane.format.key, [&](auto key) { trees_.emplace_back(LaneTree<decltype(key)>{}); });
}

// What one strip costs beside its records: itself, its header, and its part of the tree.
size_t Timeline::overheadBytes() const {
  return sizeof(Strip) + 256 + size_t{lanes_->bytesPerRecord()} * 3 / 2;
}

size_t Timeline::copyBytesOf(const Strip& strip) const {
  return strip.samples.copy ? size_t{strip.scans} * lanes_->scanBytes() : 0;
}

template <typename K>
static typename LaneTree<K>::Node topOf(const Lane& lane, const StripRecords* records) {
  if (records == nullptr) return {neutralRecord<K>(), false};
  const uint32_t top = records->levels() - 1;
  bool nan = false;
  if constexpr (std::is_floating_point_v<K>) nan = *records->nans(lane, top) != 0;
  return {*records->level<K>(lane, top), nan};
}

void Timeline::appendToTrees(const StripRecords* records) {
  for (size_t i = 0; i < trees_.size(); ++i)
    withKey((*lanes_)[i].format.key, [&](auto key) {
      using K = decltype(key);
      std::get<LaneTree<K>>(trees_[i]).append(topOf<K>((*lanes_)[i], records));
    });
}

void Timeline::append(Strip strip) {
  if (strip.scans == 0 || (!empty() && strip.scan < toScan()))
    throw std::logic_error("strips come in the order of their scans");
  const bool continues = !empty() && strip.scan == toScan();
  if (strip.hasGap || (!empty() && !continues)) {
    Break gap{end(), empty() ? strip.scan : toScan(), strip.scan, std::nullopt};
    if (strip.hasGap) gap.gap = PlacedGap{strip.scan, strip.sample, strip.timeNs, strip.gap};
    breaks_.push_back(gap);
  }
  appendToTrees(strip.records.get());
  scans_ += strip.scans;
  bytes_ += overheadBytes() + copyBytesOf(strip);
  copyBytes_ += copyBytesOf(strip);
  if (strip.records) {
    summarised_ += strip.scans;
    bytes_ += strip.records->bytes();
  } else {
    incomplete_.insert(incomplete_.end(), end());
  }
  for (const DerivedRecords& d : strip.derived) bytes_ += d.records->bytes();
  strips_.push_back(std::move(strip));
}

void Timeline::dropFront() {
  const Strip& strip = strips_.front();
  scans_ -= strip.scans;
  bytes_ -= overheadBytes() + copyBytesOf(strip);
  copyBytes_ -= copyBytesOf(strip);
  if (strip.records) {
    summarised_ -= strip.scans;
    bytes_ -= strip.records->bytes();
  } else {
    incomplete_.erase(base_);
  }
  for (const DerivedRecords& d : strip.derived) bytes_ -= d.records->bytes();
  for (auto& tree : trees_) std::visit([](auto& t) { t.dropFront(); }, tree);
  strips_.pop_front();
  ++base_;
  while (!breaks_.empty() && breaks_.front().strip < base_) breaks_.pop_front();
}

void Timeline::setRecords(uint64_t index, std::shared_ptr<const StripRecords> records) {
  Strip& strip = strips_[index - base_];
  if (strip.records || !records) return;
  for (size_t i = 0; i < trees_.size(); ++i)
    withKey((*lanes_)[i].format.key, [&](auto key) {
      using K = decltype(key);
      std::get<LaneTree<K>>(trees_[i]).set(index, topOf<K>((*lanes_)[i], records.get()));
    });
  summarised_ += strip.scans;
  bytes_ += records->bytes();
  incomplete_.erase(index);
  strip.records = std::move(records);
}

void Timeline::replaceRecords(uint64_t index, std::shared_ptr<const StripRecords> records) {
  auto& now = strips_[index - base_].records;
  bytes_ += records->bytes() - now->bytes();
  now = std::move(records);
}

void Timeline::setDerived(uint64_t index, uint32_t id,
                          std::shared_ptr<const StripRecords> records) {
  if (index < base_ || index >= end()) return;
  Strip& strip = strips_[index - base_];
  if (strip.derivedRecords(id) != nullptr) return;
  bytes_ += records->bytes();
  strip.derived.push_back({id, std::move(records)});
}

void Timeline::replaceDerived(uint64_t index, uint32_t id,
                              std::shared_ptr<const StripRecords> records) {
  for (DerivedRecords& d : strips_[index - base_].derived) {
    if (d.id != id) continue;
    bytes_ += records->bytes() - d.records->bytes();
    d.records = std::move(records);
    return;
  }
}

void Timeline::forgetDerived(uint32_t id) {
  for (Strip& strip : strips_)
    std::erase_if(strip.derived, [&](const DerivedRecords& d) {
      if (d.id == id) bytes_ -= d.records->bytes();
      return d.id == id;
    });
}

void Timeline::dropCopy(uint64_t index) {
  Strip& strip = strips_[index - base_];
  bytes_ -= copyBytesOf(strip);
  copyBytes_ -= copyBytesOf(strip);
  strip.samples.copy.reset();
}

uint64_t Timeline::find(int64_t scan) const {
  const auto it = std::partition_point(strips_.begin(), strips_.end(),
                                       [=](const Strip& strip) { return strip.end() <= scan; });
  return base_ + static_cast<uint64_t>(it - strips_.begin());
}

TimeMark Timeline::timeMark(uint64_t index, int64_t scan) const {
  const Strip& strip = (*this)[index];
  const auto after = std::partition_point(marks_.begin(), marks_.end(),
                                          [=](const TimeMark& mark) { return mark.scan <= scan; });
  if (marks_.empty()) return {strip.timeScan, strip.timeNs};
  return after == marks_.begin() ? marks_.front() : *std::prev(after);
}

size_t Timeline::breakAfter(int64_t scan) const {
  const auto it = std::partition_point(breaks_.begin(), breaks_.end(),
                                       [=](const Break& gap) { return gap.scan <= scan; });
  return static_cast<size_t>(it - breaks_.begin());
}

uint64_t Timeline::incomplete(uint64_t from, uint64_t to) const {
  const auto it = incomplete_.lower_bound(from);
  return it == incomplete_.end() ? to : std::min(*it, to);
}

int64_t Timeline::scansIncomplete(int64_t from, int64_t to) const {
  int64_t sum = 0;
  for (auto it = incomplete_.lower_bound(find(from)); it != incomplete_.end(); ++it) {
    const Strip& strip = (*this)[*it];
    if (strip.scan >= to) break;
    sum += std::min(strip.end(), to) - std::max(strip.scan, from);
  }
  return sum;
}

}  // namespace iio
