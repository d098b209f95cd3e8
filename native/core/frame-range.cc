#include <algorithm>
#include <cmath>

#include "frame.h"

namespace iio {
namespace {

FrameRange newest(double scans, const RangeContext& context) {
  FrameRange range;
  range.to = static_cast<double>(context.toScan);
  range.from = range.to - scans;
  range.origin = static_cast<int64_t>(std::floor(range.from));
  range.rolling = true;
  return range;
}

FrameRange freeRun(const TriggerRange& asked, const RangeContext& context) {
  FrameRange range = newest(asked.preScans + asked.postScans, context);
  range.origin = context.toScan - static_cast<int64_t>(std::ceil(asked.postScans));
  range.from = static_cast<double>(range.origin) - asked.preScans;
  range.to = static_cast<double>(range.origin) + asked.postScans;
  range.rolling = false;
  return range;
}

// Whether the last trigger is too long ago to wait for another; it may be one whose post span is
// not complete yet.
bool stale(const TriggerRange& asked, const RangeContext& context) {
  const auto last = context.triggers != nullptr ? context.triggers->newest() : std::nullopt;
  if (!last) return true;
  const double patience = std::max(0.1 * context.rateHz, 2 * (asked.preScans + asked.postScans));
  return static_cast<double>(context.toScan - last->scan) - asked.postScans > patience;
}

FrameRange aroundTrigger(const TriggerRange& asked, const RangeContext& context) {
  std::optional<TriggerPoint> point;
  if (context.triggers != nullptr)
    point = context.triggers->newestComplete(asked.postScans, context.toScan);
  if (asked.automatic && (!point || stale(asked, context))) return freeRun(asked, context);
  FrameRange range;
  range.empty = !point;
  range.trigger = point;
  if (point) {
    range.origin = point->scan;
    range.zeroFraction = point->fraction;
  }
  const double zero = static_cast<double>(range.origin) + range.zeroFraction;
  range.from = zero - asked.preScans;
  range.to = zero + asked.postScans;
  return range;
}

struct Resolve {
  const RangeContext& context;
  FrameRange operator()(const FollowRange& r) const { return newest(r.scans, context); }
  FrameRange operator()(const TriggerRange& r) const { return aroundTrigger(r, context); }
  FrameRange operator()(const FixedRange& r) const {
    FrameRange range;
    range.from = r.fromScan;
    range.to = r.toScan;
    range.origin = static_cast<int64_t>(std::floor(r.fromScan));
    return range;
  }
  FrameRange operator()(const WholeRange&) const {
    FrameRange range;
    range.from = static_cast<double>(context.fromScan);
    range.to = static_cast<double>(context.toScan);
    range.origin = context.fromScan;
    return range;
  }
};

}  // namespace

FrameRange resolveRange(const RangeSpec& range, const RangeContext& context) {
  FrameRange resolved = std::visit(Resolve{context}, range);
  if (!(resolved.to > resolved.from)) resolved.empty = true;
  return resolved;
}

}  // namespace iio
