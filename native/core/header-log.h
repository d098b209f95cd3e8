// HeaderLog: the headers of completed blocks since they were last asked for, for display. Takes no
// lease. What nobody fetches is coalesced to totals; gaps and failures are kept in full, up to a
// bound that only a program that never asks reaches.
#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "consumer.h"
#include "store.h"

namespace iio {

struct HeaderEntry {
  uint64_t sequence = 0;
  int64_t firstScan = 0;
  uint32_t scanCount = 0, bytes = 0;
  int64_t timeNs = 0;
};

struct BlockFailure {
  uint64_t sequence = 0;  // of the next block to complete
  std::string message;
};

struct HeaderBatch {
  std::vector<HeaderEntry> headers;  // the newest, oldest first
  uint64_t coalescedBlocks = 0, coalescedScans = 0, coalescedBytes = 0;
  std::vector<PlacedGap> gaps;
  std::vector<BlockFailure> failures;
};

class HeaderLog final : public Consumer {
 public:
  static constexpr size_t kHeaders = 256;
  static constexpr size_t kDetails = 16384;  // gaps, and failures; the newest stay

  bool offer(const HeaderPtr& header, const std::byte* data) override;
  void blockFailed(uint64_t sequence, const Fault& fault) override;
  void ended() noexcept override {}
  // What came since the last call.
  HeaderBatch take();

 private:
  std::mutex lock_;
  std::deque<HeaderEntry> headers_;
  uint64_t coalescedBlocks_ = 0, coalescedScans_ = 0, coalescedBytes_ = 0;
  std::deque<PlacedGap> gaps_;
  std::deque<BlockFailure> failures_;
};

}  // namespace iio
