// Captures: the spans of a stream around the scope trigger's crossings that a recording takes, and
// what it knows of each.
#pragma once
#include <cstdint>
#include <limits>

#include "consumer.h"

namespace iio {

struct CaptureSpec {
  double preScans = 0, postScans = 0;  // before and after the crossing
  int64_t limit = 0;                   // ends after so many; 0: none
};

// One crossing of the scope trigger. Spans may overlap; their blocks are in the files once.
struct Capture {
  int64_t scan = 0;  // the last before the crossing
  double fraction = 0;
  int64_t fromScan = 0, toScan = 0;  // the span, as far as it is recorded; toScan is its end
  // Of the trace, in its units, between the crossing and the one back through the level, or to the
  // end of what is known: of the span, or where a gap or another trigger cut it off (`cut`).
  double peak = std::numeric_limits<double>::quiet_NaN();
  double widthScans = 0;
  bool cut = false;
  int64_t timeNs = 0;  // of the crossing, CLOCK_MONOTONIC, from its block's completion and the rate
};

// What the gate gives its blocks and captures to. Called by one thread at a time.
class CaptureSink {
 public:
  virtual ~CaptureSink() = default;
  // As Consumer::offer; `begins`: the block before it is not recorded, as far as the gate knows.
  virtual bool take(const HeaderPtr& header, const std::byte* data, bool begins) = 0;
  virtual uint32_t held() const = 0;  // leases
  virtual void captured(const Capture& capture) = 0;
  virtual void missed() = 0;  // a crossing whose blocks could not be taken
  virtual void done() = 0;    // no more comes
};

}  // namespace iio
