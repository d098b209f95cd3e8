// What is known of a block and of what was lost before it. Values only: no fd, no thread.
#pragma once
#include <cstdint>
#include <vector>

namespace iio {

using BlockIndex = uint32_t;  // position in the pool, 0 … count-1
inline constexpr BlockIndex kNoBlock = UINT32_MAX;

enum class Grade : uint8_t { Exact, Estimated, Unknown };
// Unjournaled, Resumed: of files alone (journal.ts). NotRecorded: of recordings alone; nothing was
// lost, the scans were not to be recorded.
enum class GapCause : uint8_t {
  DryQueue,
  Timestamp,
  Counter,
  Simulator,
  Overrun,
  FailedBlock,
  Restart,
  Unjournaled,
  NotRecorded,
  Resumed
};

// Loss before a scan. `lost` is the count (Exact), the best estimate (Estimated) or 0 (Unknown).
struct Gap {
  Grade grade = Grade::Exact;
  GapCause cause = GapCause::DryQueue;
  int64_t lost = 0;
  int64_t lostMin = 0;
  int64_t lostMax = 0;  // -1: no bound is known
};

// What a grade rests on when no gap was seen.
enum class Evidence : uint8_t { Transport, Timestamps, Counter };

// What can be known of loss up to here, gaps left aside.
struct Proof {
  Grade grade = Grade::Unknown;
  Evidence evidence = Evidence::Transport;
  bool operator==(const Proof&) const = default;
};

// A run of scans of one block without a gap inside. A block has one segment, or more where a
// counter or the timestamps showed a gap within it. `scan` counts lost scans, `sample` only
// delivered ones.
struct Segment {
  uint32_t offsetScans = 0;  // within the block
  uint32_t scanCount = 0;
  int64_t scan = 0;
  int64_t sample = 0;
  bool hasGap = false;
  Gap gap;  // before the first scan, if hasGap
};

// A completed block. Immutable once published.
struct BlockHeader {
  uint64_t sequence = 0;  // of completed blocks, from 0
  BlockIndex block = kNoBlock;
  uint32_t bytes = 0;  // payload, whole scans
  uint32_t scanCount = 0;
  int64_t timeNs = 0;             // completion, CLOCK_MONOTONIC; the kernel's where it tells
  std::vector<Segment> segments;  // at least one unless scanCount is 0
  Proof proof;                    // as it stands with this block
  int64_t firstScan() const { return segments.empty() ? 0 : segments.front().scan; }
  int64_t endScan() const {
    return segments.empty() ? 0 : segments.back().scan + segments.back().scanCount;
  }
};

}  // namespace iio
