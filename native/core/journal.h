// The journal's writer. The format is docs/journal.md, to the byte.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "block.h"

namespace iio {

enum class JournalType : uint32_t { Header = 1, Segment = 2, Event = 3, End = 4, Proof = 5 };

struct JournalSegment {
  uint64_t sequence = 0;
  Segment segment;  // its `sample` is the index in the recording's files
  uint32_t crc = 0;
  int64_t timeNs = 0;
};

// Bytes of one record, ready to append.
std::vector<std::byte> journalRecord(JournalType type, std::span<const std::byte> payload);
std::vector<std::byte> journalSegmentPayload(const JournalSegment& segment);

// Appending is thread safe and touches memory only; flush() and sync() write, from any thread but
// JavaScript's.
class Journal {
 public:
  // Creates the file; throws CoreError (EEXIST if it is there).
  explicit Journal(std::string path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void header(std::span<const std::byte> bytes);
  void segment(const JournalSegment& segment);
  void event(int64_t sample, int64_t timeNs, std::span<const std::byte> bytes);
  void end(int64_t samples, int64_t timeNs, int err);
  // From this sample on.
  void proof(int64_t sample, const Proof& proof);

  // Hands what was appended to the kernel. Throws CoreError; what could not be written stays for
  // the next try, and the file ends with a whole record.
  void flush();
  void sync();  // flush, then fdatasync
  // After the last flush; no other thread uses it any more.
  void close() noexcept;
  // Undoes the creation: for a recording that could not begin.
  void remove() noexcept;
  const std::string& path() const { return path_; }

 private:
  void append(JournalType type, std::span<const std::byte> payload);

  std::string path_;
  int fd_ = -1;
  std::mutex bufferLock_;  // guards buffer_ alone, so that appending never waits for the disk
  std::vector<std::byte> buffer_;
  std::mutex fileLock_;  // guards written_ and the order of writes
  int64_t written_ = 0;
};

}  // namespace iio
