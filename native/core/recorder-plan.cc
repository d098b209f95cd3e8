#include "recorder-plan.h"

#include <algorithm>

namespace iio {

uint32_t deliveredScans(const BlockHeader& header) {
  uint32_t scans = 0;
  for (const Segment& segment : header.segments) scans += segment.scanCount;
  return scans;
}

std::vector<Segment> segmentsOf(const Take& take, bool goesOn) {
  std::vector<Segment> out;
  uint32_t left = take.scans;
  for (const Segment& segment : take.header->segments) {
    if (left == 0) break;
    if (segment.scanCount == 0) continue;
    Segment cut = segment;
    cut.scanCount = std::min(segment.scanCount, left);
    cut.sample = take.sample + (take.scans - left);
    const bool skipped = cut.hasGap && cut.gap.cause == GapCause::NotRecorded;
    if (cut.sample == 0 && (!goesOn || skipped)) cut.hasGap = false;
    if (!cut.hasGap) cut.gap = {};
    left -= cut.scanCount;
    out.push_back(cut);
  }
  return out;
}

std::vector<ByteRange> rangesOf(const std::vector<Segment>& segments, uint32_t scanBytes) {
  std::vector<ByteRange> out;
  for (const Segment& segment : segments) {
    const ByteRange range{size_t{segment.offsetScans} * scanBytes,
                          size_t{segment.scanCount} * scanBytes};
    if (!out.empty() && out.back().offset + out.back().bytes == range.offset)
      out.back().bytes += range.bytes;
    else
      out.push_back(range);
  }
  return out;
}

void GapTally::expect(int64_t sample, const Proof& proof) {
  if (proof == expectedProof_) return;
  expectedProof_ = proof;
  expected_.push_back({sample, proof});
}

void GapTally::take(const Proof& proof) {
  if (proof_.evidence == Evidence::Counter && proof.evidence != Evidence::Counter)
    sum_.doubtCounter();
  proof_ = proof;
}

void GapTally::confirm(int64_t samplesOnFile) {
  for (; !expected_.empty() && expected_.front().sample < samplesOnFile; expected_.pop_front()) {
    const auto& what = expected_.front().what;
    if (const Gap* gap = std::get_if<Gap>(&what))
      sum_.add(*gap);
    else
      take(std::get<Proof>(what));
  }
}

void ScanTrack::expect(const std::vector<Segment>& segments) {
  for (const Segment& segment : segments) {
    Segment* last = runs_.empty() ? nullptr : &runs_.back();
    const bool joins = last && last->scan + last->scanCount == segment.scan &&
                       last->scanCount <= UINT32_MAX - segment.scanCount;
    if (joins)
      last->scanCount += segment.scanCount;
    else
      runs_.push_back(segment);
  }
}

void ScanTrack::confirm(int64_t samplesOnFile) {
  while (runs_.size() > 1 && runs_[1].sample < samplesOnFile) runs_.pop_front();
  if (runs_.empty() || runs_.front().sample >= samplesOnFile) return;
  const Segment& run = runs_.front();
  endScan_ = run.scan + std::min<int64_t>(run.scanCount, samplesOnFile - run.sample);
}

}  // namespace iio
