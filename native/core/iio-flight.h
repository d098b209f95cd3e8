// Judges the blocks of a DMABUF queue by their fences and by the clock: whether a block that came
// back holds data, and whether the queue ran dry before it. Values only: no fd, no thread, no clock
// of its own.
#pragma once
#include <cstdint>

#include "block.h"
#include "iio-run-rate.h"

namespace iio {

// An enqueued block, in the order of ENQUEUE. Times are CLOCK_MONOTONIC.
struct Flight {
  BlockIndex block = kNoBlock;
  uint32_t bytes = 0;
  uint32_t scans = 0;
  int64_t beforeNs = 0;    // clock before ENQUEUE
  int64_t afterNs = 0;     // clock just after ENQUEUE returned
  int64_t exportedNs = 0;  // clock after its sync_file was exported
  bool running = false;    // whether the buffer was enabled by then
};

// What SYNC_IOC_FILE_INFO answers. status: 1 signalled, 0 pending, below 0 an errno.
struct FenceReport {
  int status = 0;
  int64_t timeNs = 0;
  bool stub = false;  // the driver name is "stub"
};

enum class FlightEnd : uint8_t {
  Delivered,
  Broken,   // the fence carries an error: a transfer failed, or the queue was aborted
  Refused,  // no fence was left to export although the block can't have been filled: refused, or
            // aborted before
};

struct Verdict {
  FlightEnd end = FlightEnd::Delivered;
  // Delivered by a stub: it had the time for its samples, but an abort just before the export looks
  // the same.
  bool doubtful = false;
  int64_t timeNs = 0;  // completion; for Refused the time of the export
  bool hasGap = false;
  Gap gap;  // DryQueue, before this block
};

class FlightLog {
 public:
  // rateHz 0: not known; then a dry queue has no bounds.
  explicit FlightLog(double rateHz) : rateHz_(rateHz), run_(rateHz) {}

  // The buffer was enabled, not before `beforeNs`: what was queued earlier started no earlier than
  // that.
  void enabled(int64_t beforeNs) { enabledNs_ = beforeNs; }

  // A block judged Refused turned out to have been done: the device is faster than stated.
  void faster() { faster_ = true; }

  // How long so many scans take by the stated rate, or as blocks came so far if there is none; 0 if
  // that is not known.
  double expectedNs(uint32_t scans) const;
  // How long so many scans took, as blocks came so far; 0: none came yet.
  double pacedNs(uint32_t scans) const { return scans * paceNs_; }

  // Judges the oldest block in flight, whose fence is no longer pending. Changes nothing.
  Verdict judge(const Flight& flight, const FenceReport& fence) const;
  // Takes note of that verdict; blocks come in the order of ENQUEUE, each once.
  void take(const Flight& flight, const Verdict& verdict);

 private:
  double durationNs(uint32_t scans) const;
  bool couldFinish(const Flight& flight) const;
  Gap dryGap(const Flight& flight) const;
  void learnPace(const Flight& flight, int64_t timeNs);
  void learnRhythm(const Flight& flight, int64_t timeNs, bool goesOn);

  double rateHz_;
  int64_t enabledNs_ = 0;
  // Of the newest block that came back: its completion (0: none yet) …
  int64_t doneNs_ = 0;
  // … the earliest time its last scan can have been taken, by when the queue was last dry and by a
  // steady rhythm …
  double endLowNs_ = 0;
  // … and the likely one, by the most punctual completion of the run without a break up to it.
  double endLikelyNs_ = 0;
  // That run; and how many of the last completions came in the rhythm of the samples.
  RunRate run_;
  uint32_t steady_ = 0;
  double paceNs_ = 0;  // per scan, as blocks came; 0: none came yet
  uint32_t paceBlocks_ = 0;
  bool faster_ = false;
};

}  // namespace iio
