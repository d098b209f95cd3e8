// The pyramid of one strip (a run of scans without a gap): a record {first, min, max, last} per
// lane and `grain` scans, with levels of ×16 above, up to one record for the whole strip. The last
// record of a level may be short. Levels lie in three parts, so that of a long file the fine ones
// need not be in memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "decode.h"
#include "layout.h"
#include "record-memory.h"

namespace iio {

inline constexpr uint32_t kRecordScans = 256;
inline constexpr uint32_t kFanout = 16;

// K is the key type: int16_t, int32_t, int64_t, float or double. NaN is left out of min and max;
// both are NaN if there was nothing else. `first` and `last` are those of the samples, NaN or not.
template <typename K>
struct Record {
  K first, min, max, last;
};

template <typename K>
inline bool isNumber(K x) {
  return x == x;
}

// Minimum and maximum of `b` into `a`.
template <typename K>
inline void widen(Record<K>& a, const Record<K>& b) {
  if (b.min < a.min || !isNumber(a.min)) a.min = b.min;
  if (b.max > a.max || !isNumber(a.max)) a.max = b.max;
}

// What takes no part: `widen` by it changes nothing.
template <typename K>
inline Record<K> neutralRecord() {
  using L = std::numeric_limits<K>;
  if constexpr (std::is_floating_point_v<K>) {
    return {L::quiet_NaN(), L::quiet_NaN(), L::quiet_NaN(), L::quiet_NaN()};
  } else {
    return {0, L::max(), L::min(), 0};
  }
}

// Calls `use(K{})` with the type that stores keys of this kind.
template <typename Use>
inline decltype(auto) withKey(KeyType type, Use&& use) {
  switch (type) {
    case KeyType::I16:
      return use(int16_t{});
    case KeyType::I32:
      return use(int32_t{});
    case KeyType::I64:
      return use(int64_t{});
    case KeyType::F32:
      return use(float{});
    default:
      return use(double{});
  }
}

uint32_t recordBytes(KeyType type);

struct Lane {
  ValueFormat format;
  uint32_t element = 0, component = 0;
  uint32_t bytesBefore = 0;  // of the records of lanes before this one, per record
  uint32_t nanIndex = 0;     // among lanes that can hold a NaN
};

// The lanes of a layout, one for each component of each element; immutable.
class LaneSet {
 public:
  explicit LaneSet(const ScanLayout& layout);
  // A single lane of doubles, for what is derived from two elements.
  static LaneSet derived();

  const std::vector<Lane>& lanes() const { return lanes_; }
  size_t size() const { return lanes_.size(); }
  const Lane& operator[](size_t i) const { return lanes_[i]; }
  // Throws CoreError (EINVAL) if the layout has no such component.
  uint32_t laneOf(uint32_t element, uint32_t component) const;
  uint32_t scanBytes() const { return scanBytes_; }
  uint32_t bytesPerRecord() const { return bytes_; }  // of all lanes
  uint32_t nanLanes() const { return nanLanes_; }

 private:
  void add(const ValueFormat& format, uint32_t element, uint32_t component);
  std::vector<Lane> lanes_;
  uint32_t scanBytes_ = 0, bytes_ = 0, nanLanes_ = 0;
};

// The parts of a strip's records. Coarse: the levels from 2 up, or the top one alone where there
// are fewer. Middle: level 1. Fine: level 0. A low strip has no middle, or neither.
enum class RecordPart : uint8_t { Coarse, Middle, Fine };
inline constexpr uint32_t kRecordParts = 3;
inline constexpr uint32_t kCoarseLevel = 2;

// How many records a strip has, and what they take: lane after lane, then a byte for each that says
// whether it held a NaN (float lanes only), each level filled up to a multiple of 8 bytes. The same
// in memory and in the side index (docs/index.md).
class RecordShape {
 public:
  RecordShape(const LaneSet& lanes, uint32_t scans, uint32_t grain);

