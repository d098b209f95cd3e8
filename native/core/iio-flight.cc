#include "iio-flight.h"

#include <algorithm>
#include <cmath>

namespace iio {
namespace {

constexpr double kSecond = 1e9;
// By how much a stated rate may be off before the run itself tells better.
constexpr double kRateTolerance = 1e-3;
// So many blocks in a row are trusted to hold one whose completion was seen punctually, within kLatencyNs.
constexpr uint64_t kTrustedRun = 16;
constexpr double kLatencyNs = 2e6;
// A stub that came back within half the time of its samples did not bring them.
constexpr double kPlausible = 0.5;
// Without a rate the pace of the blocks so far stands in for it, averaged over about so many.
constexpr double kPaceBlocks = 8;

}  // namespace

double FlightLog::durationNs(uint32_t scans) const { return rateHz_ > 0 ? scans * kSecond / rateHz_ : 0; }

double FlightLog::tolerance() const {
  if (runBlocks_ < kTrustedRun || runScans_ == 0 || doneNs_ <= runStartNs_) return kRateTolerance;
  const double measured = static_cast<double>(runScans_) * kSecond / static_cast<double>(doneNs_ - runStartNs_);
  return std::min(0.5, kRateTolerance + std::abs(measured / rateHz_ - 1));
}

// A stub says nothing. In order of completion a block can't end before the one ahead of it, nor sooner than its samples.
bool FlightLog::couldFinish(const Flight& flight) const {
  if (!flight.running || doneNs_ > flight.exportedNs) return false;
  const double taken =
      static_cast<double>(flight.exportedNs - std::max({flight.beforeNs, doneNs_, enabledNs_}));
  const double expected = rateHz_ > 0 ? durationNs(flight.scans) : flight.scans * paceNs_;
  return taken >= kPlausible * expected;
}

Verdict FlightLog::judge(const Flight& flight, const FenceReport& fence) const {
  Verdict verdict;
  // Kernels from 6.17 on name no driver once a fence has signalled; a stub's time is then older than the ENQUEUE.
  const bool stub = fence.stub || (fence.status > 0 && fence.timeNs < flight.beforeNs);
  verdict.timeNs = stub ? flight.exportedNs : fence.timeNs;
  if (fence.status < 0)
    verdict.end = FlightEnd::Broken;
  else if (stub && !couldFinish(flight))
    verdict.end = FlightEnd::Refused;
  if (verdict.end == FlightEnd::Refused) return verdict;
  // The newest block queued before had already ended when this ENQUEUE returned: the queue may have been dry.
  if (doneNs_ != 0 && doneNs_ <= flight.afterNs) {
    verdict.gap = dryGap(flight);
    verdict.hasGap = true;
  }
  return verdict;
}

// The lower bound of the time at which the last scan of the newest block was taken. Its completion is an upper one.
int64_t FlightLog::lowestEnd() const {
  double low = endLowNs_;
  if (runBlocks_ >= kTrustedRun) low = std::max(low, endHighNs_ - kLatencyNs);
  return static_cast<int64_t>(std::min(low, static_cast<double>(doneNs_)));
}

// The converter ran on from the end of the last block until this one was submitted, between beforeNs and afterNs. A
// hardware FIFO that holds samples over the pause would make the loss smaller than this says.
Gap FlightLog::dryGap(const Flight& flight) const {
  Gap gap{.grade = Grade::Unknown, .cause = GapCause::DryQueue, .lost = 0, .lostMin = 0, .lostMax = -1};
  if (rateHz_ <= 0) return gap;
  gap.grade = Grade::Estimated;
  const double slack = tolerance();
  const double perNs = rateHz_ / kSecond;
  const double least = static_cast<double>(flight.beforeNs - doneNs_) * perNs * (1 - slack);
  const double most = static_cast<double>(flight.afterNs - lowestEnd()) * perNs * (1 + slack);
  gap.lostMin = std::max<int64_t>(0, static_cast<int64_t>(std::floor(least)));
  gap.lostMax = std::max(gap.lostMin, static_cast<int64_t>(std::ceil(most)));
  const double submitted = (static_cast<double>(flight.beforeNs) + static_cast<double>(flight.afterNs)) / 2;
  const double ended = runBlocks_ >= kTrustedRun ? endHighNs_ : static_cast<double>(doneNs_);
  gap.lost = std::clamp(std::llround((submitted - ended) * perNs), static_cast<long long>(gap.lostMin),
                        static_cast<long long>(gap.lostMax));
  return gap;
}

void FlightLog::learnPace(const Flight& flight, int64_t timeNs) {
  const int64_t start = std::max({flight.beforeNs, doneNs_, enabledNs_});
  const double pace = static_cast<double>(std::max<int64_t>(0, timeNs - start)) / flight.scans;
  paceNs_ = paceNs_ == 0 ? pace : paceNs_ + (pace - paceNs_) / kPaceBlocks;
}

void FlightLog::take(const Flight& flight, const Verdict& verdict) {
  if (verdict.end == FlightEnd::Refused) return;
  const bool whole = verdict.end == FlightEnd::Delivered;
  if (whole && flight.scans > 0) learnPace(flight, verdict.timeNs);
  const double slack = tolerance();
  const double duration = whole ? durationNs(flight.scans) : 0;
  const bool goesOn = whole && runBlocks_ > 0 && !verdict.hasGap;
  const double done = static_cast<double>(verdict.timeNs);
  const double startLow = std::max({static_cast<double>(flight.beforeNs), static_cast<double>(enabledNs_), endLowNs_});
  endLowNs_ = std::min(startLow + duration * (1 - slack), done);
  endHighNs_ = goesOn ? std::min(done, endHighNs_ + duration * (1 + slack)) : done;
  doneNs_ = std::max(doneNs_, verdict.timeNs);
  if (goesOn) {
    ++runBlocks_;
    runScans_ += flight.scans;
  } else {
    runBlocks_ = whole ? 1 : 0;
    runScans_ = 0;
    runStartNs_ = verdict.timeNs;
  }
}

}  // namespace iio
