// RateMeter: scans and bytes per second over about the last second of completions.
#pragma once
#include <cstdint>
#include <deque>

namespace iio {

class RateMeter {
 public:
  struct Rates {
    double scansPerSecond = 0, bytesPerSecond = 0;
  };

  // `endScan` counts lost scans too, so that loss does not look like a slower clock; `bytes` only
  // what was delivered.
  void add(int64_t timeNs, int64_t endScan, uint64_t bytes) {
    intervalNs_ = timeNs - newest_.timeNs;
    newest_ = {timeNs, endScan, bytes};
    if (marks_.empty() || timeNs - marks_.back().timeNs >= kSpacingNs) marks_.push_back(newest_);
    while (marks_.size() > 2 && marks_[1].timeNs <= timeNs - kSecondNs) marks_.pop_front();
  }

  // 0 before two completions, and once none came for 2 s and three times the last interval.
  Rates at(int64_t nowNs) const {
    if (marks_.empty() || newest_.timeNs <= marks_.front().timeNs) return {};
    int64_t silence = nowNs - newest_.timeNs;
    if (silence > 2 * kSecondNs && silence > 3 * intervalNs_) return {};
    const Mark& from = marks_.front();
    double seconds = static_cast<double>(newest_.timeNs - from.timeNs) * 1e-9;
    return {static_cast<double>(newest_.endScan - from.endScan) / seconds,
            static_cast<double>(newest_.bytes - from.bytes) / seconds};
  }

 private:
  static constexpr int64_t kSecondNs = 1'000'000'000, kSpacingNs = kSecondNs / 32;
  struct Mark {
    int64_t timeNs = 0, endScan = 0;
    uint64_t bytes = 0;
  };
  std::deque<Mark> marks_;
  Mark newest_;
  int64_t intervalNs_ = 0;
};

}  // namespace iio
