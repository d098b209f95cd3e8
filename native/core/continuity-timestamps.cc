#include "continuity-timestamps.h"

#include <algorithm>
#include <cmath>

#include "continuity-sample.h"

namespace iio {

namespace {

// Statistics forget by halves at this many steps, to follow a clock that drifts with temperature.
constexpr double kForgetAt = 65536;
// What two crystals may drift against each other within one gap, beside the error of the
// measurement.
constexpr double kDrift = 2e-6;
// Before enough steps were seen: a rate as set may be off by this, and the jitter is taken as a
// tenth of the period.
constexpr double kUnmeasured = 1e-2;

}  // namespace

TimestampTrack::TimestampTrack(const ScanLayout& layout, double rateHz)
    : element_(layout.elements.at(static_cast<size_t>(layout.timestamp))),
      scanBytes_(layout.scanBytes) {
  if (rateHz > 0) setPeriod(1e9 / rateHz);
}

int64_t TimestampTrack::stamp(const std::byte* data, uint32_t scan) const {
  return readSigned(data + size_t{scan} * scanBytes_, element_);
}

void TimestampTrack::setPeriod(double periodNs) {
  period_ = reference_ = periodNs;
  low_ = static_cast<int64_t>(periodNs * 0.5);
  high_ = static_cast<int64_t>(periodNs * 1.5);
  steps_ = sum_ = squares_ = 0;
  runs_ = 1;
}

// Takes up to 64 steps of the block and looks whether their median fits the period. A rate that was
// set wrong would otherwise make every step a gap; a stream that really lost most of its scans one
// by one is not believed.
void TimestampTrack::learn(const std::byte* data, uint32_t scans) {
  if (scans > kWindow) window_.clear();
  int64_t previous = last_;
  bool has = hasLast_ && scans <= kWindow;
  for (uint32_t i = 0; i < scans && i <= kWindow; ++i) {
    int64_t now = stamp(data, i);
    if (has) window_.push_back(now - previous);
    previous = now;
    has = true;
  }
  if (window_.size() > kWindow)
    window_.erase(window_.begin(), window_.end() - static_cast<std::ptrdiff_t>(kWindow));
  if (window_.size() < kToLearn) return;
  std::vector<int64_t> sorted = window_;
  auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (*middle <= 0) return;
  auto median = static_cast<double>(*middle);
  if (period_ <= 0 || median > 1.5 * period_ || median < 0.5 * period_) setPeriod(median);
}

void TimestampTrack::count(double deviation) {
  steps_ += 1;
  sum_ += deviation;
  squares_ += deviation * deviation;
}

double TimestampTrack::sigma() const {
  if (steps_ < 1) return 0;
  double mean = sum_ / steps_;
  return std::sqrt(std::max(0.0, squares_ / steps_ - mean * mean));
}

double TimestampTrack::jitterSeconds() const { return sigma() * 1e-9; }

Gap TimestampTrack::gapOf(double ratio) const {
  double jitter = 0.1, error = kUnmeasured;
  if (steps_ >= kToLearn) {
    jitter = sigma() / period_;
    error = 3 * jitter * std::sqrt(runs_) / steps_ + kDrift;
  }
  double u = 4 * jitter + ratio * error;
  auto lost = [](double r) { return std::max<int64_t>(0, std::llround(r) - 1); };
  Gap gap{.grade = Grade::Estimated, .cause = GapCause::Timestamp};
  gap.lost = lost(ratio);
  gap.lostMin = lost(ratio - u);
  gap.lostMax = lost(ratio + u);
  if (gap.lostMin == gap.lostMax) gap.grade = Grade::Exact;
  return gap;
}

void TimestampTrack::settle(Finding& finding) {
  credit_ = 0;
  if (!long_) return;
  long_ = false;
  double ratio = 1 + excess_ / period_;
  if (ratio <= 1.5) return;
  runs_ += 1;
  if (longOffset_ == 0)
    finding.before = gapOf(ratio);
  else
    finding.inside.push_back({longOffset_, gapOf(ratio)});
}

void TimestampTrack::odd(int64_t step, uint32_t offset, Finding& finding) {
  auto ns = static_cast<double>(step);
  if (step < 0) {  // the clock was set back: nothing can be said of this step
    settle(finding);
    runs_ += 1;
    wentBack_ = true;
  } else if (step > low_) {
    double excess = ns - credit_ - period_;
    settle(finding);
    if (excess <= 0.5 * period_) {
      count(ns - reference_);
      return;
    }
    long_ = true;
    longOffset_ = offset;
    excess_ = excess;
  } else if (long_) {
    excess_ -= period_ - ns;
    if (excess_ >= 0) return;
    credit_ = -excess_;
    long_ = false;
  } else {
    credit_ += period_ - ns;
    count(ns - reference_);
  }
}

void TimestampTrack::refine() {
  if (steps_ >= kToLearn) {
    period_ = reference_ + sum_ / steps_;
    low_ = static_cast<int64_t>(period_ * 0.5);
    high_ = static_cast<int64_t>(period_ * 1.5);
  }
  if (steps_ >= kForgetAt) {
    double keep = kForgetAt / 2 / steps_;
    steps_ *= keep;
    sum_ *= keep;
    squares_ *= keep;
    runs_ = std::max(1.0, runs_ * keep);
  }
}

TimestampTrack::Finding TimestampTrack::block(const std::byte* data, uint32_t scans) {
  Finding finding;
  if (scans == 0) return finding;
  learn(data, scans);
  int64_t previous = hasLast_ ? last_ : stamp(data, 0);
  for (uint32_t i = hasLast_ ? 0 : 1; period_ > 0 && i < scans; ++i) {
    int64_t now = stamp(data, i);
    int64_t step = now - previous;
    previous = now;
    if (i == 0) finding.judged = step >= 0;
    if (step > low_ && step < high_) {
      if (long_ || credit_ > 0) settle(finding);
      count(static_cast<double>(step) - reference_);
    } else {
      odd(step, i, finding);
    }
  }
  // A credit lives on into the next block; a long step at the end cannot wait for it.
  if (long_) settle(finding);
  if (period_ > 0) refine();
  const int64_t newest = stamp(data, scans - 1);
  const bool still = newest == (hasLast_ ? last_ : stamp(data, 0));
  stillScans_ = still ? stillScans_ + scans : 0;
  moved_ = moved_ || !still;
  last_ = newest;
  hasLast_ = true;
  return finding;
}

}  // namespace iio
