#include "iio-read.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "iio-kinds.h"

namespace iio {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// There is no POLLHUP after an unplug: a wait looks for the device as often as this.
constexpr int64_t kLookNs = 250 * kMillisecond;
// The kernel lets go of the last DMABUF on a worker of its own; a buffer enabled before that gives
// nothing to read().
constexpr int64_t kSettleNs = 20 * kMillisecond;
constexpr int64_t kAgainNs = 1000 * kMillisecond;

}  // namespace

ReadTransport::ReadTransport(IioSourceSpec spec, Sys& sys)
    : spec_(std::move(spec)), sys_(sys), switch_(sys, spec_) {
  spec_.scanBytes = std::max(1u, spec_.scanBytes);
}

ReadTransport::~ReadTransport() { ReadTransport::close(); }

std::string ReadTransport::attribute(const char* name) const {
  return spec_.enablePath.substr(0, spec_.enablePath.rfind('/') + 1) + name;
}

// Buffers on industrialio-buffer-dma have a fixed watermark: its attribute can't be written. Not to
// know is an error: to read one as if it were a kfifo may hit the kernel's fault with DMABUFs.
bool ReadTransport::isDma() const {
  const ControlReply reply = spec_.control->call({Control::Op::List, attribute(""), {}, true});
  if (reply.fault) throw CoreError(reply.fault);
  for (const ControlEntry& entry : reply.entries)
    if (entry.name == "watermark") return (entry.mode & 0222) == 0;
  return false;
}

int64_t ReadTransport::number(const char* name) const {
  const ControlReply reply = spec_.control->call({Control::Op::Read, attribute(name), {}, true});
  return reply.fault || reply.text.empty() ? -1 : std::strtoll(reply.text.c_str(), nullptr, 10);
}

void ReadTransport::open(Arena& arena) {
  arena_ = &arena;
  fd_ = openBuffer(sys_, spec_.devicePath, spec_.bufferIndex, true);
  switch_.refuseOutput();
  switch_.clear(notes_);
  dma_ = isDma();
  if (dma_) sys_.sleepNs(kSettleNs);
  queued_.assign(arena.blockCount(), false);
}

void ReadTransport::enqueue(BlockIndex block, uint32_t payloadBytes) {
  if (queued_.at(block))
    throw CoreError(
        makeFault(EBUSY, "read", spec_.devicePath, "The block is being filled already."));
  queued_[block] = true;
  queue_.push_back({block, payloadBytes});
}

void ReadTransport::enable() {
  if (const Fault fault = begin()) throw CoreError(fault);
  if (!dma_ || spec_.rateHz <= 0) return;
  const double half =
      static_cast<double>(std::max<int64_t>(0, number("length"))) / 2 / spec_.rateHz * 1e9;
  againNs_ = sys_.nowNs() + std::max(kAgainNs, static_cast<int64_t>(10 * half));
}

Fault ReadTransport::begin() {
  const auto bytes =
      static_cast<uint64_t>(dma_ ? std::max<int64_t>(0, number("length")) : 0) * spec_.scanBytes;
  const auto align =
      static_cast<uint64_t>(dma_ ? std::max<int64_t>(0, number("length_align_bytes")) : 0);
  const int64_t before = sys_.nowNs();
  Fault fault = switch_.on();
  // After a timeout the stuck call may still switch it on: disable() has to switch it off.
  running_ = !fault || fault.err == ETIMEDOUT;
  if (dma_) books_.emplace(spec_.rateHz, spec_.scanBytes, (bytes + 1) / 2, align, before);
  emptyNs_ = before;
  return fault;
}

// A buffer enabled before the kernel let go of the last DMABUF never has anything for read(). It
// can't be told from a device that is silent, so a buffer that gave nothing for long is enabled
// once more: nothing is lost by that.
WaitResult ReadTransport::beginAgain() {
  againNs_ = 0;
  if (const Fault fault = switch_.off()) return lost(WaitResult::Failed, fault);
  sys_.sleepNs(kSettleNs);
  if (const Fault fault = begin()) return lost(WaitResult::Failed, fault);
  return WaitResult::Timeout;
}

WaitResult ReadTransport::lost(WaitResult how, Fault fault) {
  fault_ = std::move(fault);
  return end_ = how;
}

bool ReadTransport::isDue(int64_t nowNs) const {
  return filled_ >= spec_.scanBytes && nowNs >= dueNs_;
}

bool ReadTransport::isFull() const { return queue_.front().payload - filled_ < spec_.scanBytes; }

int64_t ReadTransport::waitUntil(int64_t nowNs, int64_t deadlineNs) const {
  if (books_ && books_->begun() && !queue_.empty()) return nowNs;
  int64_t until = std::min(deadlineNs, nowNs + kLookNs);
  if (queue_.empty()) return until;
  if (filled_ >= spec_.scanBytes) until = std::min(until, dueNs_);
  // A kfifo below its watermark makes no poll ready, but a non-blocking read takes what there is.
  if (!dma_) until = std::min(until, std::max(nowNs, emptyNs_ + spec_.maxLatencyNs));
  return until;
}

