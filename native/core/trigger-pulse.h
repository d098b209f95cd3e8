// The pulse behind a scope trigger's crossing: how far the trace goes before it comes back through
// the level, and how long that takes. From every sample.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>

#include "pyramid-derived.h"
#include "pyramid.h"
#include "store.h"
#include "trigger.h"

namespace iio {

struct Pulse {
  double peak = std::numeric_limits<double>::quiet_NaN();  // in the trace's units
  double widthScans = 0;  // between the crossings, by linear interpolation
  bool cut = false;       // it had not come back where it was last seen: the width is that far
};

// Measures one pulse at a time, over strips that continue each other.
class PulseMeter {
 public:
  // Throws CoreError (EINVAL) if the layout has no such element.
  PulseMeter(std::shared_ptr<const LaneSet> lanes, const TriggerSpec& spec);
  const TriggerSpec& spec() const { return spec_; }

  void begin(const Crossing& crossing);  // of this trigger
  bool open() const { return open_; }
  // Goes on with the scans `from` … `to` - 1 of a strip whose first scan is `firstScan`, until the
  // trace is back. Records, where given, must be those of the strip: they save looking at samples
  // that can't be back.
  void measure(const std::byte* strip, int64_t firstScan, const StripRecords* records, int64_t from,
               int64_t to);
  void cut();  // nothing more is known of it
  const Pulse& pulse() const { return pulse_; }

 private:
  bool beyond(double value) const {
    return spec_.rising ? value >= spec_.level : value <= spec_.level;
  }
  void fold(double value);
  void look(const std::byte* scans, int64_t scan, uint32_t count);
  bool pass(const StripRecords& records, uint32_t index, int64_t endScan);

  std::shared_ptr<const LaneSet> lanes_;
  TriggerSpec spec_;
  TraceSource trace_;
  Crossing crossing_;
  Pulse pulse_;
  bool open_ = false;
  int64_t seenTo_ = 0;   // end of what was looked at
  double previous_ = 0;  // the value just before that
};

}  // namespace iio
