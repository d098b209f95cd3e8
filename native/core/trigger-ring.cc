#include <cmath>

#include "trigger.h"

namespace iio {
namespace {

constexpr size_t kRings = 6;

bool complete(const TriggerPoint& p, double postScans, int64_t endScan) {
  return static_cast<double>(p.scan) + std::ceil(p.fraction + postScans) <
         static_cast<double>(endScan);
}

}  // namespace

TriggerRing::TriggerRing(size_t newest, size_t older) {
  rings_.resize(kRings);
  for (size_t i = 0; i < kRings; ++i) rings_[i].limit = i == 0 ? newest : older;
}

void TriggerRing::Ring::push(const TriggerPoint& point) {
  if (points.size() < limit) {
    points.push_back(point);
  } else {
    points[oldest] = point;
    oldest = (oldest + 1) % limit;
  }
}

void TriggerRing::push(const Crossing& crossing) {
  const TriggerPoint point{crossing.scan, crossing.fraction, ++total_};
  uint64_t step = total_;
  for (Ring& ring : rings_) {
    ring.push(point);
    if (step % kFanout != 0) break;
    step /= kFanout;
  }
}

void TriggerRing::clear() {
  for (Ring& ring : rings_) {
    ring.points.clear();
    ring.oldest = 0;
  }
  total_ = 0;
}

std::optional<TriggerPoint> TriggerRing::newest() const {
  const Ring& ring = rings_[0];
  if (ring.points.empty()) return std::nullopt;
  return ring.at(ring.points.size() - 1);
}

std::optional<TriggerPoint> TriggerRing::newestComplete(double postScans, int64_t endScan) const {
  for (const Ring& ring : rings_) {
    size_t low = 0,
           high = ring.points.size();  // those before `low` are complete, from `high` on not
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (complete(ring.at(middle), postScans, endScan)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low > 0) return ring.at(low - 1);
  }
  return std::nullopt;
}

std::optional<TriggerPoint> TriggerRing::firstComplete(int64_t after, double postScans,
                                                       int64_t endScan) const {
  std::optional<TriggerPoint> first;
  for (const Ring& ring : rings_) {
    size_t low = 0, high = ring.points.size();
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (ring.at(middle).scan <= after) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low < ring.points.size() && (!first || ring.at(low).scan < first->scan))
      first = ring.at(low);
  }
  if (first && !complete(*first, postScans, endScan)) return std::nullopt;
  return first;
}

}  // namespace iio
