// Timeline: maps scan indices to strips (where their samples are, which records they have) and to
// the breaks between them, for memory and file alike. A strip is a run of scans without a gap
// inside: a segment of a block, or part of a file. Scan indices count lost scans. Not thread safe:
// its store holds the lock.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "consumer.h"
#include "pyramid-tree.h"
#include "pyramid.h"
#include "store.h"

namespace iio {

// Where the samples of a strip are: in a block of memory, from scan `start` of it on; in a copy
// that holds them and nothing else; or, with neither, in the file.
struct SampleRef {
  HeaderPtr header;
  int64_t start = 0;
  std::shared_ptr<const std::byte[]> copy = nullptr;
};

// Records of a lane derived from two elements, by the number its store gave it.
struct DerivedRecords {
  uint32_t id = 0;
  std::shared_ptr<const StripRecords> records;
};

struct Strip {
  int64_t scan = 0;
  int64_t sample = 0;
  uint32_t scans = 0;
  bool hasGap = false;  // loss before the first scan
  Gap gap;
  int64_t timeNs = -1;  // time of scan `timeScan`; -1 if not known
  int64_t timeScan = 0;
  SampleRef samples;
  std::shared_ptr<const StripRecords> records;  // null: not summarised
  std::vector<DerivedRecords> derived;

  int64_t end() const { return scan + scans; }
  const StripRecords* derivedRecords(uint32_t id) const;
};

// Between two strips that don't continue each other: a gap, or a part of the stream that was never
// summarised and of which no more than its place is known (gap is empty then).
struct Break {
  uint64_t strip = 0;     // the first after it
  int64_t endBefore = 0;  // end of the last scan before it
  int64_t scan = 0;       // first scan after it
  std::optional<PlacedGap> gap;
};

// When a scan was taken, where a file says so.
struct TimeMark {
  int64_t scan = 0;
  int64_t timeNs = 0;
};

class Timeline {
 public:
  Timeline(std::shared_ptr<const LaneSet> lanes, uint32_t grain);

  // Throws std::logic_error unless it comes after all strips so far and is not empty.
  void append(Strip strip);
  void dropFront();
  void setRecords(uint64_t index, std::shared_ptr<const StripRecords> records);
  // In place of those it has, with more levels or fewer.
  void replaceRecords(uint64_t index, std::shared_ptr<const StripRecords> records);
  void setDerived(uint64_t index, uint32_t id, std::shared_ptr<const StripRecords> records);
  void replaceDerived(uint64_t index, uint32_t id, std::shared_ptr<const StripRecords> records);
  void forgetDerived(uint32_t id);
  void dropCopy(uint64_t index);

  // Strips by index, counted from the first ever appended.
  uint64_t begin() const { return base_; }
  uint64_t end() const { return base_ + strips_.size(); }
  bool empty() const { return strips_.empty(); }
  const Strip& operator[](uint64_t index) const { return strips_[index - base_]; }
  int64_t fromScan() const { return empty() ? 0 : strips_.front().scan; }
  int64_t toScan() const { return empty() ? 0 : strips_.back().end(); }
  // The strip that holds the scan or the first after it; end() if there is none. O(log n).
  uint64_t find(int64_t scan) const;

  // Sorted by scan. Where there are any they tell the time instead of the strips.
  void setTimeMarks(std::vector<TimeMark> marks) { marks_ = std::move(marks); }
  // Of the strip, or of the last mark at or before the scan; timeNs is -1 if not known.
  TimeMark timeMark(uint64_t index, int64_t scan) const;

  const std::deque<Break>& breaks() const { return breaks_; }
  // Index of the first break whose scan is after `scan`.
  size_t breakAfter(int64_t scan) const;

  // The first strip in [from, to) without records, or `to`.
  uint64_t incomplete(uint64_t from, uint64_t to) const;
  int64_t scansTotal() const { return scans_; }
  int64_t scansSummarised() const { return summarised_; }
  // Of scans [from, to), those in strips without records.
  int64_t scansIncomplete(int64_t from, int64_t to) const;

  // Strips [from, to) of a lane as one record. K must be the lane's type.
  template <typename K>
  typename LaneTree<K>::Node fold(uint32_t lane, uint64_t from, uint64_t to) const {
    return std::get<LaneTree<K>>(trees_[lane]).fold(from, to);
  }

  const LaneSet& lanes() const { return *lanes_; }
  uint32_t grain() const { return grain_; }
  // Memory of records, copies and of what belongs to them, about; of copies alone.
  size_t bytes() const { return bytes_; }
  size_t copyBytes() const { return copyBytes_; }

 private:
  using AnyTree = std::variant<LaneTree<int16_t>, LaneTree<int32_t>, LaneTree<int64_t>,
                               LaneTree<float>, LaneTree<double>>;
  void appendToTrees(const StripRecords* records);
  size_t overheadBytes() const;
  size_t copyBytesOf(const Strip& strip) const;

  std::shared_ptr<const LaneSet> lanes_;
  uint32_t grain_;
  std::deque<Strip> strips_;
  uint64_t base_ = 0;
  std::deque<Break> breaks_;
  std::vector<TimeMark> marks_;
  std::vector<AnyTree> trees_;
  std::set<uint64_t> incomplete_;
  size_t bytes_ = 0, copyBytes_ = 0;
  int64_t scans_ = 0, summarised_ = 0;
};

}  // namespace iio
