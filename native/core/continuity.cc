#include "continuity.h"

#include <algorithm>
#include <cmath>

namespace iio {

Continuity::Continuity(ContinuitySpec spec) : spec_(std::move(spec)), clock_(spec_.rateHz) {
  if (!spec_.counter.empty())
    counter_ = std::make_unique<CounterTrack>(spec_.layout, spec_.counter);
  if (spec_.layout.timestamp >= 0)
    timestamps_ = std::make_unique<TimestampTrack>(spec_.layout, spec_.rateHz);
}

void Continuity::begin(Grade lossGrade, int64_t timeNs) {
  spec_.lossGrade = lossGrade;
  lastTimeNs_ = timeNs;
  clock_.begin(timeNs);
}

void Continuity::lose(const Gap& gap) {
  mergeGap(pending_.all, gap);
  if (gap.grade == Grade::Exact) mergeGap(pending_.known, gap);
}

// What the transport says was lost before its first block happened before the stream began.
void Continuity::note(const Completion& completion) {
  if (completion.hasGap && started_) lose(completion.gap);
  started_ = true;
}

void Continuity::overrun(const Completion& completion, uint32_t scans) {
  note(completion);
  lose(exactGap(GapCause::Overrun, scans));
}

void Continuity::failedBlock(const Completion& completion, uint32_t scans) {
  note(completion);
  if (spec_.lossGrade == Grade::Exact)
    lose(exactGap(GapCause::FailedBlock, scans));
  else
    pendingFailed_ += scans;
}

Gap Continuity::failedGap(const Completion& completion, uint32_t scans) const {
  Gap failed{.grade = Grade::Estimated, .cause = GapCause::FailedBlock};
  // Without a rate the time says nothing, and a source may stand still for long around a failure.
  if (spec_.rateHz <= 0 || lastTimeNs_ <= 0) {
    failed.grade = Grade::Unknown;
    failed.lostMax = -1;
    return failed;
  }
  double passed = static_cast<double>(completion.timeNs - lastTimeNs_) * 1e-9 * spec_.rateHz;
  double room = std::max(0.0, passed - scans - static_cast<double>(pending_.all.lost));
  failed.lost = std::min<int64_t>(pendingFailed_, std::llround(room));
  failed.lostMax = std::max<int64_t>(pendingFailed_, static_cast<int64_t>(std::ceil(room * 1.01)));
  return failed;
}

PendingLoss Continuity::takePending(const Completion& completion, uint32_t scans) {
  if (pendingFailed_ > 0) {
    lose(failedGap(completion, scans));
    pendingFailed_ = 0;
  }
  PendingLoss taken = pending_;
  taken.told = spec_.lossGrade != Grade::Unknown;
  taken.room = clock_.room(completion.timeNs, scans);
  taken.likely = clock_.likely(completion.timeNs, scans);
  pending_ = PendingLoss{};
  return taken;
}

Gap Continuity::byTimestamps(const PendingLoss& pending,
                             const TimestampTrack::Finding& finding) const {
  if (!finding.judged) return pending.all;
  Gap stamped = finding.before;
  // Stamps that spread do not rule out what the transport saw.
  if (!isLoss(stamped) && timestamps_->trust() != TimestampTrack::Trust::Firm) return pending.all;
  // All that the stamps show is accounted for by blocks known to be lost.
  if (stamped.lost <= pending.known.lost) return pending.known;
  stamped.lostMin = std::max(stamped.lostMin, pending.known.lost);
  return stamped;
}

Gap Continuity::byCounter(PendingLoss pending, const std::byte* data, uint32_t scans,
                          std::vector<Jump>& inside) {
  inside = counter_->inside(data, scans, pending);
  for (const Jump& jump : inside) {
    if (pending.room >= 0) pending.room = std::max<int64_t>(0, pending.room - jump.gap.lostMin);
    if (pending.likely >= 0) pending.likely = std::max<int64_t>(0, pending.likely - jump.gap.lost);
  }
  Gap before = counts() ? counter_->before(data, pending) : pending.all;
  counter_->advance(data, scans);
  return before;
}

Gap Continuity::judge(const Completion& completion, const std::byte* data, uint32_t scans,
                      std::vector<Jump>& inside) {
  PendingLoss pending = takePending(completion, scans);
  TimestampTrack::Finding stamps;
  if (timestamps_) stamps = timestamps_->block(data, scans);
  if (counts()) {
    Gap before = byCounter(pending, data, scans, inside);
    if (counts()) return before;
    inside.clear();
    losses_.doubtCounter();
  }
  if (!stamped()) return pending.all;
  inside = std::move(stamps.inside);
  return byTimestamps(pending, stamps);
}

void Continuity::place(Segment& segment, const Gap& gap) {
  if (isLoss(gap)) {
    segment.hasGap = true;
    segment.gap = gap;
    losses_.add(gap);
    endScan_ += gap.lost;
  }
  segment.scan = endScan_;
  segment.sample = samples_;
  endScan_ += segment.scanCount;
  samples_ += segment.scanCount;
}

std::vector<Segment> Continuity::split(const Completion& completion, const std::byte* data,
                                       uint32_t scans) {
  note(completion);
  std::vector<Segment> segments;
  if (scans == 0) return segments;
  std::vector<Jump> inside;
  Gap before = judge(completion, data, scans, inside);
  int64_t lost = before.lostMin;
  for (const Jump& jump : inside) lost += jump.gap.lostMin;
  clock_.advance(completion.timeNs, scans, lost);
  mergeGap(before, overflow_);
  overflow_ = Gap{};
  while (inside.size() + 1 > kSegmentsAtMost) {
    mergeGap(overflow_, inside.back().gap);
    inside.pop_back();
  }
  segments.resize(inside.size() + 1);
  for (size_t i = 0; i < segments.size(); ++i) {
    uint32_t from = i == 0 ? 0 : inside[i - 1].offset;
    uint32_t to = i < inside.size() ? inside[i].offset : scans;
    segments[i].offsetScans = from;
    segments[i].scanCount = to - from;
    place(segments[i], i == 0 ? before : inside[i - 1].gap);
  }
  lastTimeNs_ = completion.timeNs;
  return segments;
}

Proof Continuity::proof() const {
  if (counts()) {
    const Grade counted = counter_->sure() ? Grade::Exact : Grade::Estimated;
    return {std::min(counted, spec_.lossGrade), Evidence::Counter};
  }
  if (stamped()) {
    const TimestampTrack::Trust stamps = timestamps_->trust();
    if (stamps == TimestampTrack::Trust::Firm) return {Grade::Exact, Evidence::Timestamps};
    if (stamps == TimestampTrack::Trust::Loose && spec_.lossGrade != Grade::Exact)
      return {Grade::Estimated, Evidence::Timestamps};
  }
  return {spec_.lossGrade, Evidence::Transport};
}

ContinuityTotals Continuity::totals() const {
  ContinuityTotals out;
  out.proof = proof();
  out.grade = std::max(out.proof.grade, losses_.grade);
  out.gaps = losses_.gaps;
  out.lost = losses_.lost;
  out.lostMin = losses_.lostMin;
  out.lostMax = losses_.lostMax;
  out.endScan = endScan_;
  out.samples = samples_;
  out.jitterSeconds = timestamps_ ? timestamps_->jitterSeconds() : -1;
  return out;
}

}  // namespace iio
