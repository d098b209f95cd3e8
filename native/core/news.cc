#include "news.h"

#include <utility>

namespace iio {

void HeaderLog::add(const HeaderPtr& header) {
  for (const Segment& segment : header->segments) {
    if (!segment.hasGap) continue;
    if (rest_.gaps.size() < kGapsAtMost)
      rest_.gaps.push_back({segment.scan, segment.sample, header->timeNs, segment.gap});
    else
      ++rest_.coalescedGaps;
  }
  headers_.push_back(header);
  if (headers_.size() <= kHeadersAtMost) return;
  const BlockHeader& oldest = *headers_.front();
  ++rest_.coalescedBlocks;
  rest_.coalescedScans += oldest.scanCount;
  rest_.coalescedBytes += oldest.bytes;
  headers_.pop_front();
}

void HeaderLog::failed(uint64_t sequence, std::string message) {
  if (rest_.failures.size() < kGapsAtMost)
    rest_.failures.push_back({sequence, std::move(message)});
  else
    ++rest_.coalescedFailures;
}

HeaderBatch HeaderLog::drain() {
  HeaderBatch batch = std::exchange(rest_, HeaderBatch{});
  batch.headers.assign(headers_.begin(), headers_.end());
  headers_.clear();
  return batch;
}

}  // namespace iio
