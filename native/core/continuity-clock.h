// ScanClock: how many scans there was time for, by the rate and the completions of blocks. Bounds
// what can have been lost where nothing else does. Values only. Times are CLOCK_MONOTONIC.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace iio {

class ScanClock {
 public:
  // rateHz: as set; 0 if not known.
  explicit ScanClock(double rateHz) : perNs_(rateHz * 1e-9) {}

  // Nothing was sampled before.
  void begin(int64_t timeNs);
  // The most that can have been lost between the scans accounted for and the end of a block of so
  // many that was completed then; -1: not known.
  int64_t room(int64_t timeNs, uint32_t scans) const;
  // The same if that block and the one before it were completed right at their last samples.
  int64_t likely(int64_t timeNs, uint32_t scans) const;
  // That block is accounted for, and `lost` scans before and within it.
  void advance(int64_t timeNs, uint32_t scans, int64_t lost);

 private:
  // By how much the rate, as set or as seen so far, may be too low.
  static constexpr double kSlack = 1.01;
  // Blocks that come in the rhythm of their samples are not held up anywhere: the last sample is
  // no older than the block is long, and a little.
  static constexpr uint32_t kSteady = 8;
  static constexpr double kRhythm = 0.1, kJitterNs = 100e3, kLatencyNs = 2e6;

  double fastest() const;
  void learnRhythm(int64_t timeNs, uint32_t scans, int64_t lost);

  double perNs_;
  bool known_ = false;
  double lowNs_ = 0;  // the earliest time of the last scan accounted for
  int64_t beginNs_ = 0, lastNs_ = 0;
  int64_t total_ = 0;  // scans accounted for
  uint32_t steady_ = 0;
};

inline void ScanClock::begin(int64_t timeNs) {
  known_ = true;
  lowNs_ = static_cast<double>(timeNs);
  beginNs_ = lastNs_ = timeNs;
}

// What was seen since the begin can't have been taken any slower.
inline double ScanClock::fastest() const {
  const double seen = lastNs_ > beginNs_ && beginNs_ > 0
                          ? static_cast<double>(total_) / static_cast<double>(lastNs_ - beginNs_)
                          : 0;
  return std::max(perNs_, seen) * kSlack;
}

inline int64_t ScanClock::room(int64_t timeNs, uint32_t scans) const {
  if (perNs_ <= 0 || !known_) return -1;
  const double most = (static_cast<double>(timeNs) - lowNs_) * fastest() - scans;
  return std::max<int64_t>(0, static_cast<int64_t>(std::ceil(most)));
}

inline int64_t ScanClock::likely(int64_t timeNs, uint32_t scans) const {
  if (perNs_ <= 0 || lastNs_ == 0) return -1;
  const double passed = static_cast<double>(timeNs - lastNs_) * perNs_;
  return std::max<int64_t>(0, std::llround(passed - scans));
}

inline void ScanClock::learnRhythm(int64_t timeNs, uint32_t scans, int64_t lost) {
  const double duration = scans / perNs_;
  const double off = std::abs(static_cast<double>(timeNs - lastNs_) - duration);
  const bool inRhythm = lost == 0 && lastNs_ != 0 && duration > 2 * kJitterNs &&
                        off <= std::max(kRhythm * duration, kJitterNs);
  steady_ = inRhythm ? steady_ + 1 : 0;
  if (steady_ < kSteady) return;
  known_ = true;
  lowNs_ = std::max(lowNs_, static_cast<double>(timeNs) - duration - kLatencyNs);
}

inline void ScanClock::advance(int64_t timeNs, uint32_t scans, int64_t lost) {
  if (perNs_ <= 0) return;
  total_ += scans + lost;
  lowNs_ += static_cast<double>(scans + lost) / fastest();
  learnRhythm(timeNs, scans, lost);
  lowNs_ = std::min(lowNs_, static_cast<double>(timeNs));
  lastNs_ = timeNs;
}

}  // namespace iio
