// Continuity: what is known of loss, block by block. Splits a completed block into segments without
// a gap inside and keeps the sums. Values only: no fd, no thread, no clock; the acquisition thread
// owns it.
//
// Sources of knowledge, strongest first: a declared counter, the timestamp channel, the transport's
// own report. A stronger one replaces what a weaker one guessed: a dry queue that lost nothing by
// the counter is no gap. Loss is never invented: what the source lost before its first completion
// is not a gap (that completion itself is one if it failed or was overrun), and a counter or a
// period that contradicts the data is given up. Nor is it denied: a source that was given up,
// stamps that stand still and a clock that went back prove nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "block.h"
#include "continuity-clock.h"
#include "continuity-counter.h"
#include "continuity-gap.h"
#include "continuity-timestamps.h"
#include "layout.h"
#include "transport.h"

namespace iio {

struct ContinuitySpec {
  ScanLayout layout;
  double rateHz = 0;
  std::vector<uint32_t> counter;  // elements, lowest first
  bool timestampGaps = false;
  Grade lossGrade = Grade::Unknown;  // the transport's, as far as it is known before begin()
};

struct ContinuityTotals {
  Proof proof;                   // gaps left aside
  Grade grade = Grade::Unknown;  // of the proof and of all gaps, the worst
  uint64_t gaps = 0;
  int64_t lost = 0, lostMin = 0, lostMax = 0;  // lostMax -1: no bound
  int64_t endScan = 0;
  int64_t samples = 0;  // delivered
  double jitterSeconds = -1;
};

class Continuity {
 public:
  // More segments than this in one block are not kept apart: what later jumps lost is counted at
  // the next block.
  static constexpr size_t kSegmentsAtMost = 4096;

  explicit Continuity(ContinuitySpec spec);

  // The source is open and about to run: how good its own reports of loss are, and the time
  // (CLOCK_MONOTONIC) before which nothing was sampled.
  void begin(Grade lossGrade, int64_t timeNs);
  // A completed block that is queued again unread: a loss of exactly its scans.
  void overrun(const Completion& completion, uint32_t scans);
  // A block that failed. Exact (all of it) if the transport counts every scan. Otherwise between
  // none of it (refused at submit: the next block in the queue took over) and all of it (the
  // transfer failed at its end), or more where the time until the next good block says so; the
  // estimate is what that time leaves room for. Without a rate it is unknown.
  void failedBlock(const Completion& completion, uint32_t scans);
  // A block to deliver, `scans` of it readable at `data`. At least one segment unless scans is 0.
  std::vector<Segment> split(const Completion& completion, const std::byte* data, uint32_t scans);

  ContinuityTotals totals() const;

 private:
  void note(const Completion& completion);
  void lose(const Gap& gap);
  Gap failedGap(const Completion& completion, uint32_t scans) const;
  PendingLoss takePending(const Completion& completion, uint32_t scans);
  Gap byCounter(PendingLoss pending, const std::byte* data, uint32_t scans,
                std::vector<Jump>& inside);
  Gap judge(const Completion& completion, const std::byte* data, uint32_t scans,
            std::vector<Jump>& inside);
  Gap byTimestamps(const PendingLoss& pending, const TimestampTrack::Finding& finding) const;
  void place(Segment& segment, const Gap& gap);
  bool counts() const { return counter_ && counter_->usable(); }
  bool stamped() const { return timestamps_ && spec_.timestampGaps && timestamps_->usable(); }
  Proof proof() const;

  ContinuitySpec spec_;
  std::unique_ptr<CounterTrack> counter_;
  std::unique_ptr<TimestampTrack> timestamps_;
  PendingLoss pending_;         // lost since the last delivered scan
  Gap overflow_;                // lost inside the last block, behind the last segment kept apart
  uint32_t pendingFailed_ = 0;  // scans of failed blocks, not yet judged
  bool started_ = false;
  int64_t lastTimeNs_ = 0;  // of the last delivered block, or of the begin
  ScanClock clock_;
  LossSum losses_;
  int64_t endScan_ = 0, samples_ = 0;
};

}  // namespace iio
