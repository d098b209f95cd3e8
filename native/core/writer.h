// SampleFile: one data file of a recording, appended to by one thread and written by a crew's.
// Samples leave the block they lie in by O_DIRECT where its memory allows it; else by way of
// aligned memory of the file's own; else through the page cache, with the dirty pages kept few.
//
// What a file holds is what it is long (docs/journal.md), so it must never have a hole, not even in
// a program that is killed. A write that makes a file longer is taken alone by ext4, XFS and btrfs,
// whoever else waits; two asked for at once are taken in any order. So a file has one under way
// and the next one ready, unless told otherwise, and several files have as many under way.
#pragma once
#include <sys/uio.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "error.h"
#include "writer-crew.h"
#include "writer-path.h"

namespace iio {

// Creates a file that must not be there yet, for writing. Throws CoreError with the reason and the
// next step.
int createFile(const std::string& path);
// Fault of a write, with the next step that fits the errno.
Fault writeFault(int err, const char* syscall, const std::string& path);
// Bytes free for this user where `fd` lives; -1 if the file system doesn't say.
int64_t freeBytesOf(int fd);

class SampleFile {
 public:
  struct Options {
    std::string path;
    WritePath asked = WritePath::Auto;
    bool directIo = true;            // expected of the caller's memory; the first write tells
    bool converted = false;          // samples are made here (room), not appended
    uint32_t payloadBytes = 0;       // of a full block; 0: not known
    int64_t limitBytes = 0;          // the file will not grow beyond this; 0: not known
    int64_t freeFloorBytes = 0;      // space is not reserved ahead below this
    WriteCrew* crew = nullptr;       // none: writes happen where they are asked for
    uint32_t inFlight = 1;           // writes under way at once; with more the file may have holes
    std::function<void()> progress;  // from the crew's threads, without a lock:
    std::function<void(const Fault&)> failed;  // after a write, and for the first that failed
  };
  explicit SampleFile(Options options);  // creates; throws CoreError
  // Whoever overrides transfer() calls halt() before it goes.
  virtual ~SampleFile();
  SampleFile(const SampleFile&) = delete;
  SampleFile& operator=(const SampleFile&) = delete;

  // The appending thread's own; each throws CoreError, also for a write that failed meanwhile.
  // Appends; the bytes must stay as they are until settledTo() has passed them.
  void append(const std::byte* data, size_t bytes);
  // Free room of at least `bytes` (at most kStagingBytes / 2) to make samples in; commit() appends
  // what was made there.
  std::span<std::byte> room(size_t bytes);
  void commit(size_t bytes);
  // Has what was appended so far written or copied. Waits while too much is under way.
  void settle();
  // Hands everything to the kernel and waits for it.
  void flush();
  // Since when samples lie here that no write was asked for; -1: there are none.
  int64_t stagedSinceNs() const;

  // Waits for what is under way; nothing is written after it but by finish().
  void halt() noexcept;
  // After halt(): cuts the file to `bytes`, gives reserved space back, syncs. Throws CoreError.
  void finish(int64_t bytes);
  // After halt(): gives descriptors and memory back; no other thread uses them any more. What was
  // counted can still be asked.
  void close() noexcept;

  // From any thread.
  void sync();          // fdatasync; throws CoreError
  bool linked() const;  // false once the file was removed from its folder
  // Without a hole from the beginning.
  int64_t bytesOnFile() const { return onFile_.load(std::memory_order_relaxed); }
  // Before this offset no memory of the caller is needed any more; after halt() none at all.
  int64_t settledTo() const;
  bool ready() const;         // a write asked for now does not wait
  uint32_t underWay() const;  // writes asked for and not done
  int64_t bytesCopied() const { return copied_.load(std::memory_order_relaxed); }
  int64_t worstWriteNs() const { return worstNs_.load(std::memory_order_relaxed); }
  WriteWayNow way() const;
  bool direct() const { return way_.load(std::memory_order_relaxed) != WriteWay::Buffered; }
  int64_t freeBytes() const;  // what is reserved for this file counts as free
  const std::string& path() const { return options_.path; }
  // Undoes the creation: for a recording that could not begin.
  void remove() noexcept;

  static constexpr size_t kAlign = 4096;
  static constexpr size_t kStagingBytes = 4 << 20;

 protected:
  // One pwritev; `direct`: by O_DIRECT. Tests refuse it here as file systems do.
  virtual ssize_t transfer(bool direct, const iovec* parts, int count, int64_t offset);

 private:
  // A write that was asked for.
  struct Flight {
    int64_t offset = 0;
    size_t bytes = 0, done = 0;
    bool direct = false;
    bool borrowed = false;  // from the caller's memory
    int buffer = -1;        // from this one of ours
    bool finished = false;
    std::vector<iovec> parts;
  };
  using Buffer = std::unique_ptr<std::byte, void (*)(void*)>;

  void throwIfFailed() const;
  void stage(const std::byte* data, size_t bytes);
  int freeBuffer();
  void submitPending();
  void submitStaged();
  void writeStagedTail();
  void submit(Flight flight);
  void reserve(int64_t end);  // writer-disk.cc

  // The way (writer-path.cc).
  void openDirect();
  void tell(WriteWay way, std::string why);
  void tellDirect();
  void leaveDirect(const Flight& flight, int err);

  // On the crew's threads (writer-flight.cc).
  void perform(Flight& flight) noexcept;
  Fault attempt(Flight& flight) noexcept;
  void write(Flight& flight);
  int64_t advance();  // with the lock held
  void pace(int64_t end);

  const Options options_;
  int fd_ = -1, directFd_ = -1;
  const std::shared_ptr<WriteCrew::Lane> lane_;
  // O_DIRECT from memory of our own; also from the caller's. Neither comes back.
  std::atomic<bool> direct_{false}, fromMemory_{false};
  std::atomic<WriteWay> way_{WriteWay::Buffered};  // as told

  // File: … base_ | pending (caller's memory) | staging. base_ is a multiple of kAlign unless
  // buffered.
  int64_t base_ = 0;
  std::vector<iovec> pending_;
  size_t pendingBytes_ = 0;
  int current_ = -1;  // buffer, of which fill_ bytes are staged
  size_t fill_ = 0;
  int64_t tailTo_ = 0;  // end of what was handed to the kernel of an unfinished page
  int64_t stagedSinceNs_ = -1;
  int64_t reserveStep_ = 4 << 20;
  std::atomic<int64_t> reserved_{0};
  std::atomic<int64_t> handedTo_{0}, onFile_{0}, copied_{0}, worstNs_{0};

  mutable std::mutex lock_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Flight> flights_;  // in the order of their offsets
  std::vector<Buffer> buffers_;
  std::vector<bool> bufferFree_;
  Fault fault_;
  uint32_t performing_ = 0;  // asked for, and not done with its last callback
  bool broken_ = false, halted_ = false;
  std::string why_;

  std::mutex paceLock_;  // guards what follows
  int64_t writebackStarted_ = 0, writebackDone_ = 0;
};

}  // namespace iio
