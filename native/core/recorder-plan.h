// What a recording takes of a block, and what it knows of loss. Values only: no file, no thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <variant>
#include <vector>

#include "consumer.h"
#include "continuity-gap.h"

namespace iio {

// The first `scans` scans of a block that is leased to the recorder, to lie at `sample` in its
// files.
struct Take {
  HeaderPtr header;
  const std::byte* data = nullptr;
  int64_t sample = 0;
  uint32_t scans = 0;
  int64_t arrivedNs = 0;
};

// Delivered scans of a block: those of its segments.
uint32_t deliveredScans(const BlockHeader& header);

// The segments of a take: cut where it ends, with `sample` as in the files. The gap before the
// recording's first scan is left out, unless it goes on from another part.
std::vector<Segment> segmentsOf(const Take& take, bool goesOn);

// Bytes of a block that follow one another.
struct ByteRange {
  size_t offset = 0, bytes = 0;
};
std::vector<ByteRange> rangesOf(const std::vector<Segment>& segments, uint32_t scanBytes);

// Adds up the gaps whose samples have reached the files, and keeps what the newest of these prove.
class GapTally {
 public:
  explicit GapTally(const Proof& proof) : proof_(proof), expectedProof_(proof) {}
  void expect(int64_t sample, const Gap& gap) { expected_.push_back({sample, gap}); }
  void expect(int64_t sample, const Proof& proof);
  void confirm(int64_t samplesOnFile);
  const LossSum& sum() const { return sum_; }
  const Proof& proof() const { return proof_; }

 private:
  struct Expected {
    int64_t sample;
    std::variant<Gap, Proof> what;
  };
  void take(const Proof& proof);

  LossSum sum_;
  Proof proof_, expectedProof_;
  std::deque<Expected> expected_;
};

// Where in the stream the samples lie that have reached the files.
class ScanTrack {
 public:
  void expect(const std::vector<Segment>& segments);  // in the order of their samples
  void confirm(int64_t samplesOnFile);
  int64_t endScan() const { return endScan_; }  // after the last of them; 0: there is none

 private:
  std::deque<Segment> runs_;  // without holes within, so that there are few
  int64_t endScan_ = 0;
};

}  // namespace iio
