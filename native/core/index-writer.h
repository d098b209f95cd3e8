// The side index of an output while it is recorded (docs/index.md): the records and the CRC32C of
// each strip, appended when it is whole. Throws nothing: what goes wrong ends the index and not the
// recording.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "error.h"
#include "index-format.h"
#include "recorder.h"

namespace iio {

// How what an output holds is laid out: as it is opened again (shared/sigmf/read.ts).
ScanLayout outputLayout(const ScanLayout& layout, const OutputSpec& output);

class IndexWriter {
 public:
  // Creates the file; an index that lies there already has lost its recording and is replaced.
  IndexWriter(std::string path, const ScanLayout& layout) noexcept;
  ~IndexWriter();
  IndexWriter(const IndexWriter&) = delete;
  IndexWriter& operator=(const IndexWriter&) = delete;

  // From one thread at a time. The scans that come next are those of this segment, all of them;
  // `sample` as in the file.
  void begin(const Segment& segment) noexcept;
  // Takes the next ones, as they lie in the file, and answers the CRC32C of their bytes (also after
  // the index was given up).
  uint32_t add(const std::byte* scans, uint32_t count) noexcept;
  // After the last: the recording has so many scans.
  void finish(int64_t samples) noexcept;

  // From any thread but JavaScript's. Hands what is whole to the kernel; sync: to the disk.
  void flush() noexcept;
  void sync() noexcept;
  // Why there is no more of it; nothing if all is well.
  Fault fault() const;
  void close() noexcept;
  // Undoes the creation, also after close().
  void remove() noexcept;

 private:
  void create();
  void giveUp(Fault fault) noexcept;
  bool good() const { return !given_.load(std::memory_order_relaxed); }
  void feed(const std::byte* scans, uint32_t count);
  void closeStrip();
  void closeGroup(bool atEnd);
  void append(const std::vector<std::byte>& bytes);

  const std::string path_;
  const uint32_t scanBytes_;
  int fd_ = -1;
  bool created_ = false;  // the file that lies there is this one's

  // The feeding thread's own.
  std::unique_ptr<IndexShape> shape_;
  std::unique_ptr<PyramidBuilder> builder_;
  std::unique_ptr<IndexCursor> cursor_;
  uint32_t chunkScans_ = 0;
  int64_t sample_ = 0;        // of the next scan
  int64_t expectedScan_ = 0;  // where the run goes on
  uint32_t inStrip_ = 0;      // scans of the strip so far
  uint32_t stripCrc_ = 0;
  std::vector<std::byte> carry_;  // of a record that is not whole yet
  uint32_t carried_ = 0;
  std::vector<std::byte> listed_;  // for the next directory

  std::atomic<bool> given_{false};
  mutable std::mutex lock_;  // guards what follows
  Fault fault_;
  std::vector<std::byte> buffer_;
  std::mutex fileLock_;  // guards written_ and the order of writes
  int64_t written_ = 0;
};

}  // namespace iio
