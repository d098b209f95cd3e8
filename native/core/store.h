// SampleStore: one timeline for live, history and file. Whatever draws or measures asks it for (traces, range, columns).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "block.h"
#include "layout.h"

namespace iio {

// value = (raw + offset) × scale; magnitude and phase (radians) of two elements after scaling.
enum class TracePart : uint8_t { Value, Magnitude, Phase };
struct TraceSpec {
  TracePart part = TracePart::Value;
  uint32_t element = 0;
  uint32_t elementQ = 0;
  double scale = 1, offset = 0, scaleQ = 1, offsetQ = 0;
  uint32_t component = 0, componentQ = 0;  // of elements with repeat
  bool operator==(const TraceSpec&) const = default;
};

struct TriggerSpec {
  TraceSpec trace;
  bool rising = true;
  double level = 0;       // in the trace's units
  double hysteresis = 0;  // full width of the band below (rising) or above (falling) the level to arm again
  bool operator==(const TriggerSpec&) const = default;
};

struct TriggerPoint {
  int64_t scan = 0;      // last scan before the crossing
  double fraction = 0;   // 0 … 1, linear interpolation
  uint64_t number = 0;   // from 1
};

struct FollowRange { double scans; };
struct TriggerRange { double preScans, postScans; bool automatic; };
struct FixedRange { double fromScan, toScan; };
struct WholeRange {};
using RangeSpec = std::variant<FollowRange, TriggerRange, FixedRange, WholeRange>;

struct Query {
  std::vector<TraceSpec> traces;
  RangeSpec range;
  uint32_t columns = 1024;
};

struct PlacedGap {
  int64_t scan = 0;    // of the first scan after the gap
  int64_t sample = 0;  // its index among those delivered
  int64_t timeNs = 0;
  Gap gap;
};

struct FrameTraceData {
  std::vector<double> y;  // columns: first, min, max, last each; samples: one each. NaN: nothing to draw
  uint32_t touchesTop = 0, touchesBottom = 0;
  bool hasNaN = false;
};

struct FrameData {
  bool columns = true;
  int64_t originScan = 0;
  double zeroFraction = 0;
  std::vector<double> x;  // columns: first and last scan of each, relative to origin; samples: scan each
  std::vector<double> t;  // seconds from the zero by the timestamp element, same shape as x; empty without one
  int64_t zeroTimeNs = -1;
  bool zeroTimeFromTimestamp = false;
  int64_t newestTimeNs = 0;
  std::vector<FrameTraceData> traces;
  std::vector<PlacedGap> gaps;
  int64_t fromScan = 0, toScan = 0, samplesFromScan = 0;
  std::optional<TriggerPoint> trigger;
  uint64_t triggersTotal = 0;
  double summarised = 1;
};

// Exact samples of one element in the narrowest of these that holds it.
using SampleValues = std::variant<std::vector<int32_t>, std::vector<uint32_t>, std::vector<int64_t>,
                                  std::vector<uint64_t>, std::vector<double>>;

class SampleStore {
 public:
  virtual ~SampleStore() = default;
  // Both may be called from any thread that may block for a short read of memory or file. Throw CoreError.
  virtual FrameData query(const Query& query) = 0;
  // Samples from `fromScan` on, up to `count`, ending before the next gap; `fromScan` is moved to the first one given.
  virtual SampleValues samples(uint32_t element, int64_t& fromScan, uint32_t count) = 0;
};

}  // namespace iio
