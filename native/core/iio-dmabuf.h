// The DMABUF transport, for input buffers. architecture.md, "Kernel path, step by step", 1 to 6.
// ENQUEUE's one flag, CYCLIC, is for output buffers and EINVAL here, so none is passed.
#pragma once
#include <deque>
#include <vector>

#include "iio-buffer.h"
#include "iio-fence.h"
#include "iio-flight.h"

namespace iio {

// What must never happen, and who sees to it (iio-kernel-observed.md, "Kernel faults to keep clear
// of"):
// - read() on this buffer: there is none in here.
// - ENQUEUE of a block in flight: enqueue() refuses it by our own count, without asking the kernel.
// - ENQUEUE of an output block in flight, whose fences this would misread: open() refuses outputs.
// - ATTACH after ENQUEUE while disabled: all are attached in open(), and a failed block is attached
//   again only while the buffer runs.
// - ENQUEUE after an unplug: see lookAgain().
class DmabufTransport final : public Transport {
 public:
  DmabufTransport(IioSourceSpec spec, Sys& sys);
  ~DmabufTransport() override;

  void open(Arena& arena) override;
  void enqueue(BlockIndex block, uint32_t payloadBytes) override;
  void enable() override;
  WaitResult wait(std::span<Completion> out, size_t& count, int64_t deadlineNs,
                  int stopFd) override;
  void disable(std::span<Completion> out, size_t& count) noexcept override;
  void close() noexcept override;
  Grade lossGrade() const override { return spec_.rateHz > 0 ? Grade::Estimated : Grade::Unknown; }
  bool waitsForBlocks() const override { return spec_.waits; }
  const Fault& fault() const override { return fault_; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  struct Block {
    int dmabuf = -1;
    bool attached = false;
    bool inFlight = false;
    bool failed = false;   // to be detached and attached again before it is queued
    bool refused = false;  // the same, if the kernel still refuses it
  };
  struct InFlight {
    Flight flight;
    SysFd fence;  // none if the device went before it could be queued
  };

  int attach(Block& block);
  void detach(Block& block);
  void reattach(Block& block);
  int send(const Block& block, uint32_t bytes, int tries);
  void submit(Block& block, uint32_t bytes);
  bool lookAgain();
  int64_t napNs() const;
  int poll(size_t& ready, int64_t now, int64_t untilNs, int stopFd);
  WaitResult collect(std::span<Completion> out, size_t& count, size_t ready);
  WaitResult judgeDevice();
  WaitResult lost(WaitResult how, Fault fault);
  Completion complete(const InFlight& done, const FenceReport& report, const Verdict& verdict);
  // Once the buffer is off, or could not be switched off: what is still queued gets freed, now or
  // at the next start.
  void settle(bool off);
  void flush();
  void drain(std::span<Completion> out, size_t& count);
  Fault failure(const InFlight& done, const FenceReport& report, const Verdict& verdict) const;

  IioSourceSpec spec_;
  Sys& sys_;
  BufferSwitch switch_;
  FlightLog log_;
  SysFd fd_;
  std::vector<Block> blocks_;
  std::deque<InFlight> flights_;  // oldest first
  std::vector<std::string> notes_;
  Fault fault_;
  WaitResult end_ = WaitResult::Timeout;  // Vanished or Failed once it can't go on
  bool running_ = false;
  bool everRan_ = false;
  size_t burst_ = 1;      // fences polled at once: more where several come back together
  bool stopped_ = false;  // whether the last poll saw stopFd
  bool caughtUp_ = true;  // whether the last poll found the newest that had completed
  int64_t lastNs_ = 0;    // when a block last came back
  int64_t onNs_ = 0;      // the buffer is known to have been on until then
};

}  // namespace iio
