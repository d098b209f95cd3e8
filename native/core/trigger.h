// The scope trigger: a level crossing found over every sample and across block borders, with
// hysteresis.
//
// Rising: armed by a sample that is below the level and at or below level - hysteresis; fires at
// the first sample after that is at or above the level. Falling is its mirror image. A gap or a NaN
// disarms. The crossing lies between the sample that fired and the one before it, by linear
// interpolation.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "pyramid-derived.h"
#include "pyramid.h"
#include "store.h"

namespace iio {

struct Crossing {
  int64_t scan = 0;  // the last before the crossing
  double fraction = 0;
};

class TriggerSearch {
 public:
  // Throws CoreError (EINVAL) if the layout has no such element.
  TriggerSearch(std::shared_ptr<const LaneSet> lanes, const TriggerSpec& spec);
  const std::shared_ptr<const LaneSet>& lanes() const { return lanes_; }
  const TriggerSpec& spec() const { return spec_; }

  // What comes next doesn't continue what was searched.
  void disarm() { armed_ = false; }
  // Searches a strip and appends to `found`. Records, where given, must be those of these scans:
  // they save looking at samples that can't cross.
  void search(const std::byte* scans, uint32_t count, int64_t firstScan,
              const StripRecords* records, std::vector<Crossing>& found);

 private:
  // Least mapped value that fires and greatest that arms; a mapped value grows towards the trigger
  // (falling: turned round). Integers are compared as keys, all else as doubles.
  template <typename V>
  struct Thresholds {
    V fire{}, arm{};
    bool canFire = false, canArm = false;
  };
  struct Run {
    const std::byte* scans;
    int64_t firstScan;
    std::vector<Crossing>* found;
  };

  void setKeyThresholds();
  void setFloatThresholds();
  bool fires(double value) const;
  bool arms(double value) const;
  double valueAt(const std::byte* scans, int64_t index) const;
  void cross(const Run& run, uint32_t index);

  template <typename V, typename Get>
  void searchRun(const Run& run, uint32_t from, uint32_t to, const Thresholds<V>& t, Get get);
  template <typename W>
  void searchKeys(const Run& run, uint32_t count, const StripRecords* records);
  void searchFloats(const Run& run, uint32_t count, const StripRecords* records);
  void searchPairs(const Run& run, uint32_t count, const StripRecords* records);
  bool pairCanCross(const StripRecords& records, uint32_t index) const;

  std::shared_ptr<const LaneSet> lanes_;
  TriggerSpec spec_;
  TraceSource trace_;
  bool turned_ = false;  // mapped values are turned round
  Thresholds<int64_t> keys_;
  Thresholds<double> floats_;
  bool armed_ = false;
  double previous_ = 0;  // value of the last sample searched
};

// The newest crossings and their number. Of older ones every 16th, 256th, … is kept, so that a
// trigger that fires far more often than a view is long still finds one that lies far enough back.
class TriggerRing {
 public:
  explicit TriggerRing(size_t newest = 65536, size_t older = 4096);
  void push(const Crossing& crossing);
  void clear();
  uint64_t total() const { return total_; }
  // The newest of which ceil(scan + fraction + postScans) is a scan before `endScan`.
  std::optional<TriggerPoint> newestComplete(double postScans, int64_t endScan) const;
  // The first after scan `after`, if it is complete in that sense.
  std::optional<TriggerPoint> firstComplete(int64_t after, double postScans, int64_t endScan) const;
  std::optional<TriggerPoint> newest() const;

 private:
  struct Ring {
    size_t limit;
    std::vector<TriggerPoint> points;
    size_t oldest = 0;
    void push(const TriggerPoint& point);
    const TriggerPoint& at(size_t i) const { return points[(oldest + i) % points.size()]; }
  };
  std::vector<Ring> rings_;
  uint64_t total_ = 0;
};

}  // namespace iio
