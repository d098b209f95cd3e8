#include "pyramid.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "error.h"

namespace iio {

uint32_t recordBytes(KeyType type) {
  return withKey(type,
                 [](auto key) { return static_cast<uint32_t>(sizeof(Record<decltype(key)>)); });
}

LaneSet::LaneSet(const ScanLayout& layout) {
  checkLayout(layout);
  scanBytes_ = layout.scanBytes;
  for (uint32_t e = 0; e < layout.elements.size(); ++e)
    for (uint32_t c = 0; c < layout.elements[e].repeat; ++c)
      add(valueFormat(layout.elements[e], c), e, c);
}

LaneSet LaneSet::derived() {
  ScanElement element;
  element.kind = NumberKind::Float;
  element.storageBits = element.bits = 64;
  ScanLayout layout;
  layout.scanBytes = 8;
  layout.elements.push_back(element);
  return LaneSet(layout);
}

void LaneSet::add(const ValueFormat& format, uint32_t element, uint32_t component) {
  lanes_.push_back({format, element, component, bytes_, nanLanes_});
  bytes_ += recordBytes(format.key);
  if (format.isFloat()) ++nanLanes_;
}

uint32_t LaneSet::laneOf(uint32_t element, uint32_t component) const {
  for (uint32_t i = 0; i < lanes_.size(); ++i)
    if (lanes_[i].element == element && lanes_[i].component == component) return i;
  Fault fault;
  fault.err = EINVAL;
  fault.message = "Scan element " + std::to_string(element) + " has no component " +
                  std::to_string(component) + " in this stream. Choose an enabled channel.";
  throw CoreError(fault);
}

RecordShape::RecordShape(const LaneSet& lanes, uint32_t scans, uint32_t grain)
    : recordBytes_(lanes.bytesPerRecord()), nanLanes_(lanes.nanLanes()) {
  uint32_t count = static_cast<uint32_t>((uint64_t{scans} + grain - 1) / grain);
  do {
    counts_[levels_++] = count;
    if (count <= 1) break;
    count = (count + kFanout - 1) / kFanout;
  } while (levels_ < kLevels);
}

size_t RecordShape::levelBytes(uint32_t level) const {
  return (size_t{counts_[level]} * (recordBytes_ + nanLanes_) + 7) / 8 * 8;
}

uint32_t RecordShape::firstLevel(RecordPart part) const {
  if (part == RecordPart::Coarse) return coarseFrom();
  return part == RecordPart::Middle ? 1 : 0;
}

uint32_t RecordShape::endLevel(RecordPart part) const {
  if (part == RecordPart::Coarse) return levels_;
  return std::min(part == RecordPart::Middle ? 2u : 1u, coarseFrom());
}

size_t RecordShape::partBytes(RecordPart part) const {
  size_t bytes = 0;
  for (uint32_t k = firstLevel(part); k < endLevel(part); ++k) bytes += levelBytes(k);
  return bytes;
}

StripRecords::StripRecords(const LaneSet& lanes, uint32_t scans, uint32_t grain, Empty)
    : RecordShape(lanes, scans, grain), scans_(scans), grain_(grain), held_(levels_) {}

StripRecords::StripRecords(const LaneSet& lanes, uint32_t scans, uint32_t grain,
                           RecordMemory* memory)
    : StripRecords(lanes, scans, grain, Empty{}) {
  for (const RecordPart part : {RecordPart::Coarse, RecordPart::Middle, RecordPart::Fine}) {
    if (!has(part)) continue;
    const size_t bytes = partBytes(part);
    give(part, memory ? memory->take(bytes) : std::make_unique_for_overwrite<std::byte[]>(bytes));
  }
  // What fills a level up goes into files too.
  for (uint32_t k = 0; k < levels_; ++k)
    if (const size_t bytes = levelBytes(k)) std::memset(at_[k] + bytes - 8, 0, 8);
}

void StripRecords::give(RecordPart part, std::shared_ptr<std::byte[]> bytes) {
  parts_[static_cast<size_t>(part)] = std::move(bytes);
  place(part);
}

void StripRecords::place(RecordPart part) {
  std::byte* at = parts_[static_cast<size_t>(part)].get();
  for (uint32_t k = firstLevel(part); k < endLevel(part); ++k) {
    at_[k] = at;
    at += levelBytes(k);
  }
  held_ = firstLevel(part);
}

size_t StripRecords::bytes() const {
  size_t bytes = sizeof *this;
  for (uint32_t k = held_; k < levels_; ++k) bytes += levelBytes(k);
  return bytes;
}

std::shared_ptr<const StripRecords> StripRecords::downTo(RecordPart part) const {
  auto less = std::make_shared<StripRecords>(*this);
  for (size_t p = kRecordParts - 1; p > static_cast<size_t>(part); --p) less->parts_[p].reset();
  for (uint32_t k = 0; k < firstLevel(part); ++k) less->at_[k] = nullptr;
  less->held_ = std::max(held_, firstLevel(part));
  return less;
}

template <typename K>
Record<K> StripRecords::fold(const Lane& lane, uint32_t from, uint32_t to, bool& nan) const {
  const auto* base = level<K>(lane, held_);
  Record<K> sum = neutralRecord<K>();
  sum.first = base[from].first;
  sum.last = base[to - 1].last;
  const auto take = [&](uint32_t at, uint32_t a, uint32_t b) {
    const auto* records = level<K>(lane, at);
    for (uint32_t i = a; i < b; ++i) widen(sum, records[i]);
    if constexpr (std::is_floating_point_v<K>)
      for (uint32_t i = a; i < b; ++i) nan = nan || nans(lane, at)[i] != 0;
  };
  for (uint32_t at = held_; from < to; ++at) {
    const bool toEnd =
        to == counts_[at];  // the record above covers all that is left, short as it may be
    if (at + 1 == levels_ || to - from < kFanout) {
      take(at, from, to);
      break;
    }
    const uint32_t low = (from + kFanout - 1) / kFanout;
    const uint32_t high = toEnd ? counts_[at + 1] : to / kFanout;
    take(at, from, std::min(low * kFanout, to));
    if (!toEnd) take(at, std::max(high * kFanout, from), to);
    from = low;
    to = high;
  }
  return sum;
}

// Records [from, to) as one. Whole records side by side in a vector, whose second and third words
// are of interest: that takes no shuffles.
template <typename K>
static Record<K> foldRecords(const Record<K>* records, uint32_t from, uint32_t to) {
  Record<K> sum = records[from];
  if constexpr (std::is_integral_v<K>) {
    typedef K Quad __attribute__((vector_size(sizeof sum), may_alias, aligned(alignof(K))));
    static_assert(sizeof sum == 4 * sizeof(K));
    Quad low = *reinterpret_cast<const Quad*>(records + from);
    Quad high = low;
    for (uint32_t k = from + 1; k < to; ++k) {
      const Quad x = *reinterpret_cast<const Quad*>(records + k);
      low = x < low ? x : low;
      high = x > high ? x : high;
    }
    sum.min = low[1];
    sum.max = high[2];
  } else {
    for (uint32_t k = from + 1; k < to; ++k) widen(sum, records[k]);
  }
  sum.last = records[to - 1].last;
  return sum;
}

template <typename K>
static void raiseLane(StripRecords& strip, const Lane& lane) {
  for (uint32_t up = 1; up < strip.levels(); ++up) {
    const auto* below = strip.level<K>(lane, up - 1);
    auto* above = strip.level<K>(lane, up);
    for (uint32_t i = 0; i < strip.count(up); ++i) {
      const uint32_t from = i * kFanout;
      const uint32_t to = std::min(from + kFanout, strip.count(up - 1));
      above[i] = foldRecords(below, from, to);
      if constexpr (std::is_floating_point_v<K>) {
        uint8_t any = 0;
        for (uint32_t k = from; k < to; ++k) any |= strip.nans(lane, up - 1)[k];
        strip.nans(lane, up)[i] = any;
      }
    }
  }
}

void StripRecords::raise(const LaneSet& lanes) {
  for (const Lane& lane : lanes.lanes())
    withKey(lane.format.key, [&](auto key) { raiseLane<decltype(key)>(*this, lane); });
}

template Record<int16_t> StripRecords::fold(const Lane&, uint32_t, uint32_t, bool&) const;
template Record<int32_t> StripRecords::fold(const Lane&, uint32_t, uint32_t, bool&) const;
template Record<int64_t> StripRecords::fold(const Lane&, uint32_t, uint32_t, bool&) const;
template Record<float> StripRecords::fold(const Lane&, uint32_t, uint32_t, bool&) const;
template Record<double> StripRecords::fold(const Lane&, uint32_t, uint32_t, bool&) const;

}  // namespace iio
