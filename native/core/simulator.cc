#include "simulator.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <mutex>

#include "clock.h"
#include "fs-fd.h"
#include "simulator-clock.h"
#include "simulator-fill.h"

namespace iio {

namespace {

// Completions are handed over at the latest after so many bytes were filled: the queue must not
// wait for more.
constexpr uint64_t kBatchBytes = 256 * 1024;

class SimulatorTransport final : public Simulator {
 public:
  explicit SimulatorTransport(SimulatorSpec spec)
      : spec_(std::move(spec)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_)
      throw CoreError(makeFault(errno, "eventfd", "", "Close other programs and try again."));
    if (!(spec_.rateHz > 0))
      throw CoreError(Fault{EINVAL, "", "", "The simulator has no sample rate. Set one."});
    if (spec_.layout.scanBytes == 0)
      throw CoreError(Fault{EINVAL, "", "", "No channel of the simulator is enabled. Enable one."});
    setElements(spec_.elements);
  }

  void setElements(std::vector<SimulatedElement> elements) override {
    auto made =
        std::make_shared<const ScanFiller>(spec_.layout, elements, spec_.rateHz, spec_.seed);
    std::lock_guard guard(lock_);
    filler_ = std::move(made);
  }

  void fault(SimulatedFault fault) override {
    asked_ = fault;
    uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof one) < 0) return;  // full: it is readable anyway
  }

  void open(Arena& arena) override { arena_ = &arena; }

  void enqueue(BlockIndex block, uint32_t payloadBytes) override {
    clock_.enqueue(block, payloadBytes / spec_.layout.scanBytes, passed(monotonicNs()));
  }

  void enable() override {
    realtimeNs_ = nanosecondsOf(CLOCK_REALTIME);
    startNs_ = monotonicNs();
    running_ = true;
  }

  WaitResult wait(std::span<Completion> out, size_t& count, int64_t deadlineNs,
                  int stopFd) override {
    count = 0;
    for (;;) {
      int64_t now = monotonicNs();
      followFaults(now);
      if (vanished_) return WaitResult::Vanished;
      uint64_t bytes = 0;
      while (count < out.size() && bytes < kBatchBytes && ready(now)) {
        deliver(out[count], now);
        bytes += out[count++].bytes;
      }
      if (count > 0) return WaitResult::Completed;
      if (now >= deadlineNs) return WaitResult::Timeout;
      if (sleep(wakeAt(deadlineNs) - now, stopFd)) return WaitResult::Stopped;
    }
  }

  // As hardware: blocks that are complete by now are delivered, one that is only partly filled is
  // given back.
  void disable(std::span<Completion> out, size_t& count) noexcept override {
    int64_t now = monotonicNs();
    count = 0;
    while (count < out.size() && !clock_.empty()) {
      if (running_ && !spec_.max && !vanished_ && ready(now)) {
        deliver(out[count++], now);
        continue;
      }
      out[count] = Completion{};
      out[count].block = clock_.pop().block;
      out[count++].status = CompletionStatus::Aborted;
    }
    running_ = false;
  }

  void close() noexcept override { running_ = false; }
  bool waitsForBlocks() const override { return spec_.max; }
  Grade lossGrade() const override { return Grade::Exact; }
  const Fault& fault() const override { return fault_; }

 private:
  int64_t passed(int64_t now) const {
    if (!running_ || spec_.max) return 0;
    return static_cast<int64_t>(
        std::floor(static_cast<double>(now - startNs_) * 1e-9 * spec_.rateHz));
  }

  int64_t timeOf(int64_t scan) const {
    return startNs_ +
           static_cast<int64_t>(std::ceil(static_cast<double>(scan) * 1e9 / spec_.rateHz));
  }

  void followFaults(int64_t now) {
    SimulatedFault asked = asked_;
    if (asked == SimulatedFault::Vanish && !vanished_) {
      vanished_ = true;
      fault_ = Fault{ENODEV, "", "",
                     "The simulated device vanished, as was asked. Start the stream again."};
    }
    if (asked == SimulatedFault::LostBlocks && following_ != asked) clock_.startDropping();
    // The converter ran on while transfers stood still: the oldest block begins anew where it is
    // now.
    if (following_ == SimulatedFault::Stall && asked != SimulatedFault::Stall && !clock_.empty())
      clock_.lose(passed(now) - clock_.front().first);
    following_ = asked;
  }

  bool ready(int64_t now) {
    if (clock_.empty() || following_ == SimulatedFault::Stall) return false;
    if (following_ == SimulatedFault::LostBlocks) clock_.dropSome();
    return spec_.max || timeOf(clock_.due()) <= now;
  }

  void deliver(Completion& out, int64_t now) {
    SimulatorClock::Entry entry = clock_.pop();
    out = Completion{};
    out.block = entry.block;
    out.bytes = entry.scans * spec_.layout.scanBytes;
    out.timeNs = spec_.max ? now : timeOf(entry.first + entry.scans);
    if (entry.lost > 0) {
      out.hasGap = true;
      out.gap = {.grade = Grade::Exact,
                 .cause = GapCause::Simulator,
                 .lost = entry.lost,
                 .lostMin = entry.lost,
                 .lostMax = entry.lost};
    }
    SimulatedFault transferError = SimulatedFault::TransferError;
    if (asked_.compare_exchange_strong(transferError, SimulatedFault::None)) {
      out.status = CompletionStatus::Failed;
      out.fault = Fault{EIO, "", "", "A transfer of the simulator failed, as was asked."};
      return;
    }
    std::shared_ptr<const ScanFiller> filler;
    {
      std::lock_guard guard(lock_);
      filler = filler_;
    }
    filler->fill(arena_->data(entry.block), entry.first, entry.scans, realtimeNs_);
  }

  int64_t wakeAt(int64_t deadlineNs) const {
    bool stands = clock_.empty() || following_ == SimulatedFault::Stall;
    return stands ? deadlineNs : std::min(deadlineNs, timeOf(clock_.due()));
  }

  // True if it is to stop.
  bool sleep(int64_t ns, int stopFd) {
    pollfd fds[2] = {{stopFd, POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    timespec left{ns / 1'000'000'000, ns % 1'000'000'000};
    if (ppoll(fds, 2, &left, nullptr) <= 0) return false;
    uint64_t times = 0;
    if (fds[1].revents != 0 && read(wake_.get(), &times, sizeof times) < 0) return false;
    return fds[0].revents != 0;
  }

  const SimulatorSpec spec_;
  Fd wake_;
  std::mutex lock_;
  std::shared_ptr<const ScanFiller> filler_;  // guarded by lock_
  std::atomic<SimulatedFault> asked_{SimulatedFault::None};

  // The acquisition thread's.
  Arena* arena_ = nullptr;
  SimulatorClock clock_;
  SimulatedFault following_ = SimulatedFault::None;
  bool running_ = false, vanished_ = false;
  int64_t startNs_ = 0, realtimeNs_ = 0;
  Fault fault_;
};

}  // namespace

std::unique_ptr<Simulator> Simulator::create(SimulatorSpec spec) {
  return std::make_unique<SimulatorTransport>(std::move(spec));
}

}  // namespace iio
