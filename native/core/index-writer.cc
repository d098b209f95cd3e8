#include "index-writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "crc32c.h"
#include "transform.h"
#include "writer.h"

namespace iio {
namespace {

constexpr size_t kChunkBytes = 128 << 10;  // stays in the cache between CRC and records
constexpr size_t kLongPiece = 16 << 10;    // from here on joining CRCs is cheaper than a second one
// Entries that wait for the disk. A strip's take less than a tenth of its data.
constexpr size_t kMostBuffered = 64 << 20;

constexpr const char* kNext =
    "The recording goes on without its side index; it is made anew when the recording is opened.";

ScanElement elementAs(const ScanElement& from, OutputType type, uint32_t offset) {
  ScanElement to = from;
  to.offsetBytes = offset;
  if (type == OutputType::Stored) return to;
  to.storageBits = uint16_t(8 * outputBytes(from, type));
  to.shift = 0;
  to.bigEndian = false;
  if (to.kind == NumberKind::Float) to.bits = to.storageBits;
  to.bits = std::min(to.bits, to.storageBits);
  return to;
}

// Whether a file of this name is an index, or nothing at all.
bool mayBeReplaced(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return false;
  struct stat about {};
  char magic[8];
  const bool ours = ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
                    (about.st_size == 0 ||
                     (::pread(fd, magic, 8, 0) == 8 && std::memcmp(magic, "IIOINDX1", 8) == 0));
  ::close(fd);
  return ours;
}

}  // namespace

ScanLayout outputLayout(const ScanLayout& layout, const OutputSpec& output) {
  if (output.verbatim) return layout;
  ScanLayout out;
  for (const OutputElement& each : output.elements) {
    out.elements.push_back(elementAs(layout.elements[each.element], each.as, out.scanBytes));
    out.scanBytes += out.elements.back().storageBits / 8 * out.elements.back().repeat;
  }
  return out;
}

IndexWriter::IndexWriter(std::string path, const ScanLayout& layout) noexcept
    : path_(std::move(path)), scanBytes_(layout.scanBytes) {
  try {
    shape_ = std::make_unique<IndexShape>(layout);
    builder_ = std::make_unique<PyramidBuilder>(shape_->lanesPtr(), kRecordScans);
    cursor_ = std::make_unique<IndexCursor>(*shape_);
    chunkScans_ = std::max<uint32_t>(kChunkBytes / scanBytes_ / kRecordScans, 1) * kRecordScans;
    carry_.resize(size_t{kRecordScans} * scanBytes_);
    create();
    const auto header = shape_->header();
    append({header.begin(), header.end()});
  } catch (const CoreError& error) {
    giveUp(error.fault);
  } catch (const std::bad_alloc&) {
    giveUp(makeFault(ENOMEM, "malloc", path_, kNext));
  }
}

IndexWriter::~IndexWriter() { close(); }

void IndexWriter::create() {
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  fd_ = ::open(path_.c_str(), kFlags, 0666);
  if (fd_ < 0 && errno == EEXIST && mayBeReplaced(path_) && ::unlink(path_.c_str()) == 0)
    fd_ = ::open(path_.c_str(), kFlags, 0666);
  if (fd_ < 0) throw CoreError(makeFault(errno, "open", path_, kNext));
  created_ = true;
  // Whoever opens the recording meanwhile must not put another index in this one's place.
  ::flock(fd_, LOCK_EX | LOCK_NB);
}

void IndexWriter::giveUp(Fault fault) noexcept {
  given_ = true;
  std::lock_guard lock(lock_);
  if (!fault_) fault_ = std::move(fault);
  buffer_ = {};
}

Fault IndexWriter::fault() const {
  std::lock_guard lock(lock_);
  return fault_;
}

void IndexWriter::begin(const Segment& segment) noexcept {
  if (!good()) return;
  try {
    const Gap gap = segment.hasGap ? segment.gap : Gap{};
    if (sample_ > 0 && !runGoesOn(expectedScan_, segment.scan, gap)) closeStrip();
  } catch (const std::bad_alloc&) {
    giveUp(makeFault(ENOMEM, "malloc", path_, kNext));
  }
  expectedScan_ = segment.scan + segment.scanCount;
}

uint32_t IndexWriter::add(const std::byte* scans, uint32_t count) noexcept {
  uint32_t crc = 0;
  while (count > 0) {
    const uint32_t room = good() ? shape_->stripScans() - inStrip_ : count;
    const uint32_t n = good() ? std::min({count, room, chunkScans_}) : count;
    const size_t bytes = size_t{n} * scanBytes_;
    if (bytes < kLongPiece) {
      crc = crc32c(crc, scans, bytes);
      stripCrc_ = crc32c(stripCrc_, scans, bytes);
    } else {
      const uint32_t piece = crc32c(0, scans, bytes);
      crc = crc32cJoin(crc, piece, bytes);
      stripCrc_ = crc32cJoin(stripCrc_, piece, bytes);
    }
    try {
      if (good()) feed(scans, n);
    } catch (const std::bad_alloc&) {
      giveUp(makeFault(ENOMEM, "malloc", path_, kNext));
    }
    scans += bytes;
    count -= n;
  }
  return crc;
}

void IndexWriter::feed(const std::byte* scans, uint32_t count) {
  if (inStrip_ == 0) builder_->begin(shape_->stripScans());
  inStrip_ += count;
  sample_ += count;
  const auto carry = [&](uint32_t n) {
    std::memcpy(carry_.data() + size_t{carried_} * scanBytes_, scans, size_t{n} * scanBytes_);
    carried_ += n;
    scans += size_t{n} * scanBytes_;
    count -= n;
  };
  if (carried_ > 0) {
    carry(std::min(kRecordScans - carried_, count));
    if (carried_ == kRecordScans) builder_->add(carry_.data(), std::exchange(carried_, 0));
  }
  if (const uint32_t whole = count / kRecordScans * kRecordScans; whole > 0) {
    builder_->add(scans, whole);
    scans += size_t{whole} * scanBytes_;
    count -= whole;
  }
  if (count > 0) carry(count);
  if (inStrip_ == shape_->stripScans()) closeStrip();
}

void IndexWriter::closeStrip() {
  if (inStrip_ == 0) return;
  if (carried_ > 0) builder_->add(carry_.data(), std::exchange(carried_, 0));
  const auto records = builder_->finish();
  std::vector<std::byte> bytes;
  appendEntry(*shape_, sample_ - inStrip_, stripCrc_, *records, bytes);
  cursor_->entry(inStrip_);
  const auto coarse = bytes.begin() + int64_t(shape_->coarseBytes(inStrip_));
  listed_.insert(listed_.end(), bytes.begin(), coarse);
  inStrip_ = 0;
  stripCrc_ = 0;
  append(bytes);
  closeGroup(false);
}

void IndexWriter::closeGroup(bool atEnd) {
  if (!cursor_->directoryDue(atEnd)) return;
  append(encodeDirectory(cursor_->directory(), listed_));
  listed_.clear();
}

void IndexWriter::append(const std::vector<std::byte>& bytes) {
  std::unique_lock lock(lock_);
  if (buffer_.size() + bytes.size() > kMostBuffered) {
    lock.unlock();
    return giveUp({EAGAIN, "pwrite", path_,
                   "The disk of " + path_ + " takes the side index too slowly. " + kNext});
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void IndexWriter::finish(int64_t samples) noexcept {
  if (!good()) return;
  try {
    // After a write that failed more came here than the file holds: what is whole stays.
    if (samples == sample_) {
      closeStrip();
      closeGroup(true);
    }
  } catch (const std::bad_alloc&) {
    giveUp(makeFault(ENOMEM, "malloc", path_, kNext));
  }
  sync();
}

void IndexWriter::flush() noexcept {
  std::lock_guard fileLock(fileLock_);
  std::vector<std::byte> bytes;
  {
    std::lock_guard lock(lock_);
    bytes.swap(buffer_);
  }
  for (size_t done = 0; good() && done < bytes.size();) {
    const ssize_t n =
        ::pwrite(fd_, bytes.data() + done, bytes.size() - done, written_ + int64_t(done));
    if (n >= 0) {
      done += size_t(n);
    } else if (errno != EINTR) {
      giveUp(makeFault(errno, "pwrite", path_, kNext));
      // What was written before is whole and of use; a torn entry is not.
      if (::ftruncate(fd_, written_) != 0) return;
    }
  }
  written_ += int64_t(bytes.size());
}

void IndexWriter::sync() noexcept {
  if (!good()) return;
  flush();
  if (good() && ::fdatasync(fd_) != 0) giveUp(makeFault(errno, "fdatasync", path_, kNext));
}

void IndexWriter::close() noexcept {
  std::lock_guard lock(fileLock_);
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void IndexWriter::remove() noexcept {
  if (created_) ::unlink(path_.c_str());
}

}  // namespace iio
