// A data file's appending thread: what is asked for when.
#include "writer.h"

#include <limits.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "clock.h"

namespace iio {
namespace {

constexpr size_t kMaxParts = IOV_MAX;
// One is filled, one is written, one is ready to be.
constexpr size_t kBuffers = 3;

constexpr size_t wholePages(size_t bytes) { return bytes & ~(SampleFile::kAlign - 1); }

}  // namespace

SampleFile::SampleFile(Options options)
    : options_(std::move(options)),
      fd_(createFile(options_.path)),
      lane_(std::make_shared<WriteCrew::Lane>(std::max(options_.inFlight, 1u))) {
  openDirect();
}

SampleFile::~SampleFile() {
  halt();
  close();
}

void SampleFile::throwIfFailed() const {
  std::lock_guard lock(lock_);
  if (fault_) throw CoreError(fault_);
}

void SampleFile::append(const std::byte* data, size_t bytes) {
  throwIfFailed();
  const bool direct = direct_;
  if (!direct && fill_) submitStaged();
  const bool aligned = reinterpret_cast<uintptr_t>(data) % kAlign == 0;
  size_t head = 0;
  if (!direct)
    head = bytes;
  else if (fromMemory_ && fill_ == 0 && aligned)
    head = wholePages(bytes);
  if (head) {
    if (pending_.size() == kMaxParts) submitPending();
    pending_.push_back({const_cast<std::byte*>(data), head});
    pendingBytes_ += head;
  }
  if (bytes > head) stage(data + head, bytes - head);
}

void SampleFile::stage(const std::byte* data, size_t bytes) {
  if (way_ == WriteWay::Direct && bytes >= kAlign)
    tell(WriteWay::Gathered,
         "What came last was no multiple of 4,096 bytes, so the samples that follow lie across "
         "memory pages and are gathered into large direct writes, at the price of one copy.");
  while (bytes) {
    const auto space = room(1);
    const size_t n = std::min(bytes, space.size());
    std::memcpy(space.data(), data, n);
    commit(n);
    data += n;
    bytes -= n;
  }
}

// Waits until one is free.
int SampleFile::freeBuffer() {
  std::unique_lock lock(lock_);
  for (;;) {
    if (fault_) throw CoreError(fault_);
    const auto free = std::find(bufferFree_.begin(), bufferFree_.end(), true);
    if (free != bufferFree_.end()) {
      *free = false;
      return int(free - bufferFree_.begin());
    }
    if (buffers_.size() < kBuffers) break;
    changed_.wait(lock);
  }
  buffers_.emplace_back(static_cast<std::byte*>(std::aligned_alloc(kAlign, kStagingBytes)),
                        std::free);
  if (!buffers_.back()) {
    buffers_.pop_back();
    throw CoreError(makeFault(ENOMEM, "aligned_alloc", options_.path));
  }
  bufferFree_.push_back(false);
  return int(buffers_.size() - 1);
}

std::span<std::byte> SampleFile::room(size_t bytes) {
  throwIfFailed();
  if (current_ >= 0 && kStagingBytes - fill_ < bytes) submitStaged();
  if (current_ < 0) current_ = freeBuffer();
  return {buffers_[size_t(current_)].get() + fill_, kStagingBytes - fill_};
}

void SampleFile::commit(size_t bytes) {
  if (stagedSinceNs() < 0) stagedSinceNs_ = monotonicNs();
  fill_ += bytes;
  copied_.fetch_add(int64_t(bytes), std::memory_order_relaxed);
}

int64_t SampleFile::stagedSinceNs() const {
  return base_ + int64_t(fill_) > std::max(tailTo_, base_) ? stagedSinceNs_ : -1;
}

void SampleFile::settle() {
  submitPending();
  handedTo_ = base_ + int64_t(fill_);
}

void SampleFile::submitPending() {
  if (pending_.empty()) return;
  Flight flight;
  flight.bytes = std::exchange(pendingBytes_, 0);
  flight.direct = direct_ && fromMemory_;
  flight.borrowed = true;
  flight.parts = std::exchange(pending_, {});
  submit(std::move(flight));
}

// What is staged, but for the part of a page at its end, which stays.
void SampleFile::submitStaged() {
  submitPending();
  const bool direct = direct_;
  const size_t whole = direct ? wholePages(fill_) : fill_;
  if (whole == 0) return;
  std::byte* from = buffers_[size_t(current_)].get();
  const size_t rest = fill_ - whole;
  int next = -1;
  if (rest) {
    next = freeBuffer();
    std::memcpy(buffers_[size_t(next)].get(), from + whole, rest);
  }
  Flight flight;
  flight.bytes = whole;
  flight.direct = direct;
  flight.buffer = std::exchange(current_, next);
  flight.parts = {{from, whole}};
  fill_ = rest;
  stagedSinceNs_ = monotonicNs();
  submit(std::move(flight));
}

void SampleFile::submit(Flight flight) {
  flight.offset = base_;
  base_ += int64_t(flight.bytes);
  reserve(base_);
  Flight* given;
  {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [&] { return fault_ || flights_.size() <= options_.inFlight; });
    if (fault_) throw CoreError(fault_);
    flights_.push_back(std::move(flight));
    given = &flights_.back();  // stays where it is until it is finished
    ++performing_;
  }
  if (options_.crew) return options_.crew->submit(lane_, [this, given] { perform(*given); });
  perform(*given);
  throwIfFailed();
}

// Less than a page: goes out through the page cache and stays staged too, to go out again with the
// page it begins.
void SampleFile::writeStagedTail() {
  if (stagedSinceNs() < 0) return;
  reserve(base_ + int64_t(fill_));
  Flight flight;
  flight.offset = base_;
  flight.bytes = fill_;
  flight.parts = {{buffers_[size_t(current_)].get(), fill_}};
  write(flight);
  // What went out before goes out again for the page's sake: no byte more is on its way.
  copied_.fetch_sub(std::max<int64_t>(tailTo_ - base_, 0), std::memory_order_relaxed);
  tailTo_ = base_ + int64_t(fill_);
  onFile_.store(std::max(bytesOnFile(), tailTo_), std::memory_order_relaxed);
}

void SampleFile::flush() {
  submitStaged();
  handedTo_ = base_ + int64_t(fill_);
  {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [&] { return fault_ || flights_.empty(); });
    if (fault_) throw CoreError(fault_);
  }
  writeStagedTail();
}

void SampleFile::halt() noexcept {
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] { return performing_ == 0; });
  halted_ = true;
}

}  // namespace iio
