#include "pyramid-derived.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simd.h"

namespace iio {
namespace {

constexpr size_t kChunk = kRecordScans;

// Phases are compared by a "diamond angle", which grows with the angle and needs one division: 1 -
// i / (|i| + |q|) with the sign of q. This gives the angle back.
double angleOfDiamond(double diamond) {
  const double i = 1 - std::abs(diamond);
  return std::atan2(std::copysign(1 - std::abs(i), diamond), i);
}

double pairValue(TracePart part, double i, double q) {
  return part == TracePart::Magnitude ? std::sqrt(i * i + q * q) : std::atan2(q, i);
}

struct PairValues {
  double i[kChunk], q[kChunk];
};

void decodePair(const TraceSource& t, const std::byte* scans, size_t stride, size_t count,
                PairValues& out) {
  decodeScaled(t.i, scans, stride, count, t.offset, t.scale, out.i);
  decodeScaled(t.q, scans, stride, count, t.offsetQ, t.scaleQ, out.q);
}

void widen(double& minimum, double& maximum, double low, double high) {
  if (low > high) return;  // nothing but NaN
  if (low < minimum || std::isnan(minimum)) minimum = low;
  if (high > maximum || std::isnan(maximum)) maximum = high;
}

}  // namespace

TraceSource traceSource(const LaneSet& lanes, const TraceSpec& spec) {
  TraceSource t;
  t.part = spec.part;
  t.lane = lanes.laneOf(spec.element, spec.component);
  t.laneQ = t.isPair() ? lanes.laneOf(spec.elementQ, spec.componentQ) : t.lane;
  t.i = lanes[t.lane].format;
  t.q = lanes[t.laneQ].format;
  t.scale = spec.scale;
  t.offset = spec.offset;
  t.scaleQ = spec.scaleQ;
  t.offsetQ = spec.offsetQ;
  return t;
}

void traceValues(const TraceSource& t, const std::byte* scans, size_t stride, size_t count,
                 double* out) {
  if (!t.isPair()) return decodeScaled(t.i, scans, stride, count, t.offset, t.scale, out);
  PairValues pair;
  for (size_t at = 0; at < count; at += kChunk) {
    const size_t n = std::min(kChunk, count - at);
    decodePair(t, scans + at * stride, stride, n, pair);
    for (size_t k = 0; k < n; ++k) out[at + k] = pairValue(t.part, pair.i[k], pair.q[k]);
  }
}

ValueBounds pairBounds(const TraceSource& t, const std::byte* scans, size_t stride, size_t count) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  ValueBounds bounds{none, none, none, none, false};
  PairValues pair;
  for (size_t at = 0; at < count; at += kChunk) {
    const size_t n = std::min(kChunk, count - at);
    decodePair(t, scans + at * stride, stride, n, pair);
    const PairBounds part = t.part == TracePart::Magnitude ? powerBounds(pair.i, pair.q, n)
                                                           : diamondBounds(pair.i, pair.q, n);
    widen(bounds.minimum, bounds.maximum, part.minimum, part.maximum);
    bounds.nan = bounds.nan || part.nan;
    if (at == 0) bounds.first = pairValue(t.part, pair.i[0], pair.q[0]);
    bounds.last = pairValue(t.part, pair.i[n - 1], pair.q[n - 1]);
  }
  const auto back = t.part == TracePart::Magnitude ? [](double x) { return std::sqrt(x); }
                                                   : [](double x) { return angleOfDiamond(x); };
  bounds.minimum = back(bounds.minimum);
  bounds.maximum = back(bounds.maximum);
  return bounds;
}

const LaneSet& derivedLanes() {
  static const LaneSet lanes = LaneSet::derived();
  return lanes;
}

DerivedBuilder::DerivedBuilder(const TraceSource& pair, uint32_t scanBytes, uint32_t grain,
                               uint32_t count)
    : pair_(pair),
      scanBytes_(scanBytes),
      grain_(grain),
      strip_(std::make_shared<StripRecords>(derivedLanes(), count, grain)) {}

void DerivedBuilder::add(const std::byte* scans, uint32_t count) {
  const Lane& lane = derivedLanes()[0];
  for (uint32_t at = 0; at < count; at += kRecordScans, done_ += kRecordScans) {
    const ValueBounds b = pairBounds(pair_, scans + size_t{at} * scanBytes_, scanBytes_,
                                     std::min(kRecordScans, count - at));
    const Record<double> record{b.first, b.minimum, b.maximum, b.last};
    const uint32_t index = done_ / grain_;
    auto& to = strip_->level<double>(lane, 0)[index];
    uint8_t& flag = strip_->nans(lane, 0)[index];
    if (done_ % grain_ == 0) {
      to = record;
      flag = 0;
    } else {
      iio::widen(to, record);
      to.last = record.last;
    }
    flag |= b.nan ? 1 : 0;
  }
}

std::shared_ptr<const StripRecords> DerivedBuilder::finish() {
  strip_->raise(derivedLanes());
  return std::move(strip_);
}

}  // namespace iio