  uint32_t levels() const { return levels_; }
  uint32_t count(uint32_t level) const { return counts_[level]; }
  uint32_t coarseFrom() const { return levels_ > kCoarseLevel ? kCoarseLevel : levels_ - 1; }
  bool has(RecordPart part) const { return firstLevel(part) < endLevel(part); }
  size_t levelBytes(uint32_t level) const;
  size_t partBytes(RecordPart part) const;

  // Levels [firstLevel, endLevel) make up a part.
  uint32_t firstLevel(RecordPart part) const;
  uint32_t endLevel(RecordPart part) const;

  static constexpr uint32_t kLevels = 9;

 protected:
  uint32_t levels_ = 0;
  uint32_t counts_[kLevels] = {};
  uint32_t recordBytes_, nanLanes_;
};

class StripRecords : public RecordShape {
 public:
  // With room for every level, not set; from `memory` if there is one.
  StripRecords(const LaneSet& lanes, uint32_t scans, uint32_t grain,
               RecordMemory* memory = nullptr);
  // Without any: for give().
  struct Empty {};
  StripRecords(const LaneSet& lanes, uint32_t scans, uint32_t grain, Empty);

  uint32_t scans() const { return scans_; }
  uint32_t grain() const { return grain_; }
  // The lowest level that is there; all above it are. levels() if there is none.
  uint32_t held() const { return held_; }
  int64_t heldGrain() const { return int64_t{grain_} << (4 * held_); }  // scans of its records
  size_t bytes() const;

  // Takes the bytes of a part; coarse first, then middle, then fine. They must not change any more.
  void give(RecordPart part, std::shared_ptr<std::byte[]> bytes);
  const std::byte* part(RecordPart part) const { return parts_[static_cast<size_t>(part)].get(); }
  // The same without what lies below the part.
  std::shared_ptr<const StripRecords> downTo(RecordPart part) const;

  template <typename K>
  Record<K>* level(const Lane& lane, uint32_t index) {
    return reinterpret_cast<Record<K>*>(at_[index] + size_t{lane.bytesBefore} * counts_[index]);
  }
  template <typename K>
  const Record<K>* level(const Lane& lane, uint32_t index) const {
    return const_cast<StripRecords*>(this)->level<K>(lane, index);
  }
  uint8_t* nans(const Lane& lane, uint32_t index) {
    return reinterpret_cast<uint8_t*>(at_[index]) +
           (size_t{recordBytes_} + lane.nanIndex) * counts_[index];
  }
  const uint8_t* nans(const Lane& lane, uint32_t index) const {
    return const_cast<StripRecords*>(this)->nans(lane, index);
  }

  // Fills the levels above 0 from level 0.
  void raise(const LaneSet& lanes);

  // Records [from, to) of the lowest level there is as one; `nan` is set if one of them held a NaN.
  // K must be the lane's.
  template <typename K>
  Record<K> fold(const Lane& lane, uint32_t from, uint32_t to, bool& nan) const;

 private:
  void place(RecordPart part);
  uint32_t scans_, grain_, held_;
  std::byte* at_[kLevels] = {};
  std::shared_ptr<std::byte[]> parts_[kRecordParts];
};

// Makes the records of a run of scans. Holds what the vector code needs for the layout; one per
// thread.
class PyramidBuilder {
 public:
  // `memory`: for strips that are kept and go in about the order in which they were made.
  PyramidBuilder(std::shared_ptr<const LaneSet> lanes, uint32_t grain,
                 std::shared_ptr<RecordMemory> memory = nullptr);
  ~PyramidBuilder();

  // All at once.
  std::shared_ptr<StripRecords> build(const std::byte* scans, uint32_t count);

  // Or in parts, each but the last a multiple of 256 scans; `count` in all, or fewer.
  void begin(uint32_t count);
  void add(const std::byte* scans, uint32_t count);
  std::shared_ptr<StripRecords> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iio
