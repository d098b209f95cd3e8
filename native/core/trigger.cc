#include "trigger.h"

#include <algorithm>
#include <cmath>

#include "decode-word.h"

namespace iio {
namespace {

// Doubles in the order of integers, for bisection.
int64_t orderOf(double x) {
  const auto bits = std::bit_cast<int64_t>(x);
  return bits >= 0 ? bits : INT64_MIN - bits;
}
double doubleAt(int64_t order) {
  return std::bit_cast<double>(order >= 0 ? order : INT64_MIN - order);
}

// The least x in [low, high] for which `is` holds; it holds for all above one for which it does.
template <typename Is>
std::optional<int64_t> least(int64_t low, int64_t high, Is is) {
  if (!is(high)) return std::nullopt;
  while (low < high) {
    const auto half = (static_cast<uint64_t>(high) - static_cast<uint64_t>(low)) / 2;
    const auto middle = static_cast<int64_t>(static_cast<uint64_t>(low) + half);
    if (is(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

TriggerSearch::TriggerSearch(std::shared_ptr<const LaneSet> lanes, const TriggerSpec& spec)
    : lanes_(std::move(lanes)), spec_(spec), trace_(traceSource(*lanes_, spec.trace)) {
  const bool usable = std::isfinite(spec.level) && spec.hysteresis >= 0;
  if (!usable) return;  // never fires
  if (trace_.isPair()) {
    turned_ = !spec.rising;
    const double level = turned_ ? -spec.level : spec.level;
    floats_ = {level, std::min(level - spec.hysteresis, std::nextafter(level, -HUGE_VAL)), true,
               true};
    return;
  }
  if (!std::isfinite(trace_.scale) || trace_.scale == 0) return;
  turned_ = spec.rising == (trace_.scale < 0);
  trace_.i.isFloat() ? setFloatThresholds() : setKeyThresholds();
}

bool TriggerSearch::fires(double value) const {
  return spec_.rising ? value >= spec_.level : value <= spec_.level;
}

bool TriggerSearch::arms(double value) const {
  if (spec_.rising) return value < spec_.level && value <= spec_.level - spec_.hysteresis;
  return value > spec_.level && value >= spec_.level + spec_.hysteresis;
}

// The value of a sample rises (or falls) with its key, rounding included, so the thresholds on keys
// are exact.
void TriggerSearch::setKeyThresholds() {
  const ValueFormat& f = trace_.i;
  const int64_t bottom = f.bottomKey(), top = f.topKey();
  const auto value = [&](int64_t mapped) {
    return trace_.scaled(f.rawOfKey(turned_ ? ~mapped : mapped));
  };
  const auto fire = least(bottom, top, [&](int64_t m) { return fires(value(m)); });
  const auto idle = least(bottom, top, [&](int64_t m) { return !arms(value(m)); });
  if (fire) keys_.fire = *fire;
  keys_.canFire = fire.has_value();
  keys_.canArm = idle != bottom;
  if (keys_.canArm) keys_.arm = idle ? *idle - 1 : top;
}

void TriggerSearch::setFloatThresholds() {
  const int64_t bottom = orderOf(-HUGE_VAL), top = orderOf(HUGE_VAL);
  const auto value = [&](int64_t order) {
    return trace_.scaled(turned_ ? -doubleAt(order) : doubleAt(order));
  };
  const auto fire = least(bottom, top, [&](int64_t m) { return fires(value(m)); });
  const auto idle = least(bottom, top, [&](int64_t m) { return !arms(value(m)); });
  if (fire) floats_.fire = doubleAt(*fire);
  floats_.canFire = fire.has_value();
  floats_.canArm = idle != bottom;
  if (floats_.canArm) floats_.arm = doubleAt(idle ? *idle - 1 : top);
}

double TriggerSearch::valueAt(const std::byte* scans, int64_t index) const {
  double value;
  traceValues(trace_, scans + index * lanes_->scanBytes(), lanes_->scanBytes(), 1, &value);
  return value;
}

void TriggerSearch::cross(const Run& run, uint32_t index) {
  const double after = valueAt(run.scans, index);
  const double before = index > 0 ? valueAt(run.scans, int64_t{index} - 1) : previous_;
  const double fraction = (spec_.level - before) / (after - before);
  const bool sound = fraction >= 0 && fraction <= 1;  // not with infinities
  run.found->push_back({run.firstScan + index - 1, sound ? fraction : 1});
}

template <typename V, typename Get>
void TriggerSearch::searchRun(const Run& run, uint32_t from, uint32_t to, const Thresholds<V>& t,
                              Get get) {
  for (uint32_t i = from; i < to; ++i) {
    if (!armed_) {
      if (!t.canArm) return;
      while (i < to && !(get(i) <= t.arm)) ++i;
      armed_ = i < to;
      continue;
    }
    for (; i < to; ++i) {
      const V x = get(i);
      if (t.canFire && x >= t.fire) {
        cross(run, i);
        armed_ = false;
        break;
      }
      if constexpr (std::is_floating_point_v<V>) {
        if (x != x) {
          armed_ = false;
          break;
        }
      }
    }
  }
}

template <typename W>
void TriggerSearch::searchKeys(const Run& run, uint32_t count, const StripRecords* records) {
  const ValueFormat f = trace_.i;
  const size_t stride = lanes_->scanBytes();
  const auto search = [&](uint32_t from, uint32_t to) {
    const auto key = [&](uint32_t i) {
      return int64_t{highKey<W>(f, run.scans + i * stride)} >> f.rightShift;
    };
    if (turned_) return searchRun(run, from, to, keys_, [&](uint32_t i) { return ~key(i); });
    searchRun(run, from, to, keys_, key);
  };
  if (records == nullptr) return search(0, count);
  withKey(f.key, [&](auto type) {
    const auto* record = records->level<decltype(type)>((*lanes_)[trace_.lane], 0);
    for (uint32_t r = 0; r < records->count(0); ++r) {
      const auto low = static_cast<int64_t>(turned_ ? ~static_cast<int64_t>(record[r].max)
                                                    : static_cast<int64_t>(record[r].min));
      const auto high = static_cast<int64_t>(turned_ ? ~static_cast<int64_t>(record[r].min)
                                                     : static_cast<int64_t>(record[r].max));
      if (armed_ ? !keys_.canFire || high < keys_.fire : !keys_.canArm || low > keys_.arm) continue;
      search(r * records->grain(), std::min((r + 1) * records->grain(), count));
    }
  });
}

void TriggerSearch::searchFloats(const Run& run, uint32_t count, const StripRecords* records) {
  const ValueFormat f = trace_.i;
  const size_t stride = lanes_->scanBytes();
  const Lane& lane = (*lanes_)[trace_.lane];
  const auto get = [&](uint32_t i) {
    const double x = floatAt(f, run.scans + i * stride);
    return turned_ ? -x : x;
  };
  if (records == nullptr) return searchRun(run, 0, count, floats_, get);
  withKey(f.key, [&](auto type) {
    const auto* record = records->level<decltype(type)>(lane, 0);
    for (uint32_t r = 0; r < records->count(0); ++r) {
      const double low = static_cast<double>(turned_ ? -record[r].max : record[r].min);
      const double high = static_cast<double>(turned_ ? -record[r].min : record[r].max);
      const bool nan = records->nans(lane, 0)[r] != 0;
      const bool idle = armed_ ? !nan && (!floats_.canFire || high < floats_.fire)
                               : !floats_.canArm || low > floats_.arm;
      if (!idle)
        searchRun(run, r * records->grain(), std::min((r + 1) * records->grain(), count), floats_,
                  get);
    }
  });
}

// From the bounds of I and Q: how small and how great the magnitude can be. A phase can always
// cross.
bool TriggerSearch::pairCanCross(const StripRecords& records, uint32_t index) const {
  if (trace_.part == TracePart::Phase) return true;
  double low = 0, high = 0;
  bool nan = false;
  const auto add = [&](uint32_t laneIndex, const auto& scaled) {
    const Lane& lane = (*lanes_)[laneIndex];
    withKey(lane.format.key, [&](auto type) {
      using K = decltype(type);
      const auto& record = records.level<K>(lane, 0)[index];
      double a, b;
      if constexpr (std::is_floating_point_v<K>) {
        nan = nan || records.nans(lane, 0)[index] != 0;
        a = scaled(record.min);
        b = scaled(record.max);
      } else {
        a = scaled(lane.format.rawOfKey(record.min));
        b = scaled(lane.format.rawOfKey(record.max));
      }
      const bool through = (a < 0) != (b < 0);
      const double near = through ? 0 : std::min(std::abs(a), std::abs(b));
      const double far = std::max(std::abs(a), std::abs(b));
      low += near * near;
      high += far * far;
    });
  };
  add(trace_.lane, [&](double raw) { return trace_.scaled(raw); });
  add(trace_.laneQ, [&](double raw) { return trace_.scaledQ(raw); });
  constexpr double kRounding = 1e-12;
  low = std::sqrt(low) * (1 - kRounding);
  high = std::sqrt(high) * (1 + kRounding);
  if (nan || !(low <= high)) return true;
  const double least = turned_ ? -high : low, most = turned_ ? -low : high;
  return armed_ ? most >= floats_.fire : least <= floats_.arm;
}

void TriggerSearch::searchPairs(const Run& run, uint32_t count, const StripRecords* records) {
  const size_t stride = lanes_->scanBytes();
  const uint32_t step = records != nullptr ? records->grain() : kRecordScans;
  std::vector<double> values(step);
  for (uint32_t from = 0, r = 0; from < count; from += step, ++r) {
    if (records != nullptr && !pairCanCross(*records, r)) continue;
    const uint32_t n = std::min(step, count - from);
    traceValues(trace_, run.scans + from * stride, stride, n, values.data());
    searchRun(run, from, from + n, floats_,
              [&](uint32_t i) { return turned_ ? -values[i - from] : values[i - from]; });
  }
}

void TriggerSearch::search(const std::byte* scans, uint32_t count, int64_t firstScan,
                           const StripRecords* records, std::vector<Crossing>& found) {
  if (count == 0) return;
  const Run run{scans, firstScan, &found};
  if (trace_.isPair()) {
    searchPairs(run, count, records);
  } else if (trace_.i.isFloat()) {
    searchFloats(run, count, records);
  } else {
    withWord(trace_.i, [&](auto word) { searchKeys<decltype(word)>(run, count, records); });
  }
  previous_ = valueAt(scans, int64_t{count} - 1);
}

}  // namespace iio
