// SampleFile: one data file of a recording, appended to by one thread. Samples leave the block they
// lie in by O_DIRECT where memory and file system allow it; else by way of an aligned staging
// buffer; else through the page cache, with the dirty pages kept few.
#pragma once
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "error.h"

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
    bool directIo = false;  // O_DIRECT may write from the caller's memory
    bool allowDirect =
        true;  // false: page cache only (tests, and file systems known to be better off)
    int64_t limitBytes = 0;      // the file will not grow beyond this; 0: not known
    int64_t freeFloorBytes = 0;  // space is not reserved ahead below this
  };
  explicit SampleFile(Options options);  // creates; throws CoreError
  virtual ~SampleFile();
  SampleFile(const SampleFile&) = delete;
  SampleFile& operator=(const SampleFile&) = delete;

  // The writer thread's own; each throws CoreError.
  // Appends; the bytes must stay as they are until settle().
  void append(const std::byte* data, size_t bytes);
  // Free room of at least `bytes` (at most kStagingBytes / 2) to make samples in; commit() appends
  // what was made there.
  std::span<std::byte> room(size_t bytes);
  void commit(size_t bytes);
  // Writes or copies what still refers to the caller's memory.
  void settle();
  // Hands everything to the kernel.
  void flush();

  // After the last append, failed or not: cuts the file to `bytes`, gives reserved space back,
  // syncs. Throws CoreError.
  void finish(int64_t bytes);
  // Gives descriptors and memory back; no other thread uses them any more. What was counted can
  // still be asked.
  void close() noexcept;

  // From any thread.
  void sync();          // fdatasync; throws CoreError
  bool linked() const;  // false once the file was removed from its folder
  int64_t bytesOnFile() const { return onFile_.load(std::memory_order_relaxed); }
  int64_t bytesCopied() const { return copied_.load(std::memory_order_relaxed); }
  int64_t worstWriteNs() const { return worstNs_.load(std::memory_order_relaxed); }
  bool direct() const { return mode_.load(std::memory_order_relaxed) != Mode::Buffered; }
  // Appended, but not yet handed to the kernel.
  bool dirty() const { return base_ + int64_t(pendingBytes_ + fill_) > bytesOnFile(); }
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
  enum class Mode : uint8_t { FromMemory, Staged, Buffered };
  void openDirect();
  void stage(const std::byte* data, size_t bytes);
  void writeStagedWhole();
  void writeStagedTail();
  // Writes at `offset`; false if O_DIRECT can't do it and nothing was written.
  bool write(bool direct, std::vector<iovec>& parts, int64_t offset);
  void reserve(int64_t end);
  void pace();

  Options options_;
  int fd_ = -1, directFd_ = -1;
  std::atomic<Mode> mode_{Mode::Buffered};
  // File: … base_ | pending (caller's memory) | staging. base_ is a multiple of kAlign unless
  // buffered.
  int64_t base_ = 0;
  std::vector<iovec> pending_;
  size_t pendingBytes_ = 0;
  std::unique_ptr<std::byte, void (*)(void*)> staging_;
  size_t fill_ = 0;
  std::atomic<int64_t> reserved_{0};
  int64_t reserveStep_ = 4 << 20;
  int64_t writebackStarted_ = 0, writebackDone_ = 0;
  std::atomic<int64_t> onFile_{0}, copied_{0}, worstNs_{0};
};

}  // namespace iio