WaitResult ReadTransport::wait(std::span<Completion> out, size_t& count, int64_t deadlineNs,
                               int stopFd) {
  count = 0;
  if (out.empty()) return WaitResult::Timeout;
  for (;;) {
    if (end_ != WaitResult::Timeout) return end_;
    const int64_t now = sys_.nowNs();
    std::optional<Completion> done;
    if (!queue_.empty() && isDue(now)) {
      out[count++] = finish(now);
      return WaitResult::Completed;
    }
    pollfd fds[2] = {{stopFd, POLLIN, 0}, {queue_.empty() ? -1 : fd_.get(), POLLIN, 0}};
    const int n = sys_.poll(fds, std::max<int64_t>(0, waitUntil(now, deadlineNs) - now));
    if (n < 0) return lost(WaitResult::Failed, makeFault(-n, "poll", spec_.devicePath));
    if (fds[0].revents) return WaitResult::Stopped;
    const int64_t after = sys_.nowNs();
    if (fds[1].revents) {
      if (books_) books_->ready(after);
      readOnce(done, stopFd);
    } else if (books_ && books_->begun() && !queue_.empty()) {
      books_->idle(now);
      border(done);
    } else {
      if (books_ && !queue_.empty()) books_->idle(now);
      if (!switch_.present()) return lost(WaitResult::Vanished, vanishedFault(spec_.devicePath));
      if (againNs_ != 0 && after >= againNs_ && books_->halves() == 0) beginAgain();
      if (!dma_ && !queue_.empty() && after >= emptyNs_ + spec_.maxLatencyNs)
        readOnce(done, stopFd);
    }
    if (done) {
      out[count++] = *done;
      return WaitResult::Completed;
    }
    if (end_ == WaitResult::Timeout && after >= deadlineNs && !isDue(after))
      return WaitResult::Timeout;
  }
}

bool ReadTransport::readOnce(std::optional<Completion>& out, int stopFd) {
  const Queued& oldest = queue_.front();
  if (filled_ == 0 && !rest_.empty()) {
    std::memcpy(arena_->data(oldest.block), rest_.data(), rest_.size());
    filled_ = rest_.size();
    rest_.clear();
  }
  uint64_t asked = (oldest.payload - filled_) / spec_.scanBytes * spec_.scanBytes;
  if (books_) asked = std::min(asked, books_->limit());
  const int64_t before = sys_.nowNs();
  const int64_t n = sys_.read(fd_.get(), arena_->data(oldest.block) + filled_, asked);
  if (n <= 0)
    readFailed(static_cast<int>(-n), stopFd);
  else
    took(asked, static_cast<uint64_t>(n), before, sys_.nowNs(), out);
  return n > 0;
}

void ReadTransport::readFailed(int err, int stopFd) {
  if (err == EAGAIN && !dma_) {
    emptyNs_ = sys_.nowNs();
  } else if (err == EAGAIN && books_->halves() == 0) {
    books_->starved();
    // poll stays ready until the half that is read next has come: a pause, which a stop still ends.
    pollfd stop{stopFd, POLLIN, 0};
    sys_.poll(std::span(&stop, 1), kMillisecond);
  } else if (err == EAGAIN) {
    // A half that was aborted holds nothing.
    if (running_ && switch_.state() == SwitchState::Off)
      lost(WaitResult::Failed, switchedOffFault(spec_.devicePath));
  } else if (err == ENODEV || !switch_.present()) {
    lost(WaitResult::Vanished, vanishedFault(spec_.devicePath));
  } else if (err == 0) {
    lost(WaitResult::Failed,
         makeFault(EIO, "read", spec_.devicePath, "The buffer has no channel: enable one."));
  } else {
    lost(WaitResult::Failed, makeFault(err, "read", spec_.devicePath));
  }
}

void ReadTransport::took(uint64_t asked, uint64_t taken, int64_t beforeNs, int64_t afterNs,
                         std::optional<Completion>& out) {
  HalfBooks::Use use = HalfBooks::Use::Keep;
  if (books_) {
    use = books_->took(asked, taken, beforeNs, afterNs);
    if (use == HalfBooks::Use::Ask) use = books_->order(number("data_available"));
  }
  if (use == HalfBooks::Use::Keep) append(taken, afterNs);
  if (taken < asked) emptyNs_ = afterNs;
  if (!queue_.empty() && isFull()) out = finish(afterNs);
  if (books_ && books_->atBorder()) border(out);
}

// A sample may have come as early as just after the buffer was last seen empty: from then on its
// time runs.
void ReadTransport::append(uint64_t bytes, int64_t nowNs) {
  if (filled_ < spec_.scanBytes) {
    const int64_t since = dma_ ? nowNs : emptyNs_;
    dueNs_ = std::max(nowNs, since + spec_.maxLatencyNs);
  }
  filled_ += bytes;
}

void ReadTransport::border(std::optional<Completion>& out) {
  const int64_t now = sys_.nowNs();
  pollfd fd{fd_.get(), POLLIN, 0};
  const bool full = sys_.poll(std::span(&fd, 1), 0) > 0;
  if (!full) books_->idle(now);
  books_->otherFull(full);
  Gap gap;
  if (!books_->gapHere(gap)) return;
  if (filled_ >= spec_.scanBytes && !out) out = finish(now);
  rest_.clear();
  filled_ = 0;
  gap_ = gap;
}

Completion ReadTransport::finish(int64_t nowNs) {
  const Queued oldest = queue_.front();
  queue_.pop_front();
  queued_[oldest.block] = false;
  Completion completion;
  completion.block = oldest.block;
  completion.bytes = static_cast<uint32_t>(filled_ - filled_ % spec_.scanBytes);
  completion.timeNs = nowNs;
  completion.hasGap = gap_.has_value();
  if (gap_) completion.gap = *gap_;
  gap_.reset();
  const std::byte* data = arena_->data(oldest.block);
  rest_.assign(data + completion.bytes, data + filled_);
  filled_ = 0;
  return completion;
}

}  // namespace iio
