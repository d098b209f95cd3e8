// HeaderLog: what completed since the binding last asked. Bounded: 256 headers one by one and the
// older ones coalesced to totals; gaps and failures in full up to 65,536 of each, beyond that only
// counted. Not thread safe: the engine's lock guards it.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "consumer.h"
#include "store.h"

namespace iio {

struct BlockFailure {
  uint64_t sequence = 0;  // of the block that would have been
  std::string message;
};

struct HeaderBatch {
  std::vector<HeaderPtr> headers;  // oldest first
  // Of blocks older than those.
  uint64_t coalescedBlocks = 0, coalescedScans = 0, coalescedBytes = 0;
  std::vector<PlacedGap> gaps;  // in order, of the coalesced blocks too
  std::vector<BlockFailure> failures;
  // The newest ones, beyond the bound: the engine's counters hold their sums.
  uint64_t coalescedGaps = 0, coalescedFailures = 0;
};

class HeaderLog {
 public:
  static constexpr size_t kHeadersAtMost = 256;
  static constexpr size_t kGapsAtMost = 65536;

  void add(const HeaderPtr& header);
  void failed(uint64_t sequence, std::string message);
  HeaderBatch drain();

 private:
  std::deque<HeaderPtr> headers_;
  HeaderBatch rest_;
};

}  // namespace iio
