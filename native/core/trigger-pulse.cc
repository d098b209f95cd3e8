#include "trigger-pulse.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace iio {

PulseMeter::PulseMeter(std::shared_ptr<const LaneSet> lanes, const TriggerSpec& spec)
    : lanes_(std::move(lanes)), spec_(spec), trace_(traceSource(*lanes_, spec.trace)) {}

void PulseMeter::begin(const Crossing& crossing) {
  crossing_ = crossing;
  pulse_ = {};
  open_ = true;
  seenTo_ = crossing.scan + 1;
  previous_ = spec_.level;
}

void PulseMeter::cut() {
  if (!open_) return;
  open_ = false;
  pulse_.cut = true;
  const double last = static_cast<double>(seenTo_ - 1 - crossing_.scan);
  pulse_.widthScans = std::max(0.0, last - crossing_.fraction);
}

void PulseMeter::fold(double value) {
  const bool further = spec_.rising ? value > pulse_.peak : value < pulse_.peak;
  if (further || std::isnan(pulse_.peak)) pulse_.peak = value;
}

void PulseMeter::look(const std::byte* scans, int64_t scan, uint32_t count) {
  std::array<double, kRecordScans> values;
  traceValues(trace_, scans, lanes_->scanBytes(), count, values.data());
  for (uint32_t i = 0; i < count; ++i, ++seenTo_) {
    const double value = values[i];
    if (std::isnan(value)) return cut();
    if (beyond(value)) {
      fold(value);
      previous_ = value;
      continue;
    }
    const double fraction = (spec_.level - previous_) / (value - previous_);
    const bool sound = fraction >= 0 && fraction <= 1;  // not with infinities
    open_ = false;
    pulse_.widthScans = static_cast<double>(scan + i - 1 - crossing_.scan) +
                        (sound ? fraction : 1) - crossing_.fraction;
    return;
  }
}

// True if no sample of a record can be back: then its bounds say it all.
bool PulseMeter::pass(const StripRecords& records, uint32_t index, int64_t endScan) {
  if (trace_.isPair() || !std::isfinite(trace_.scale)) return false;
  const Lane& lane = (*lanes_)[trace_.lane];
  return withKey(lane.format.key, [&](auto type) {
    using K = decltype(type);
    const Record<K>& record = records.level<K>(lane, 0)[index];
    const auto value = [&](K key) {
      if constexpr (std::is_floating_point_v<K>) return trace_.scaled(double(key));
      return trace_.scaled(lane.format.rawOfKey(int64_t(key)));
    };
    if constexpr (std::is_floating_point_v<K>)
      if (records.nans(lane, 0)[index] != 0) return false;
    const double a = value(record.min), b = value(record.max);
    if (!beyond(a) || !beyond(b)) return false;
    fold(a);
    fold(b);
    previous_ = value(record.last);
    seenTo_ = endScan;
    return true;
  });
}

void PulseMeter::measure(const std::byte* strip, int64_t firstScan, const StripRecords* records,
                         int64_t from, int64_t to) {
  from = std::max(from, seenTo_);
  while (open_ && from < to) {
    const auto at = static_cast<uint32_t>(from - firstScan);
    const uint32_t grain = records ? records->grain() : kRecordScans;
    const int64_t end = std::min(to, firstScan + int64_t{at / grain + 1} * grain);
    const bool whole =
        records && at % grain == 0 &&
        (end - from == grain || end == firstScan + static_cast<int64_t>(records->scans()));
    if (!whole || !pass(*records, at / grain, end))
      look(strip + size_t{at} * lanes_->scanBytes(), from, static_cast<uint32_t>(end - from));
    from = end;
  }
}

}  // namespace iio
