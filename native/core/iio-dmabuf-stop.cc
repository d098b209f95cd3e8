// The end of a DMABUF run: disable, drain, detach, close, each within its deadline.
#include <algorithm>
#include <utility>

#include "iio-dmabuf.h"
#include "iio-kinds.h"

namespace iio {
namespace {

// Once the buffer is off every fence has signalled; what still has not never will.
constexpr int64_t kDrainMs = 200;

}  // namespace

void DmabufTransport::disable(std::span<Completion> out, size_t& count) noexcept {
  count = 0;
  bool off = !running_;
  try {
    if (running_) {
      // A device that went has no attribute any more, and nothing that could be switched off.
      const Fault fault = switch_.present() ? switch_.off() : vanishedFault(spec_.devicePath);
      off = !fault;
      if (fault && !fault_) fault_ = fault;
      // A refusal is worth another try in close(). A call that hangs is not: it may still get
      // there.
      running_ = fault && fault.err != ETIMEDOUT && fault.err != ENODEV;
    }
    settle(off);
  } catch (const std::exception&) {
  }
  drain(out, count);
}

void DmabufTransport::settle(bool off) {
  if (off)
    flush();
  else if (!flights_.empty() && switch_.present())
    switch_.leaveQueued();
}

// Blocks that are queued while the buffer is off (it was never on, or someone else switched it off)
// can't be given back, and keep their memory and the buffer's DMABUF mode, until it was on once. So
// it is, for a moment; only after a good off(), for one that hangs might come before our on().
void DmabufTransport::flush() {
  // Behind the newest one that the kernel was given may be some that it was not.
  const auto given = std::find_if(flights_.rbegin(), flights_.rend(),
                                  [](const InFlight& flight) { return bool(flight.fence); });
  if (given == flights_.rend() || !switch_.present()) return;
  pollfd newest{given->fence.get(), POLLIN, 0};
  const int64_t patience = everRan_ ? std::min(kDrainMs, spec_.deadlineMs) * 1'000'000 : 0;
  if (sys_.poll(std::span(&newest, 1), patience) > 0) return;
  if (switch_.on()) return switch_.leaveQueued();
  switch_.off();
}

// What ended well before the buffer was off is data; the rest is aborted. The kernel keeps the
// memory of a block that it has not let go of, so giving back ours is safe whatever the hardware
// does.
void DmabufTransport::drain(std::span<Completion> out, size_t& count) {
  while (!flights_.empty()) {
    const InFlight oldest = std::move(flights_.front());
    flights_.pop_front();
    FenceReport report{-ENODEV, 0, false};
    if (oldest.fence) report = readFence(sys_, oldest.fence);
    Completion completion;
    completion.block = oldest.flight.block;
    completion.status = CompletionStatus::Aborted;
    completion.timeNs = sys_.nowNs();
    if (report.status != 0) {
      Verdict verdict = log_.judge(oldest.flight, report);
      if (verdict.doubtful) verdict.end = FlightEnd::Broken;
      if (verdict.end == FlightEnd::Delivered)
        completion = complete(oldest, report, verdict);
      else
        log_.take(oldest.flight, verdict);
    }
    blocks_[oldest.flight.block].inFlight = false;
    if (count < out.size()) out[count++] = std::move(completion);
  }
}

void DmabufTransport::close() noexcept {
  if (!fd_) return;
  try {
    const bool off = !std::exchange(running_, false) || !switch_.off();
    settle(off);
  } catch (const std::exception&) {
  }
  flights_.clear();
  for (Block& block : blocks_) detach(block);
  blocks_.clear();
  switch_.unwatch();
  fd_.reset();
}

std::unique_ptr<Transport> makeDmabufTransport(IioSourceSpec spec, Sys& sys) {
  return std::make_unique<DmabufTransport>(std::move(spec), sys);
}

std::unique_ptr<Transport> makeDmabufTransport(IioSourceSpec spec) {
  return makeDmabufTransport(std::move(spec), realSys());
}

}  // namespace iio
