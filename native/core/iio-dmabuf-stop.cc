// The end of a DMABUF run: disable, drain, detach, close, each within its deadline.
#include <algorithm>

#include "iio-dmabuf.h"
#include "iio-kinds.h"

namespace iio {
namespace {

// Once the buffer is off every fence has signalled; what still has not never will.
constexpr int64_t kDrainMs = 200;

}  // namespace

void DmabufTransport::disable(std::span<Completion> out, size_t& count) noexcept {
  count = 0;
  bool off = false;
  if (running_) {
    try {
      // A device that went has no attribute any more, and nothing that could be switched off.
      const Fault fault = switch_.present() ? switch_.off() : vanishedFault(spec_.devicePath);
      off = !fault;
      if (fault && !fault_) fault_ = fault;
    } catch (const std::exception&) {
    }
  } else if (!flights_.empty() && !everRan_) {
    switch_.leaveQueued();
  }
  running_ = false;
  drain(out, count, sys_.nowNs() + (off ? std::min(kDrainMs, spec_.deadlineMs) * 1'000'000 : 0));
}

// What ended well before the buffer was off is data; the rest is aborted. The kernel keeps the memory of a block that it
// has not let go of, so giving back ours is safe whatever the hardware does.
void DmabufTransport::drain(std::span<Completion> out, size_t& count, int64_t untilNs) {
  while (!flights_.empty()) {
    const InFlight oldest = std::move(flights_.front());
    flights_.pop_front();
    FenceReport report{-ENODEV, 0, false};
    if (oldest.fence) {
      pollfd fd{oldest.fence.get(), POLLIN, 0};
      sys_.poll(std::span(&fd, 1), std::max<int64_t>(0, untilNs - sys_.nowNs()));
      report = readFence(sys_, oldest.fence);
    }
    Completion completion;
    completion.block = oldest.flight.block;
    completion.status = CompletionStatus::Aborted;
    completion.timeNs = sys_.nowNs();
    if (report.status != 0) {
      const Verdict verdict = log_.judge(oldest.flight, report);
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
  running_ = false;
  if (!everRan_ && !flights_.empty()) switch_.leaveQueued();
  flights_.clear();
  for (Block& block : blocks_) detach(block);
  blocks_.clear();
  fd_.reset();
}

std::unique_ptr<Transport> makeDmabufTransport(IioSourceSpec spec, Sys& sys) {
  return std::make_unique<DmabufTransport>(std::move(spec), sys);
}

std::unique_ptr<Transport> makeDmabufTransport(IioSourceSpec spec) {
  return makeDmabufTransport(std::move(spec), realSys());
}

}  // namespace iio
