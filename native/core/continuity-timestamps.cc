#include "continuity-timestamps.h"

#include <algorithm>
#include <cmath>
#include <utility>

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
constexpr double kJitterUnmeasured = 0.1;

}  // namespace

TimestampTrack::TimestampTrack(const ScanLayout& layout, double rateHz)
    : format_(valueFormat(layout.elements.at(static_cast<size_t>(layout.timestamp)))),
      scanBytes_(layout.scanBytes) {
  if (rateHz > 0) setPeriod(1e9 / rateHz);
}

int64_t TimestampTrack::stamp(const std::byte* data, uint32_t scan) const {
  return readSigned(data + size_t{scan} * scanBytes_, format_);
}

void TimestampTrack::usePeriod(double periodNs) {
  period_ = periodNs;
  low_ = static_cast<int64_t>(periodNs * 0.5);
  high_ = static_cast<int64_t>(periodNs * 1.5);
}

void TimestampTrack::setPeriod(double periodNs) {
  usePeriod(periodNs);
  reference_ = periodNs;
  steps_ = sum_ = squares_ = 0;
  runs_ = 1;
  credit_ = spanNs_ = spanSteps_ = 0;
  long_ = refined_ = false;
  contradicted_ = 0;
}

// Takes up to 64 steps of the block. False as long as there are too few.
bool TimestampTrack::fillWindow(const std::byte* data, uint32_t scans) {
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
  return window_.size() >= kToLearn;
}

// Looks whether the steps of the window fit the period. A rate that was set wrong would otherwise
// make every step a gap; a stream that really lost most of its scans one by one is not believed.
// Median and mean have to agree: the bursts of a FIFO shift the median alone, a loss the mean
// alone.
void TimestampTrack::learn(const std::byte* data, uint32_t scans) {
  if (!fillWindow(data, scans)) return;
  std::vector<int64_t> sorted = window_;
  auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  auto median = static_cast<double>(*middle);
  double sum = 0;
  for (int64_t step : window_) sum += static_cast<double>(step);
  const double mean = sum / static_cast<double>(window_.size());
  if (period_ <= 0) {
    const auto longSteps = std::ranges::count_if(
        window_, [&](int64_t step) { return static_cast<double>(step) > 1.5 * median; });
    return learnFirst(median, mean, static_cast<size_t>(longSteps));
  }
  const bool longer = median > 1.5 * period_ && mean > 1.5 * period_;
  // Short steps may be one deep burst: what passed in all has to be short as well.
  const bool shorter = median > 0 && median < 0.5 * period_ && spanSteps_ >= kDeepest &&
                       spanNs_ < 0.5 * period_ * spanSteps_;
  contradicted_ = longer || shorter ? contradicted_ + std::min<size_t>(scans, kWindow) : 0;
  // A period that was measured is not given up for one window: its median may be a burst's while
  // its mean is a loss's.
  if (contradicted_ <= (refined_ ? 2 * kWindow : 0)) return;
  loose_ = loose_ || hasLast_;
  setPeriod(median);
}

// Without a rate the median is the period, unless the steps look like bursts: several long ones
// among them, or equal stamps.
void TimestampTrack::learnFirst(double median, double mean, size_t longSteps) {
  const bool bursts = longSteps >= 2 || mean < 0.67 * median;
  const double period = bursts ? mean : median;
  if (period <= 0) return;
  setPeriod(period);
  unjudged_ = unjudged_ || longestUnlearned_ > high_;
}

