// The read() transport: for buffers without DMABUF, and for slow ones where a block would last too
// long.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "iio-buffer.h"
#include "iio-halves.h"

namespace iio {

// What must never happen, and who sees to it (iio-kernel-observed.md, "Kernel faults to keep clear
// of"):
// - read() where the kernel has no half to read from (DMABUFs attached, or just detached): every
//   read on a DMA buffer follows a poll that promised data, which such a buffer never does, and
//   after disable we read only if we had before.
// - an odd number of halves: see HalfBooks.
// - an unplug during a read() that waits: the file is non-blocking; poll waits, with a deadline.
class ReadTransport final : public Transport {
 public:
  ReadTransport(IioSourceSpec spec, Sys& sys);
  ~ReadTransport() override;

  void open(Arena& arena) override;
  void enqueue(BlockIndex block, uint32_t payloadBytes) override;
  void enable() override;
  WaitResult wait(std::span<Completion> out, size_t& count, int64_t deadlineNs,
                  int stopFd) override;
  void disable(std::span<Completion> out, size_t& count) noexcept override;
  void close() noexcept override;
  // An overflow of a kfifo can't be seen; that of a DMA buffer's halves can.
  Grade lossGrade() const override {
    return dma_ && spec_.rateHz > 0 ? Grade::Estimated : Grade::Unknown;
  }
  const Fault& fault() const override { return fault_; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  struct Queued {
    BlockIndex block;
    uint32_t payload;
  };

  std::string attribute(const char* name) const;
  bool isDma() const;
  int64_t number(const char* name) const;
  WaitResult lost(WaitResult how, Fault fault);
  int64_t waitUntil(int64_t nowNs, int64_t deadlineNs) const;
  bool isDue(int64_t nowNs) const;
  Fault begin();
  WaitResult beginAgain();
  bool isFull() const;
  // Reads once into the oldest block; false if nothing came. Fills `out` if that completed the
  // block.
  bool readOnce(std::optional<Completion>& out, int stopFd);
  void readFailed(int err, int stopFd);
  void took(uint64_t asked, uint64_t taken, int64_t beforeNs, int64_t afterNs,
            std::optional<Completion>& out);
  void append(uint64_t bytes, int64_t nowNs);
  void border(std::optional<Completion>& out);
  Completion finish(int64_t nowNs);
  void drain(std::vector<Completion>& done);
  void evenOut(std::vector<Completion>& done);
  void giveBack(std::vector<Completion>& done);

  IioSourceSpec spec_;
  Sys& sys_;
  BufferSwitch switch_;
  Arena* arena_ = nullptr;
  SysFd fd_;
  bool dma_ = false;
  std::optional<HalfBooks> books_;
  std::deque<Queued> queue_;  // oldest first; the first one is being filled
  std::vector<bool> queued_;
  uint64_t filled_ = 0;          // bytes in the oldest block
  std::vector<std::byte> rest_;  // of a scan that a half cut in two, for the next block
  std::optional<Gap> gap_;       // before the oldest block
  int64_t againNs_ = 0;  // when a buffer that gave nothing yet is enabled once more; 0: not at all
  int64_t emptyNs_ = 0;  // when the buffer was last seen empty
  int64_t dueNs_ = 0;    // when the oldest block completes as it is
  std::vector<std::string> notes_;
  Fault fault_;
  WaitResult end_ = WaitResult::Timeout;
  bool running_ = false;
};

}  // namespace iio
