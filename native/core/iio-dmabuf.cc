#include "iio-dmabuf.h"

#include <algorithm>
#include <array>
#include <utility>

#include "iio-kinds.h"
#include "uapi.h"

namespace iio {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// A stub at the head of the queue is worth a question to the device (a file of sysfs) unless blocks
// are shorter than this.
constexpr int64_t kBriskNs = 200'000;
// A wait without a completion looks for the device as often as this.
constexpr int64_t kLookNs = 500 * kMillisecond;
// EBUSY of a block that is not in flight: someone else holds the dma-buf's lock for a moment.
constexpr int kBusyTries = 20;
constexpr int64_t kBusyPauseNs = 100'000;
constexpr size_t kMostPolled = 8;
// To be woken for each block costs more than a short block itself: where they come fast they gather
// for so long at most, the time between two frames, which a stop may wait too; and no longer than a
// small part of what is queued lasts, which leaves most of the reserve, and asks for no more blocks
// at once than are kept free beside a queue of the usual depth (Engine::mostAtOnce).
constexpr int64_t kNapNs = 16 * kMillisecond;
constexpr int64_t kNapShare = 14;

constexpr const char* kAttach = "ioctl(IIO_BUFFER_DMABUF_ATTACH)";
constexpr const char* kEnqueue = "ioctl(IIO_BUFFER_DMABUF_ENQUEUE)";

const char* adviceForAttach(int err) {
  switch (err) {
    case EPERM:
      return "The driver of this buffer offers no DMABUF: use read().";
    case ENODEV:
    case EINVAL:
    case ENOTTY:
      return "This kernel offers no DMABUF for IIO (it came with Linux 6.11), or not with this "
             "heap: use read().";
    case EBUSY:
      return "The buffer runs in another mode: stop what uses it, then try again.";
    case ENOMEM:
      return "Use fewer or smaller blocks, or another heap.";
    default:
      return "Use another heap, or read().";
  }
}

}  // namespace

DmabufTransport::DmabufTransport(IioSourceSpec spec, Sys& sys)
    : spec_(std::move(spec)), sys_(sys), switch_(sys, spec_), log_(spec_.rateHz) {}

DmabufTransport::~DmabufTransport() { DmabufTransport::close(); }

void DmabufTransport::open(Arena& arena) {
  fd_ = openBuffer(sys_, spec_.devicePath, spec_.bufferIndex);
  switch_.watch();
  switch_.refuseOutput();
  switch_.clear(notes_);
  blocks_.assign(arena.blockCount(), Block{});
  for (BlockIndex i = 0; i < arena.blockCount(); ++i) {
    blocks_[i].dmabuf = arena.fd(i);
    const int err = attach(blocks_[i]);
    if (err) throw CoreError(makeFault(err, kAttach, spec_.devicePath, adviceForAttach(err)));
  }
}

int DmabufTransport::attach(Block& block) {
  int result = 0;
  for (int i = 0; i < kBusyTries; ++i) {
    int fd = block.dmabuf;
    result = sys_.ioctl(fd_.get(), uapi::kDmabufAttach, &fd);
    if (result != -EBUSY) break;
    sys_.sleepNs(kBusyPauseNs);  // the kernel's worker may still be detaching
  }
  block.attached = result >= 0;
  return result < 0 ? -result : 0;
}

void DmabufTransport::detach(Block& block) {
  int fd = block.dmabuf;
  if (block.attached) sys_.ioctl(fd_.get(), uapi::kDmabufDetach, &fd);
  block.attached = false;
}

// A block that the driver refused answers EBUSY for ever unless it is detached and attached again.
// Only while the buffer runs: ATTACH on a buffer that is off drops what is queued.
void DmabufTransport::reattach(Block& block) {
  if (!running_)
    throw CoreError(makeFault(EINVAL, kAttach, spec_.devicePath, "The buffer does not run."));
  detach(block);
  const int err = attach(block);
  if (err) throw CoreError(makeFault(err, kAttach, spec_.devicePath, adviceForAttach(err)));
  block.failed = false;
}

int DmabufTransport::send(const Block& block, uint32_t bytes, int tries) {
  uapi::IioDmabuf request{static_cast<uint32_t>(block.dmabuf), 0, bytes};
  int result = 0;
  for (int i = 0; i < tries; ++i) {
    if (i > 0) sys_.sleepNs(kBusyPauseNs);
    result = sys_.ioctl(fd_.get(), uapi::kDmabufEnqueue, &request);
    if (result != -EBUSY) break;
  }
  return result;
}

