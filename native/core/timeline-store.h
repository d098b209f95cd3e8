// What a store of memory and one of a file have in common: the lock, the lanes kept for pairs, and
// how a query is answered.
#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "frame.h"
#include "store.h"
#include "timeline.h"

namespace iio {

// A shared lock that lets a waiting writer in before new readers, so that queries can't keep the
// summaries out.
class StoreLock {
 public:
  std::shared_lock<std::shared_mutex> read() const {
    std::lock_guard turn(turn_);
    return std::shared_lock(lock_);
  }
  std::unique_lock<std::shared_mutex> write() const {
    std::lock_guard turn(turn_);
    return std::unique_lock(lock_);
  }

 private:
  mutable std::mutex turn_;
  mutable std::shared_mutex lock_;
};

// Magnitudes and phases that are kept as lanes of their own: from when they are first asked for
// until nobody has asked for a while; at most kLimit of them (the one not asked for the longest
// makes room).
class DerivedLanes {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kLimit = 32;
  static constexpr std::chrono::seconds kKept{30};

  struct Lane {
    uint32_t id = 0;
    TraceSource source;
  };

  // Number of the lane for a pair, not 0. Thread safe, as all members.
  uint32_t ask(const TraceSource& source, const TraceSpec& spec, Clock::time_point now);
  std::vector<Lane> kept() const;
  // Numbers of lanes given up since the last call; their records can go.
  std::vector<uint32_t> dropped(Clock::time_point now);

 private:
  struct Entry {
    Lane lane;
    TraceSpec spec;
    Clock::time_point asked;
  };
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> dropped_;
  uint32_t last_ = 0;
};

// Checks a query and prepares all but its range. Throws CoreError (EINVAL).
FrameSetup prepareQuery(const Query& query, const ScanLayout& layout,
                        std::shared_ptr<const LaneSet> lanes, double rateHz, DerivedLanes& derived);

// Where the samples asked of a store are: runs that continue each other.
struct SamplesPlan {
  struct Part {
    SampleRef ref;
    uint32_t at = 0, count = 0;
  };
  int64_t fromScan = 0;
  std::vector<Part> parts;
};
// From `fromScan` (or the first scan after it that has samples) on, up to `count`, ending before
// the next gap.
SamplesPlan planSamples(const Timeline& timeline, const StripSamples& samples, int64_t fromScan,
                        uint32_t count);
// Reads them; ends early where samples have gone.
SampleValues readSamples(const SamplesPlan& plan, const ScanElement& element, uint32_t scanBytes,
                         StripSamples& samples);
// Throws CoreError (EINVAL) if there is no such element.
const ScanElement& elementOf(const ScanLayout& layout, uint32_t element);

// From which scan on, up to `toScan`, every strip has its samples; `toScan` if the last has none.
int64_t samplesFrom(const Timeline& timeline, const StripSamples& samples, int64_t fromScan,
                    int64_t toScan);

}  // namespace iio
