// Magnitude and phase of two elements: values, bounds of runs, and a pyramid of their own. The
// bounds of a magnitude can't be had from those of I and Q, so a store keeps such a lane from when
// it is first asked for.
#pragma once
#include <memory>

#include "decode.h"
#include "pyramid.h"
#include "store.h"

namespace iio {

// What a trace takes from a scan, prepared. The value of magnitude and phase is that after scaling.
struct TraceSource {
  TracePart part = TracePart::Value;
  ValueFormat i, q;  // q is unused for values
  uint32_t lane = 0, laneQ = 0;
  double scale = 1, offset = 0, scaleQ = 1, offsetQ = 0;
  bool isPair() const { return part != TracePart::Value; }
  double scaled(double raw) const { return (raw + offset) * scale; }
  double scaledQ(double raw) const { return (raw + offsetQ) * scaleQ; }
};

// Throws CoreError (EINVAL) if the layout has no such element.
TraceSource traceSource(const LaneSet& lanes, const TraceSpec& spec);

// Values of any trace, one a scan.
void traceValues(const TraceSource& trace, const std::byte* scans, size_t strideBytes, size_t count,
                 double* out);

// Bounds in the trace's own units; minimum and maximum are NaN if there was nothing but NaN.
struct ValueBounds {
  double first, minimum, maximum, last;
  bool nan;
};
ValueBounds pairBounds(const TraceSource& pair, const std::byte* scans, size_t strideBytes,
                       size_t count);

// Records of a pair over a run of scans, in parts as PyramidBuilder does.
class DerivedBuilder {
 public:
  DerivedBuilder(const TraceSource& pair, uint32_t scanBytes, uint32_t grain, uint32_t count);
  void add(const std::byte* scans,
           uint32_t count);  // each part but the last a multiple of 256 scans
  std::shared_ptr<const StripRecords> finish();

 private:
  TraceSource pair_;
  uint32_t scanBytes_, grain_, done_ = 0;
  std::shared_ptr<StripRecords> strip_;
};

// The lanes of a pyramid of doubles with one lane, as DerivedBuilder makes.
const LaneSet& derivedLanes();

}  // namespace iio