// A block that was refused answers EBUSY. If the kernel takes one that looked refused, it was done
// sooner than we thought possible.
void DmabufTransport::submit(Block& block, uint32_t bytes) {
  const bool doubted = std::exchange(block.refused, false);
  int result = send(block, bytes, doubted ? 1 : kBusyTries);
  if (result >= 0 && doubted) log_.faster();
  if (result == -EBUSY && running_) {
    reattach(block);
    result = send(block, bytes, kBusyTries);
  }
  if (result < 0) throw CoreError(makeFault(-result, kEnqueue, spec_.devicePath));
}

void DmabufTransport::enqueue(BlockIndex index, uint32_t payloadBytes) {
  Block& block = blocks_.at(index);
  if (block.inFlight)
    throw CoreError(
        makeFault(EBUSY, kEnqueue, spec_.devicePath, "The block is in flight already."));
  InFlight next;
  next.flight.block = index;
  next.flight.bytes = payloadBytes;
  next.flight.scans = payloadBytes / std::max(1u, spec_.scanBytes);
  const bool suspect = block.failed || block.refused;
  if (running_ && (!lookAgain() || (suspect && judgeDevice() != WaitResult::Completed))) {
    block.inFlight = true;
    flights_.push_back(std::move(next));
    return;
  }
  if (block.failed) reattach(block);
  next.flight.running = running_;
  next.flight.beforeNs = sys_.nowNs();
  submit(block, payloadBytes);
  next.flight.afterNs = sys_.nowNs();
  block.inFlight = true;
  ExportedFence exported = exportFence(sys_, block.dmabuf);
  if (exported.err)
    throw CoreError(makeFault(
        exported.err, "ioctl(DMA_BUF_IOCTL_EXPORT_SYNC_FILE)", spec_.devicePath,
        "Each queued block needs a file: use a shorter queue, or raise the limit of open files."));
  next.flight.exportedNs = sys_.nowNs();
  next.fence = std::move(exported.fence);
  flights_.push_back(std::move(next));
}

// Whether a block may be queued. After an unplug the kernel takes blocks, never gives them back and
// never frees them. An unplug removes the device's attributes first and then aborts what is queued;
// an ENQUEUE meanwhile waits for that and is lost, while fences are still pending. So the
// attributes are what tells, right before.
bool DmabufTransport::lookAgain() {
  if (end_ != WaitResult::Timeout) return false;
  if (switch_.present()) return true;
  lost(WaitResult::Vanished, vanishedFault(spec_.devicePath));
  return false;
}

void DmabufTransport::enable() {
  const int64_t before = sys_.nowNs();
  Fault fault = switch_.on();
  // After a timeout the stuck call may still switch it on: disable() has to switch it off.
  running_ = everRan_ = !fault || fault.err == ETIMEDOUT;
  if (fault) throw CoreError(fault);
  log_.enabled(before);
  lastNs_ = sys_.nowNs();
}

WaitResult DmabufTransport::lost(WaitResult how, Fault fault) {
  fault_ = std::move(fault);
  return end_ = how;
}

WaitResult DmabufTransport::wait(std::span<Completion> out, size_t& count, int64_t deadlineNs,
                                 int stopFd) {
  count = 0;
  if (out.empty()) return WaitResult::Timeout;
  for (;;) {
    if (end_ != WaitResult::Timeout) return end_;
    if (std::exchange(caughtUp_, false))
      if (const int64_t nap = napNs(); nap > 0) sys_.sleepNs(nap);
    const int64_t now = sys_.nowNs();
    const int64_t until = std::min(deadlineNs, now + kLookNs);
    size_t ready = std::min(out.size(), kMostPolled);
    const int n = poll(ready, now, until, stopFd);
    if (n < 0) return lost(WaitResult::Failed, makeFault(-n, "poll", spec_.devicePath));
    if (stopped_) return WaitResult::Stopped;
    if (ready > 0) {
      const WaitResult result = collect(out, count, ready);
      if (result != WaitResult::Timeout) return result;
      continue;
    }
    if (running_ && !switch_.present())
      return lost(WaitResult::Vanished, vanishedFault(spec_.devicePath));
    const int64_t after = sys_.nowNs();
    if (running_ && after - lastNs_ >= kLookNs && switch_.askState() == SwitchState::Off)
      return lost(WaitResult::Failed, switchedOffFault(spec_.devicePath));
    if (after >= deadlineNs) return WaitResult::Timeout;
  }
}

// How long blocks gather before they are looked for; 0 where not even two would come.
int64_t DmabufTransport::napNs() const {
  if (!running_ || flights_.empty()) return 0;
  const double block = log_.pacedNs(flights_.front().flight.scans);
  const double queued = block * static_cast<double>(flights_.size());
  const double most = std::min(static_cast<double>(kNapNs), queued / kNapShare);
  return most >= 2 * block ? static_cast<int64_t>(most) : 0;
}

