// RunRate: how far the rate as set may be off, by what runs without a break showed. Values only.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace iio {

class RunRate {
 public:
  // rateHz: as set; 0 if not known.
  explicit RunRate(double rateHz) : rateHz_(rateHz) {}

  // Something was lost: what comes next begins a run.
  void end() { pieces_ = 0; }
  bool begun() const { return pieces_ > 0; }
  // So many scans more, the last of them at `doneNs` (CLOCK_MONOTONIC). `punctual`: told right
  // then.
  void add(int64_t doneNs, uint64_t scans, bool punctual = true);
  // The part by which a number of scans by the rate as set may be off. What a run has shown holds
  // beyond its end: a crystal does not change with a gap.
  double tolerance() const { return std::min(0.5, kAsSet + off_); }

 private:
  // Before a run tells better, and beside what it tells.
  static constexpr double kAsSet = 1e-3;
  // A run tells from so many pieces on.
  static constexpr uint64_t kMeasured = 16;

  double rateHz_;
  double off_ = 0;
  uint64_t pieces_ = 0, scans_ = 0;
  int64_t startNs_ = 0;
};

inline void RunRate::add(int64_t doneNs, uint64_t scans, bool punctual) {
  if (pieces_ == 0) {
    if (!punctual) return;
    pieces_ = 1;
    scans_ = 0;
    startNs_ = doneNs;
    return;
  }
  ++pieces_;
  scans_ += scans;
  if (!punctual || pieces_ < kMeasured || scans_ == 0 || doneNs <= startNs_ || rateHz_ <= 0) return;
  const double measured =
      static_cast<double>(scans_) * 1e9 / static_cast<double>(doneNs - startNs_);
  off_ = std::abs(measured / rateHz_ - 1);
}

}  // namespace iio
