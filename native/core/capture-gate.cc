#include "capture-gate.h"

#include <algorithm>
#include <cmath>

namespace iio {
namespace {

// The block behind others that are not recorded. What was lost among those is no gap of the
// recording; a loss that reaches into the span asked for is.
HeaderPtr behindSkipped(const HeaderPtr& header, int64_t fromScan) {
  const Segment& first = header->segments.front();
  if (first.hasGap && fromScan < first.scan) return header;
  auto copy = std::make_shared<BlockHeader>(*header);
  copy->segments.front().hasGap = true;
  copy->segments.front().gap = {Grade::Exact, GapCause::NotRecorded, 0, 0, 0};
  return copy;
}

}  // namespace

CaptureGate::CaptureGate(CaptureGateSpec spec, std::shared_ptr<BlockMemory> memory,
                         std::shared_ptr<CaptureSink> sink)
    : spec_(std::move(spec)), memory_(std::move(memory)), sink_(std::move(sink)) {}

bool CaptureGate::searched(const HeaderPtr& header, const TriggerSearch* trigger,
                           std::span<const SearchedStrip> strips) {
  std::lock_guard lock(lock_);
  if (over_) return false;
  if (spec_.toScan >= 0 && header->firstScan() >= spec_.toScan) {
    finish();
    return false;
  }
  if (header->firstScan() < until_) goOn(header);
  for (const SearchedStrip& strip : strips) follow(strip, header, trigger);
  before_ = header;
  list(header->endScan());
  const bool enough = spec_.captures.limit && begun_ >= spec_.captures.limit && open_.empty();
  if (over_)
    list(INT64_MAX);  // the recording has ended by itself
  else if (enough || (spec_.toScan >= 0 && header->endScan() >= spec_.toScan))
    finish();
  return !over_;
}

// The next block of a span. If it has gone already, the span ends before it.
void CaptureGate::goOn(const HeaderPtr& header) {
  const bool joins = header->sequence == nextSequence_ && memory_->tryLease(header);
  if (joins && give(header, false, 0)) return;
  until_ = INT64_MIN;
  list(INT64_MAX);
}

void CaptureGate::follow(const SearchedStrip& strip, const HeaderPtr& header,
                         const TriggerSearch* trigger) {
  const Segment& segment = *strip.segment;
  if (segment.hasGap || segment.scan != searchedTo_) settlePulse();
  searchedTo_ = segment.scan + segment.scanCount;
  for (const Crossing& crossing : strip.found) {
    measure(strip, crossing.scan + 1);
    settlePulse();
    if (over_ || !trigger) return;
    begin(crossing, header, *trigger);
  }
  measure(strip, INT64_MAX);
}

void CaptureGate::begin(const Crossing& crossing, const HeaderPtr& header,
                        const TriggerSearch& trigger) {
  const CaptureSpec& asked = spec_.captures;
  if (asked.limit && begun_ >= asked.limit) return;
  if (crossing.scan < spec_.fromScan || (spec_.toScan >= 0 && crossing.scan >= spec_.toScan))
    return;
  const double at = static_cast<double>(crossing.scan) + crossing.fraction;
  const auto from = static_cast<int64_t>(std::floor(at - asked.preScans));
  auto to = static_cast<int64_t>(std::ceil(at + asked.postScans)) + 1;
  if (spec_.toScan >= 0) to = std::min(to, spec_.toScan);
  if (header->sequence >= nextSequence_ && !reachBack(header, from)) {
    if (!over_) sink_->missed();
    return;
  }
  ++begun_;
  until_ = std::max(until_, to);
  Capture capture;
  capture.scan = crossing.scan;
  capture.fraction = crossing.fraction;
  capture.fromScan = std::max(from, runFrom_);
  capture.timeNs = timeOf(crossing, *header);
  open_.push_back({capture, to});
  if (!meter_ || meter_->spec() != trigger.spec()) meter_.emplace(trigger.lanes(), trigger.spec());
  meter_->begin(crossing);
  measuring_ = true;
}

// Takes what is not in the recording yet, from the block that holds `fromScan` to this one. Where
// blocks of it have gone, it begins behind them. False if none could be taken: the recording is so
// far behind that the stream needs what is left.
bool CaptureGate::reachBack(const HeaderPtr& header, int64_t fromScan) {
  const size_t most = room();
  std::vector<HeaderPtr> leased;  // newest first
  if (most > 0 && memory_->tryLease(header)) leased.push_back(header);
  const auto complete = [&] {
    return leased.back()->firstScan() <= fromScan || leased.back()->sequence <= nextSequence_;
  };
  bool gone = leased.empty();
  while (!gone && !complete() && leased.size() < most) {
    HeaderPtr older = memory_->tryLease(leased.back()->sequence - 1);
    gone = !older;
    if (older) leased.push_back(std::move(older));
  }
  const bool whole = gone || complete();  // as far as the history goes
  const bool worthIt = !leased.empty() && (whole || sink_->held() == 0);
  while (!leased.empty()) {
    const HeaderPtr oldest = leased.back();
    leased.pop_back();
    if (worthIt && give(oldest, oldest->sequence != nextSequence_, fromScan)) continue;
    if (!worthIt) memory_->release(oldest->block);
    for (const HeaderPtr& left : leased) memory_->release(left->block);
    return false;
  }
  return worthIt;
}

// A block that is leased. False if the recording takes no more.
bool CaptureGate::give(const HeaderPtr& header, bool begins, int64_t fromScan) {
  const HeaderPtr given = begins ? behindSkipped(header, fromScan) : header;
  if (!sink_->take(given, memory_->data(header->block), begins)) {
    memory_->release(header->block);
    over_ = true;
    return false;
  }
  if (begins) runFrom_ = header->firstScan();
  runTo_ = header->endScan();
  nextSequence_ = header->sequence + 1;
  return true;
}

// Blocks that may be leased beside those that are, so that the stream always finds one to queue.
size_t CaptureGate::room() const {
  const uint32_t blocks = memory_->blockCount();
  if (memory_->waitsForBlocks()) return blocks;
  const uint32_t queued = std::min(memory_->queuedBlocks(), blocks - 1), beside = blocks - queued;
  const uint32_t spare = std::min(queued, std::max(beside / 4, 1u)), held = sink_->held();
  return std::max(beside, spare + 1) - std::min(std::max(beside, spare + 1), spare + held);
}

void CaptureGate::measure(const SearchedStrip& strip, int64_t toScan) {
  if (!measuring_) return;
  const Segment& segment = *strip.segment;
  const int64_t end = std::min(segment.scan + segment.scanCount, open_.back().toScan);
  meter_->measure(strip.scans, segment.scan, strip.records, segment.scan, std::min(toScan, end));
  if (!meter_->open()) settlePulse();
}

void CaptureGate::settlePulse() {
  if (!measuring_) return;
  measuring_ = false;
  meter_->cut();
  Capture& capture = open_.back().capture;
  capture.peak = meter_->pulse().peak;
  capture.widthScans = meter_->pulse().widthScans;
  capture.cut = meter_->pulse().cut;
}

// Captures whose span ends here at the latest.
void CaptureGate::list(int64_t endScan) {
  for (; !open_.empty() && open_.front().toScan <= endScan; open_.pop_front()) {
    if (open_.size() == 1) settlePulse();
    Capture capture = open_.front().capture;
    capture.toScan = std::min(open_.front().toScan, runTo_);
    sink_->captured(capture);
  }
}

void CaptureGate::finish() {
  list(INT64_MAX);
  over_ = true;
  sink_->done();
}

void CaptureGate::ended() noexcept {
  std::lock_guard lock(lock_);
  if (!over_) finish();
}

void CaptureGate::close() noexcept {
  std::lock_guard lock(lock_);
  list(INT64_MAX);
  over_ = true;
}

// By the rate as set, or that of the block.
int64_t CaptureGate::timeOf(const Crossing& crossing, const BlockHeader& header) const {
  double nsPerScan = spec_.rateHz > 0 ? 1e9 / spec_.rateHz : 0;
  if (nsPerScan == 0 && before_) {
    const auto scans = static_cast<double>(header.endScan() - before_->endScan());
    if (scans > 0) nsPerScan = static_cast<double>(header.timeNs - before_->timeNs) / scans;
  }
  const double after =
      static_cast<double>(header.endScan() - 1 - crossing.scan) - crossing.fraction;
  return header.timeNs - static_cast<int64_t>(after * nsPerScan);
}

}  // namespace iio