void TimestampTrack::watchUnlearned(const std::byte* data, uint32_t scans) {
  int64_t previous = hasLast_ ? last_ : stamp(data, 0);
  for (uint32_t i = 0; i < scans; ++i) {
    int64_t now = stamp(data, i);
    if (now < previous) unjudged_ = true;
    longestUnlearned_ = std::max(longestUnlearned_, now - previous);
    previous = now;
  }
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

double TimestampTrack::jitter() const {
  return steps_ >= kToLearn ? sigma() / period_ : kJitterUnmeasured;
}

double TimestampTrack::periodError() const {
  if (!refined_) return kUnmeasured;
  return std::min(kUnmeasured, 3 * jitter() * std::sqrt(runs_) / steps_ + kDrift);
}

Gap TimestampTrack::gapOf(double ratio, double span) const {
  double u = 4 * jitter() + span * periodError();
  auto lost = [](double r) { return std::max<int64_t>(0, std::llround(r) - 1); };
  Gap gap{.grade = Grade::Estimated, .cause = GapCause::Timestamp};
  gap.lost = lost(ratio);
  gap.lostMin = lost(ratio - u);
  gap.lostMax = lost(ratio + u);
  if (gap.lostMin == gap.lostMax) gap.grade = Grade::Exact;
  return gap;
}

// `excess`: ns beyond one period, and beyond the `credit` of a burst before.
void TimestampTrack::addGap(uint32_t offset, double excess, double credit, Finding& finding) {
  const double ratio = 1 + excess / period_;
  if (ratio <= 1.5) return;
  runs_ += 1;
  const Gap gap = gapOf(ratio, ratio + credit / period_);
  if (offset == 0)
    finding.before = gap;
  else
    finding.inside.push_back({offset, gap});
}

void TimestampTrack::settle(Finding& finding) {
  credit_ = 0;
  if (std::exchange(long_, false)) addGap(longOffset_, excess_, 0, finding);
}

// One early stamp is forgotten by the next step in time. What a burst owes is not.
void TimestampTrack::even(int64_t step, Finding& finding) {
  if (!long_ && inBurst(credit_))
    credit_ += period_ - static_cast<double>(step);
  else
    settle(finding);
  count(static_cast<double>(step) - reference_);
}

void TimestampTrack::odd(int64_t step, uint32_t offset, Finding& finding) {
  auto ns = static_cast<double>(step);
  if (step < 0) {  // the clock was set back: nothing can be said of this step
    settle(finding);
    runs_ += 1;
    unjudged_ = true;
  } else if (step > low_) {
    const double credit = credit_, excess = ns - credit - period_;
    settle(finding);
    const double slack = 0.5 * period_ + credit * periodError();
    if (excess <= slack) {  // the short steps before it make up for it, and maybe for more
      count(ns - reference_);
      credit_ = excess < -slack ? -excess : 0;
      if (credit_ <= 0) refine();
    } else if (inBurst(credit)) {  // the short steps behind it are of the next burst
      addGap(offset, excess, credit, finding);
      count(credit + period_ - reference_);
    } else {
      long_ = true;
      longOffset_ = offset;
      excess_ = excess;
    }
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

// Not in the middle of a burst: its steps alone say nothing of the period.
void TimestampTrack::refine() {
  if (steps_ < kToLearn || credit_ >= static_cast<double>(low_)) return;
  usePeriod(reference_ + sum_ / steps_);
  refined_ = true;
}

void TimestampTrack::forget() {
  if (steps_ < kForgetAt) return;
  loose_ = loose_ || !spreadsLittle();
  double keep = kForgetAt / 2 / steps_;
  steps_ *= keep;
  sum_ *= keep;
  squares_ *= keep;
  runs_ = std::max(1.0, runs_ * keep);
}

TimestampTrack::Trust TimestampTrack::trust() const {
  if (!usable() || period_ <= 0 || unjudged_) return Trust::None;
  return loose_ || inBurst(credit_) || !spreadsLittle() ? Trust::Loose : Trust::Firm;
}

TimestampTrack::Finding TimestampTrack::block(const std::byte* data, uint32_t scans) {
  Finding finding;
  if (scans == 0) return finding;
  learn(data, scans);
  if (period_ <= 0) watchUnlearned(data, scans);
  int64_t previous = hasLast_ ? last_ : stamp(data, 0);
  for (uint32_t i = hasLast_ ? 0 : 1; period_ > 0 && i < scans; ++i) {
    int64_t now = stamp(data, i);
    int64_t step = now - previous;
    previous = now;
    if (i == 0) finding.judged = step >= 0;
    if (step > low_ && step < high_) {
      if (long_ || credit_ > 0)
        even(step, finding);
      else
        count(static_cast<double>(step) - reference_);
    } else {
      odd(step, i, finding);
    }
  }
  // A credit lives on into the next block; a long step at the end cannot wait for it.
  if (long_) settle(finding);
  if (period_ > 0) refine();
  forget();
  const int64_t first = hasLast_ ? last_ : stamp(data, 0);
  const int64_t newest = stamp(data, scans - 1);
  stillScans_ = newest == first ? stillScans_ + scans : 0;
  moved_ = moved_ || newest != first;
  spanNs_ += static_cast<double>(newest - first);
  spanSteps_ += hasLast_ ? scans : scans - 1;
  last_ = newest;
  hasLast_ = true;
  return finding;
}

}  // namespace iio
