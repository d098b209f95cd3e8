#include "header-log.h"

namespace iio {
namespace {

template <class T>
void pushBounded(std::deque<T>& queue, T value, size_t bound) {
  if (queue.size() == bound) queue.pop_front();
  queue.push_back(std::move(value));
}

}  // namespace

bool HeaderLog::offer(const HeaderPtr& header, const std::byte*) {
  std::lock_guard lock(lock_);
  if (headers_.size() == kHeaders) {
    ++coalescedBlocks_;
    coalescedScans_ += headers_.front().scanCount;
    coalescedBytes_ += headers_.front().bytes;
    headers_.pop_front();
  }
  headers_.push_back(
      {header->sequence, header->firstScan(), header->scanCount, header->bytes, header->timeNs});
  for (const Segment& segment : header->segments)
    if (segment.hasGap)
      pushBounded(gaps_, PlacedGap{segment.scan, segment.sample, header->timeNs, segment.gap},
                  kDetails);
  return false;
}

void HeaderLog::blockFailed(uint64_t sequence, const Fault& fault) {
  std::lock_guard lock(lock_);
  pushBounded(failures_, BlockFailure{sequence, fault.message}, kDetails);
}

HeaderBatch HeaderLog::take() {
  std::lock_guard lock(lock_);
  HeaderBatch out{{headers_.begin(), headers_.end()},
                  coalescedBlocks_,
                  coalescedScans_,
                  coalescedBytes_,
                  {gaps_.begin(), gaps_.end()},
                  {failures_.begin(), failures_.end()}};
  headers_.clear();
  gaps_.clear();
  failures_.clear();
  coalescedBlocks_ = coalescedScans_ = coalescedBytes_ = 0;
  return out;
}

}  // namespace iio
