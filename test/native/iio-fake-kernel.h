// A kernel of paper with one IIO device, on a clock of its own: obeys iio-kernel-observed.md for
// DMABUF and read(), with faults on demand. What would crash or leak in a real kernel is written
// down in `crimes`. One thread, no waiting: poll moves the clock on to the next event.
#pragma once
#include <poll.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arena.h"
#include "control.h"
#include "iio-sys.h"

namespace fakes {

inline constexpr int64_t kMicro = 1'000, kMilli = 1'000'000, kSecond = 1'000'000'000;
inline constexpr int kStopFd = 3;

struct Fence {
  bool signalled = false;
  int error = 0;
  int64_t timeNs = 0;
};
using FencePtr = std::shared_ptr<Fence>;

// Blocks of memory whose dma-buf fds the kernel below knows: 1000 + index.
class PaperArena final : public iio::Arena {
 public:
  PaperArena(uint32_t count, uint32_t bytes)
      : count_(count), bytes_(bytes), memory_(size_t{count} * bytes) {}
  iio::ArenaKind kind() const override { return iio::ArenaKind::Heap; }
  uint32_t blockCount() const override { return count_; }
  uint32_t allocatedBytes() const override { return bytes_; }
  std::byte* data(iio::BlockIndex i) const override {
    return const_cast<std::byte*>(memory_.data()) + size_t{bytes_} * i;
  }
  int fd(iio::BlockIndex i) const override { return 1000 + static_cast<int>(i); }
  bool directIo() const override { return false; }
  void beginRead(iio::BlockIndex) override {}
  void endRead(iio::BlockIndex) override {}

 private:
  uint32_t count_, bytes_;
  std::vector<std::byte> memory_;
};

enum class BufferKind { Dma, Kfifo };

class FakeKernel final : public iio::Sys {
 public:
  explicit FakeKernel(BufferKind kind = BufferKind::Dma) : kind_(kind) {}

  // What the device is like. To be set before it is used.
  double rateHz = 1e6;
  std::string direction = "in";
  uint32_t scanBytes = 8;
  int64_t length = 4096;  // scans, of read()
  int64_t watermark = 1;  // kfifo
  int64_t latencyNs = 20 * kMicro;
  int64_t heldUntilNs =
      0;  // no interrupt comes through before: completions are late, then come all at once
  uint64_t engineAlign = 1;  // bytes of a half that the engine fills: whole units of this
  bool tellsAlign = true;    // length_align_bytes
  int64_t enqueueNs = 4 * kMicro;
  PaperArena* arena = nullptr;

  // Faults on demand.
  int refuseNext = 0, abortNext = 0;
  int openBusy = 0, getFdBusy = 0;  // so many calls answer EBUSY; -1: all
  int enqueueBusy = 0;
  int64_t detachingUntilNs = 0;  // until then a worker of the kernel still holds the last DMABUF
  int failEnable = 0;            // errno of writing 1 to enable
  bool hangDisable = false;
  int failList = 0;          // errno of listing the buffer's attributes
  int refuseDisable = 0;     // so many writes of 0 to enable answer EIO
  bool hasWitness = true;    // uevent can be opened
  bool namesDrivers = true;  // kernels from 6.17 on don't, for signalled fences
  void at(int64_t ns, std::function<void()> event) { events_.emplace(ns, std::move(event)); }
  int64_t abortNs = 0;  // from when an unplugged device's directory has gone until all is aborted
  void unplug();
  void disableByOther() { setEnabled(false); }
  void stop() { stopped_ = true; }
  void leaveEnabled() { setEnabled(true); }
  void setSwapped() { nextHalf_ = 1; }

  // What came of it.
  std::vector<std::string> crimes;
  int64_t lost = 0;  // scans, by the driver's own count, between delivered ones
  uint64_t leaked = 0;
  uint64_t unsignalled() const { return static_cast<uint64_t>(pending_.size()); }
  int enables = 0, onWrites = 0;
  bool enabled() const { return enabled_; }
  bool present() const { return present_; }
  size_t openFiles() const { return files_.size(); }
  size_t attached() const { return blocks_.size(); }
  int nextHalf() const { return nextHalf_; }
  uint64_t reads = 0, polls = 0, looks = 0, busyEnqueues = 0;