// Polls stopFd and the oldest fences, as many as lately came together but at most `ready`, which
// becomes the number that have signalled without one pending before them.
int DmabufTransport::poll(size_t& ready, int64_t now, int64_t untilNs, int stopFd) {
  std::array<pollfd, kMostPolled + 1> fds;
  const size_t polled = std::min({burst_, flights_.size(), ready});
  fds[0] = {stopFd, POLLIN, 0};
  for (size_t i = 0; i < polled; ++i) fds[i + 1] = {flights_[i].fence.get(), POLLIN, 0};
  const int n = sys_.poll(std::span(fds).first(polled + 1), std::max<int64_t>(0, untilNs - now));
  stopped_ = n > 0 && fds[0].revents != 0;
  ready = 0;
  if (n < 0) return n;
  while (ready < polled && fds[ready + 1].revents) ++ready;
  caughtUp_ = ready < polled;
  burst_ = ready == polled ? std::min(kMostPolled, burst_ * 2) : std::max<size_t>(1, ready);
  return n;
}

// Takes the completions of the `ready` oldest blocks. A broken one comes alone, after the device
// was looked at.
WaitResult DmabufTransport::collect(std::span<Completion> out, size_t& count, size_t ready) {
  for (; ready > 0; --ready) {
    InFlight& oldest = flights_.front();
    const FenceReport report = readFence(sys_, oldest.fence);
    if (report.status == 0) break;
    const Verdict verdict = log_.judge(oldest.flight, report);
    const bool ask = verdict.end == FlightEnd::Broken ||
                     (verdict.doubtful && oldest.flight.exportedNs >= onNs_ &&
                      log_.expectedNs(oldest.flight.scans) >= kBriskNs);
    if (ask && count > 0) break;
    if (ask)
      if (const WaitResult device = judgeDevice(); device != WaitResult::Completed) return device;
    if (verdict.end != FlightEnd::Delivered) {
      if (count > 0) break;
      out[count++] = complete(oldest, report, verdict);
      flights_.pop_front();
      break;
    }
    out[count++] = complete(oldest, report, verdict);
    flights_.pop_front();
  }
  return count > 0 ? WaitResult::Completed : WaitResult::Timeout;
}

// After a fence error: is it this block alone (Completed: go on), or is the device gone, or was the
// buffer switched off? A fence that is pending would not tell: what was queued after the buffer was
// switched off stays so.
WaitResult DmabufTransport::judgeDevice() {
  if (!switch_.present()) return lost(WaitResult::Vanished, vanishedFault(spec_.devicePath));
  const int64_t asked = sys_.nowNs();
  SwitchState state = switch_.state();
  // A device on its way out switches its buffers off before its directory goes.
  for (int i = 0; i < 10 && state == SwitchState::Off && switch_.present(); ++i)
    sys_.sleepNs(10 * kMillisecond);
  if (!switch_.present()) state = SwitchState::Gone;
  switch (state) {
    case SwitchState::On:
      onNs_ = asked;
      return WaitResult::Completed;
    case SwitchState::Gone:
      return lost(WaitResult::Vanished, vanishedFault(spec_.devicePath));
    case SwitchState::Off:
      return lost(WaitResult::Failed, switchedOffFault(spec_.devicePath));
    case SwitchState::NoAnswer:
      break;
  }
  Fault fault = makeFault(EIO, "poll", spec_.devicePath);
  fault.message = "Transfers of " + spec_.devicePath +
                  " fail and the device does not answer. Check its connection.";
  return lost(WaitResult::Failed, std::move(fault));
}

Fault DmabufTransport::failure(const InFlight& done, const FenceReport& report,
                               const Verdict& verdict) const {
  if (verdict.end == FlightEnd::Broken)
    return makeFault(-report.status, "ioctl(SYNC_IOC_FILE_INFO)", spec_.devicePath,
                     "The transfer of this block failed and its samples are lost.");
  Fault fault = makeFault(EIO, kEnqueue, spec_.devicePath);
  fault.message = "The driver of " + spec_.devicePath + " refused block " +
                  std::to_string(done.flight.block) + "; it is offered again.";
  return fault;
}

Completion DmabufTransport::complete(const InFlight& done, const FenceReport& report,
                                     const Verdict& verdict) {
  Block& block = blocks_[done.flight.block];
  Completion completion;
  completion.block = done.flight.block;
  completion.timeNs = verdict.timeNs;
  completion.hasGap = verdict.hasGap && !spec_.waits;
  completion.gap = verdict.gap;
  if (verdict.end == FlightEnd::Delivered) {
    completion.bytes = done.flight.bytes;
  } else {
    completion.status = CompletionStatus::Failed;
    completion.fault = failure(done, report, verdict);
    block.failed = verdict.end == FlightEnd::Broken;
    block.refused = verdict.end == FlightEnd::Refused;
  }
  block.inFlight = false;
  lastNs_ = sys_.nowNs();
  log_.take(done.flight, verdict);
  return completion;
}

}  // namespace iio
