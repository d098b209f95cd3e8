#include "iio-flight.h"

#include <algorithm>
#include <cmath>

namespace iio {
namespace {

constexpr double kSecond = 1e9;
// Completions that come in the rhythm of the samples are punctual: within kLatencyNs of the last
// sample. A machine that was held up delivers late ones in a burst, out of rhythm. kRhythm of a
// block's duration, but at least kJitterNs, may be off.
constexpr uint32_t kSteady = 8;
constexpr double kLatencyNs = 2e6;
constexpr double kRhythm = 0.1;
constexpr double kJitterNs = 50e3;
// A stub that came back within half the time of its samples, less what the calls themselves may
// hide, did not bring them.
constexpr double kPlausible = 0.5;
constexpr double kUnseenNs = 20e3;
// The pace of the blocks is averaged over about so many.
constexpr uint32_t kPaceBlocks = 64;

}  // namespace

double FlightLog::durationNs(uint32_t scans) const {
  return rateHz_ > 0 ? scans * kSecond / rateHz_ : 0;
}

double FlightLog::expectedNs(uint32_t scans) const {
  if (faster_) return 0;
  return rateHz_ > 0 ? durationNs(scans) : scans * paceNs_;
}

// A stub says nothing. In order of completion a block can't end before the one ahead of it, nor
// sooner than its samples.
bool FlightLog::couldFinish(const Flight& flight) const {
  if (!flight.running || doneNs_ > flight.exportedNs) return false;
  // The block ahead may have been told late: what counts is when it can have ended at the earliest.
  double start = std::max(static_cast<double>(enabledNs_), endLowNs_);
  if (doneNs_ <= flight.beforeNs) start = std::max(start, static_cast<double>(flight.beforeNs));
  const double taken = static_cast<double>(flight.exportedNs) - start;
  return taken + kUnseenNs >= kPlausible * expectedNs(flight.scans);
}

Verdict FlightLog::judge(const Flight& flight, const FenceReport& fence) const {
  Verdict verdict;
  // Kernels from 6.17 on name no driver once a fence has signalled; a stub's time is then older
  // than the ENQUEUE.
  const bool stub = fence.stub || (fence.status > 0 && fence.timeNs < flight.beforeNs);
  verdict.timeNs = stub ? flight.exportedNs : fence.timeNs;
  if (fence.status < 0)
    verdict.end = FlightEnd::Broken;
  else if (stub && !couldFinish(flight))
    verdict.end = FlightEnd::Refused;
  else
    verdict.doubtful = stub;
  if (verdict.end == FlightEnd::Refused) return verdict;
  // The newest block queued before had already ended when this ENQUEUE returned: the queue may have
  // been dry.
  if (doneNs_ != 0 && doneNs_ <= flight.afterNs) {
    verdict.gap = dryGap(flight);
    verdict.hasGap = true;
  }
  return verdict;
}

// The converter ran on from the end of the last block until this one was submitted, between
// beforeNs and afterNs. A hardware FIFO that holds samples over the pause would make the loss
// smaller than this says.
Gap FlightLog::dryGap(const Flight& flight) const {
  Gap gap{
      .grade = Grade::Unknown, .cause = GapCause::DryQueue, .lost = 0, .lostMin = 0, .lostMax = -1};
  if (rateHz_ <= 0) return gap;
  gap.grade = Grade::Estimated;
  const double slack = run_.tolerance();
  const double perNs = rateHz_ / kSecond;
  const double least = static_cast<double>(flight.beforeNs - doneNs_) * perNs * (1 - slack);
  const double most = (static_cast<double>(flight.afterNs) - endLowNs_) * perNs * (1 + slack);
  gap.lostMin = std::max<int64_t>(0, static_cast<int64_t>(std::floor(least)));
  gap.lostMax = std::max(gap.lostMin, static_cast<int64_t>(std::ceil(most)));
  const double submitted =
      (static_cast<double>(flight.beforeNs) + static_cast<double>(flight.afterNs)) / 2;
  gap.lost = std::clamp(std::llround((submitted - endLikelyNs_) * perNs),
                        static_cast<long long>(gap.lostMin), static_cast<long long>(gap.lostMax));
  return gap;
}

void FlightLog::learnPace(const Flight& flight, int64_t timeNs) {
  const int64_t start = std::max({flight.beforeNs, doneNs_, enabledNs_});
  const double pace = static_cast<double>(std::max<int64_t>(0, timeNs - start)) / flight.scans;
  paceBlocks_ = std::min(paceBlocks_ + 1, kPaceBlocks);
  paceNs_ += (pace - paceNs_) / paceBlocks_;
}

void FlightLog::learnRhythm(const Flight& flight, int64_t timeNs, bool goesOn) {
  const double duration = durationNs(flight.scans);
  const double off = std::abs(static_cast<double>(timeNs - doneNs_) - duration);
  const bool inRhythm =
      goesOn && off <= std::max(kRhythm * duration, kJitterNs) && duration > 2 * kJitterNs;
  steady_ = inRhythm ? steady_ + 1 : 0;
}

void FlightLog::take(const Flight& flight, const Verdict& verdict) {
  if (verdict.end == FlightEnd::Refused) return;
  const bool whole = verdict.end == FlightEnd::Delivered;
  if (whole && !verdict.doubtful && flight.scans > 0) learnPace(flight, verdict.timeNs);
  const double slack = run_.tolerance();
  const double duration = whole ? durationNs(flight.scans) : 0;
  const bool goesOn = whole && run_.begun() && !verdict.hasGap;
  const double done = static_cast<double>(verdict.timeNs);
  learnRhythm(flight, verdict.timeNs, goesOn);
  // A block that follows one in flight goes on where that ends, which may be before this ENQUEUE:
  // interrupts come late.
  double startLow = std::max(static_cast<double>(enabledNs_), endLowNs_);
  if (doneNs_ <= flight.beforeNs)
    startLow = std::max(startLow, static_cast<double>(flight.beforeNs));
  endLowNs_ = startLow + duration * (1 - slack);
  if (steady_ >= kSteady) endLowNs_ = std::max(endLowNs_, done - kLatencyNs);
  endLowNs_ = std::min(endLowNs_, done);
  endLikelyNs_ = goesOn ? std::min(done, endLikelyNs_ + duration * (1 + slack)) : done;
  doneNs_ = std::max(doneNs_, verdict.timeNs);
  if (!goesOn) run_.end();
  if (whole) run_.add(verdict.timeNs, flight.scans);
}

}  // namespace iio