  // Attributes, for FakeControl.
  iio::ControlReply attribute(const iio::Control::Request& request);

  int open(const char* path, int flags) override;
  void close(int fd) override;
  int ioctl(int fd, unsigned long request, void* argument) override;
  int setNonBlocking(int fd) override;
  int64_t read(int fd, void* to, size_t bytes) override;
  int poll(std::span<pollfd> fds, int64_t timeoutNs) override;
  bool exists(const char* path) override;
  int64_t nowNs() override {
    pass(50);
    return now_;
  }
  void sleepNs(int64_t ns) override { pass(ns); }

 private:
  enum class FileKind { Device, Buffer, Sync, Witness };
  struct File {
    FileKind kind;
    FencePtr fence;  // none: a stub
    bool nonBlocking = false;
    // Of a witness: what was not read yet of its text, which is held by the file once it was begun.
    size_t unread = 60;
  };
  enum class State { Done, Queued, Active };
  struct Block {
    State state = State::Done;
    FencePtr fence;
    uint32_t bytes = 0;
  };
  struct Job {
    int64_t start = 0, scans = 0, endNs = 0;
    bool fails = false;
    std::function<void(const Job&, int error)> done;
  };
  struct Half {
    State state = State::Done;
    int64_t start = 0;
    uint64_t used = 0;  // bytes
  };

  void pass(int64_t ns) { runTo(now_ + ns); }
  void runTo(int64_t ns);
  void completeDue();
  int64_t nextEventNs() const;
  int64_t produced() const;
  bool submit(Job job);
  void submitBlock(int dmabuf);
  void submitHalf(int index);
  void setEnabled(bool on);
  void abortAll();
  void arrive();
  bool ready(int fd) const;
  uint64_t available() const;  // bytes, as data_available says
  int attach(int dmabuf);
  int enqueue(int dmabuf, uint64_t bytes);
  int64_t readHalf(std::byte* to, size_t bytes);
  int64_t readFifo(std::byte* to, size_t bytes);
  void scansTo(std::byte* to, int64_t first, uint64_t bytes, uint64_t skip) const;
  int addFile(FileKind kind, FencePtr fence = nullptr);
  bool holdsBuffer() const;

  BufferKind kind_;
  int64_t now_ = kSecond;
  std::multimap<int64_t, std::function<void()>> events_;
  std::map<int, File> files_;
  int nextFd_ = 10;
  bool present_ = true, enabled_ = false, stopped_ = false;
  // Converter and its jobs.
  int64_t startNs_ = 0, tail_ = 0, deliveredEnd_ = -1;
  std::deque<Job> jobs_;
  // DMABUF.
  std::map<int, Block> blocks_;  // attached, by dma-buf
  std::deque<int> incoming_;
  std::map<Fence*, int> pending_;  // enqueued and never signalled yet: they hold memory
  bool fileio_ = false;
  // read(): halves of a DMA buffer, or the kfifo's scans.
  Half halves_[2];
  bool hasHalves_ = false;
  int nextHalf_ = 0, activeHalf_ = -1;
  uint64_t halfPosition_ = 0;
  std::deque<int64_t> fifo_;
  int64_t arrived_ = 0;
};

// The control thread of paper: answers at once, from the kernel above.
class FakeControl final : public iio::Control {
 public:
  explicit FakeControl(FakeKernel& kernel) : kernel_(kernel) {}
  void submit(Request request, std::function<void(iio::ControlReply)> done) override {
    done(call(request));
  }
  void readAll(std::vector<std::string> paths,
               std::function<void(std::vector<iio::ControlReply>)> done) override {
    std::vector<iio::ControlReply> replies;
    for (const std::string& path : paths) replies.push_back(call({Op::Read, path}));
    done(std::move(replies));
  }
  iio::ControlReply call(Request request) override { return kernel_.attribute(request); }
  void close() noexcept override {}

 private:
  FakeKernel& kernel_;
};

}  // namespace fakes

#include "iio-fake-kernel-calls.h"
#include "iio-fake-kernel-device.h"
