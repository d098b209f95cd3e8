#include "journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "crc32c.h"
#include "error.h"
#include "writer.h"

namespace iio {
namespace {

constexpr char kMagic[] = "IIOJRNL1";
constexpr uint32_t kVersion = 1;

// Appends fixed-width little-endian numbers.
class Encoder {
 public:
  template <class T>
  Encoder& put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(std::byte(uint64_t(value) >> (8 * i)));
    return *this;
  }
  Encoder& put(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Encoder& zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  size_t size() const { return bytes_.size(); }
  const std::byte* data() const { return bytes_.data(); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> journalRecord(JournalType type, std::span<const std::byte> payload) {
  Encoder record;
  record.put(uint32_t(type)).put(uint32_t(payload.size())).put(payload);
  const uint32_t crc = crc32c(0, record.data(), record.size());
  record.zeros((8 - payload.size() % 8) % 8).put(crc).put(uint32_t{0});
  return record.take();
}

std::vector<std::byte> journalSegmentPayload(const JournalSegment& s) {
  const Segment& run = s.segment;
  const Gap gap = run.hasGap ? run.gap : Gap{Grade{0}, GapCause{0}, 0, 0, 0};
  Encoder payload;
  payload.put(s.sequence).put(run.scan).put(run.sample).put(run.scanCount).put(s.crc).put(s.timeNs);
  payload.put(uint8_t(run.hasGap)).put(uint8_t(gap.grade)).put(uint8_t(gap.cause)).zeros(5);
  payload.put(gap.lost).put(gap.lostMin).put(gap.lostMax).put(uint64_t{run.offsetScans});
  return payload.take();
}

Journal::Journal(std::string path) : path_(std::move(path)), fd_(createFile(path_)) {
  Encoder start;
  start.put(std::as_bytes(std::span(kMagic, 8))).put(kVersion).put(uint32_t{0});
  buffer_ = start.take();
}

Journal::~Journal() { close(); }

void Journal::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Journal::append(JournalType type, std::span<const std::byte> payload) {
  const auto record = journalRecord(type, payload);
  std::lock_guard lock(bufferLock_);
  buffer_.insert(buffer_.end(), record.begin(), record.end());
}

void Journal::header(std::span<const std::byte> bytes) { append(JournalType::Header, bytes); }

void Journal::segment(const JournalSegment& segment) {
  append(JournalType::Segment, journalSegmentPayload(segment));
}

void Journal::event(int64_t sample, int64_t timeNs, std::span<const std::byte> bytes) {
  Encoder payload;
  payload.put(sample).put(timeNs).put(bytes);
  append(JournalType::Event, payload.take());
}

void Journal::end(int64_t samples, int64_t timeNs, int err) {
  Encoder payload;
  payload.put(samples).put(timeNs).put(uint32_t(err)).put(uint32_t{0});
  append(JournalType::End, payload.take());
}

void Journal::proof(int64_t sample, const Proof& proof) {
  Encoder payload;
  payload.put(sample).put(uint8_t(proof.grade)).put(uint8_t(proof.evidence)).zeros(6);
  append(JournalType::Proof, payload.take());
}

void Journal::flush() {
  std::lock_guard fileLock(fileLock_);
  std::vector<std::byte> bytes;
  {
    std::lock_guard lock(bufferLock_);
    bytes.swap(buffer_);
  }
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd_, bytes.data() + done, bytes.size() - done, written_ + int64_t(done));
    if (n >= 0) {
      done += size_t(n);
      continue;
    }
    if (errno == EINTR) continue;
    const int err = errno;
    if (::ftruncate(fd_, written_) != 0) {
      // The torn record stays; the next flush writes over it from the same place.
    }
    std::lock_guard lock(bufferLock_);
    buffer_.insert(buffer_.begin(), bytes.begin(), bytes.end());
    throw CoreError(writeFault(err, "pwrite", path_));
  }
  written_ += int64_t(bytes.size());
}

void Journal::sync() {
  flush();
  if (::fdatasync(fd_) != 0) throw CoreError(writeFault(errno, "fdatasync", path_));
}

void Journal::remove() noexcept { ::unlink(path_.c_str()); }

}  // namespace iio
