// Frames: one drawable answer for (traces, range, columns), made in three steps so that no store
// holds its lock while samples are read: plan (records, under the lock), read (samples), finish.
//
// Columns form. Edges are scans; every sample shown belongs to exactly one column.
//   - A column of at least 16 records of a level is snapped to the borders of the highest such
//     level: what it needs lies in few records, which of a long file need not all be in memory.
//     (At least 4 where they would take more than FrameSetup::recordBytes.)
//   - One of fewer than 16 records of 256 scans has exact edges where samples are still there and
//     takes its ragged ends from them; where only records are left its edges are record borders
//     (and there are fewer columns).
//   - At a gap a column ends. Between it and the next stands a column of four NaN whose edges are
//     the first and last lost scan (if none is known to be lost: both half a scan before the next).
//     Where a column would hold several gaps it is cut at the first, and what comes after it within
//     the column is one column: a column asked for becomes four at most.
//   - A column of which a part has neither records nor samples within the work budget is NaN.
//   - Edges depend on the range and on where strips begin alone, not on what is summarised yet.
//
// Samples form, for at most 4 scans a column, if all samples are there: one point a scan, from the
// scan at or before the range to the one at or after it; between two runs a NaN point in the middle
// of the gap.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "pyramid-derived.h"
#include "store.h"
#include "timeline.h"
#include "trigger.h"

namespace iio {

// Samples in place of records (strips not summarised, magnitudes not kept yet) are read up to so
// many scans of a trace in one frame, and not at all if that can't do for all strips; the columns
// without are NaN, and `summarised` is below 1, until the store's own thread has made the records.
inline constexpr int64_t kExtraScans = 4 << 20;

// The samples behind a timeline, for one query.
class StripSamples {
 public:
  virtual ~StripSamples() = default;
  // Whether the samples of the strip are still there.
  virtual bool has(const Strip& strip) const = 0;
  // A scan from which on those of all strips are there up to this one: its first, or before it
  // where more is known at once. INT64_MAX if they are gone.
  virtual int64_t thereFrom(const Strip& strip) const {
    return has(strip) ? strip.scan : INT64_MAX;
  }
  // Scans from `at` on of what `ref` starts; `got` of them, at least one and at most `count`. Null
  // if they are gone or can't be read. Valid until the next call.
  virtual const std::byte* read(const SampleRef& ref, uint32_t at, uint32_t count,
                                uint32_t& got) = 0;
};

struct FrameRange {
  double from = 0, to = 0;  // scans
  bool rolling = false;     // columns keep their place while the range moves on
  bool empty = false;       // nothing to show (no trigger yet)
  int64_t origin = 0;
  double zeroFraction = 0;
  std::optional<TriggerPoint> trigger;
};

struct RangeContext {
  int64_t fromScan = 0, toScan = 0;  // what is summarised
  double rateHz = 0;
  const TriggerRing* triggers = nullptr;
};

// A range in scans. Follow: the newest. Trigger: around the newest trigger with all of its post
// span; automatic: free run (the newest, with the zero where a trigger's would be) once there was
// none for 100 ms or two spans, the longer.
FrameRange resolveRange(const RangeSpec& range, const RangeContext& context);

// Time of a scan from the times that blocks (or captures) have; -1 if not known.
int64_t timeOfScan(const Timeline& timeline, double scan, double rateHz);

// A trace as a store prepared it: `derived` is the number of the lane kept for a pair, 0 if none.
struct FrameTrace {
  TraceSource source;
  uint32_t derived = 0;
};

struct FrameSetup {
  std::shared_ptr<const LaneSet> lanes;
  int timestampLane = -1;
  std::vector<FrameTrace> traces;
  uint32_t columns = 0;
  double rateHz = 0;
  FrameRange range;
  int64_t extraScans = kExtraScans;
  size_t recordBytes = SIZE_MAX;  // the records that one frame may need
};

// Records that a frame would like to have of a strip and that are not there: down to `level`.
// `lane` is the number of the lane kept for a pair, 0 for the strip's own.
struct RecordNeed {
  uint64_t strip = 0;
  uint32_t lane = 0;
  uint32_t level = 0;
};

struct FrameWork;  // frame-builder.h

class FrameBuilder {
 public:
  explicit FrameBuilder(FrameSetup setup);
  ~FrameBuilder();
  // Takes what records give. With the lock on the timeline.
  void plan(const Timeline& timeline, const StripSamples& samples);
  // After plan(): what would spare reading samples, or columns of NaN. Plan anew once it is there.
  const std::vector<RecordNeed>& needs() const;
  // Takes the rest from samples. False if some have gone since: plan anew, or finish with NaN in
  // their place.
  bool read(StripSamples& samples);
  FrameData finish();

 private:
  std::unique_ptr<FrameWork> work_;
};

}  // namespace iio
