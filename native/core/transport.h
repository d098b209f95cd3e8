// Transport: fills blocks. Only a transport knows ioctls. One thread at a time calls it: whoever
// starts the engine open(), the first enqueue()s and enable(), before the acquisition thread begins;
// that thread enqueue(), wait() and disable(); whoever closes the engine, or whose start failed,
// close(), once that thread has ended. Any thread may ask waitsForBlocks(), which never changes, and
// notes() once open() has returned.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "arena.h"
#include "block.h"
#include "error.h"

namespace iio {

enum class CompletionStatus : uint8_t { Ok, Failed, Aborted };

struct Completion {
  BlockIndex block = kNoBlock;
  CompletionStatus status = CompletionStatus::Ok;
  uint32_t bytes = 0;    // payload delivered
  int64_t timeNs = 0;    // CLOCK_MONOTONIC
  bool hasGap = false;   // what the transport itself knows of loss before this block
  Gap gap;
  Fault fault;           // if Failed
};

enum class WaitResult : uint8_t {
  Completed,  // at least one completion was written to `out`
  Timeout,
  Stopped,    // the stop eventfd is readable
  Vanished,   // the device went; `fault()` says so
  Failed,     // the transport can't go on; `fault()` says why
};

class Transport {
 public:
  virtual ~Transport() = default;
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Opens the source and makes every block of the arena known to it (attach). Nothing runs yet. Throws CoreError.
  virtual void open(Arena& arena) = 0;
  // Hands an empty block to the source. Before enable() for the initial queue, then while running. Throws CoreError.
  virtual void enqueue(BlockIndex block, uint32_t payloadBytes) = 0;
  // Starts the source (writes `enable` through the device's control thread). Throws CoreError.
  virtual void enable() = 0;
  // Waits until a block completed, `deadlineNs` (CLOCK_MONOTONIC) passed or `stopFd` is readable.
  // Completions come in the order of enqueue. `count` is set to their number (≤ out.size()).
  virtual WaitResult wait(std::span<Completion> out, size_t& count, int64_t deadlineNs, int stopFd) = 0;
  // Stops the source within its deadline; every block still queued comes back through `wait` or is aborted here:
  // afterwards no block belongs to the source. Writes partial data as completions where it has any. Never throws.
  virtual void disable(std::span<Completion> out, size_t& count) noexcept = 0;
  // Detaches and closes. Never throws. Safe in every state, twice too.
  virtual void close() noexcept = 0;
  // True if the source waits for free blocks and loses nothing by it (simulator at max, a device that is known to): the
  // engine then leaves the queue empty rather than take back a block that is in use.
  virtual bool waitsForBlocks() const { return false; }
  // How good the gaps of its completions are as knowledge of loss: Exact if they tell all of it (the
  // simulator), Unknown if loss can stay unseen. Holds once open() has returned; before that a
  // transport may know less of its source.
  virtual Grade lossGrade() const = 0;
  virtual const Fault& fault() const = 0;
  // What the user should be told although nothing failed (a buffer left enabled by a program that died). Complete once
  // open() has returned.
  virtual std::vector<std::string> notes() const { return {}; }
};

}  // namespace iio
