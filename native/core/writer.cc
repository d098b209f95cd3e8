#include "writer.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "recorder-clock.h"

namespace iio {
namespace {

constexpr size_t kMaxParts = IOV_MAX;
constexpr int64_t kMaxReserveStep = 256 << 20;
// Page cache: written back in pieces of this size as they fill up …
constexpr int64_t kWritebackBytes = 8 << 20;
// … and never more than this dirty, so that no sync and no other program has to wait for gigabytes.
constexpr int64_t kMaxDirtyBytes = 64 << 20;

constexpr size_t wholePages(size_t bytes) { return bytes & ~(SampleFile::kAlign - 1); }

bool refusesDirect(int err) { return err == EINVAL || err == EFAULT || err == EOPNOTSUPP; }

std::string nextStep(int err) {
  switch (err) {
    case EEXIST:
      return "Choose another name; nothing was overwritten.";
    case EACCES:
    case EPERM:
    case EROFS:
      return "Choose a folder in which you may write.";
    case ENOENT:
    case ENOTDIR:
      return "Make the folder, or choose another one.";
    case ENOSPC:
    case EDQUOT:
      return "Make room, or choose another disk; what was written so far is intact.";
    case EIO:
      return "Look at the disk (dmesg tells more); what was written before is intact.";
    case EMFILE:
    case ENFILE:
      return "Close other streams, or raise the limit of open files.";
    default:
      return {};
  }
}

}  // namespace

Fault writeFault(int err, const char* syscall, const std::string& path) {
  return makeFault(err, syscall, path, nextStep(err));
}

int createFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) throw CoreError(writeFault(errno, "open", path));
  return fd;
}

int64_t freeBytesOf(int fd) {
  struct statvfs fs;
  if (::fstatvfs(fd, &fs) != 0) return -1;
  return int64_t(fs.f_bavail) * int64_t(fs.f_frsize);
}

SampleFile::SampleFile(Options options)
    : options_(std::move(options)), fd_(createFile(options_.path)), staging_(nullptr, std::free) {
  if (options_.allowDirect) openDirect();
}

SampleFile::~SampleFile() { close(); }

void SampleFile::close() noexcept {
  for (int* fd : {&directFd_, &fd_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
  staging_.reset();
}

// A second descriptor, so that unaligned tails can still go through the page cache.
void SampleFile::openDirect() {
  const std::string same = "/proc/self/fd/" + std::to_string(fd_);
  directFd_ = ::open(same.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  if (directFd_ >= 0) mode_ = options_.directIo ? Mode::FromMemory : Mode::Staged;
}

void SampleFile::append(const std::byte* data, size_t bytes) {
  const Mode mode = mode_;
  if (mode == Mode::Buffered && fill_) writeStagedWhole();
  const bool aligned = reinterpret_cast<uintptr_t>(data) % kAlign == 0;
  size_t head = 0;
  if (mode == Mode::Buffered)
    head = bytes;
  else if (mode == Mode::FromMemory && fill_ == 0 && aligned)
    head = wholePages(bytes);
  if (head) {
    if (pending_.size() == kMaxParts) settle();
    pending_.push_back({const_cast<std::byte*>(data), head});
    pendingBytes_ += head;
  }
  if (bytes > head) stage(data + head, bytes - head);
}

void SampleFile::stage(const std::byte* data, size_t bytes) {
  while (bytes) {
    const auto space = room(1);
    const size_t n = std::min(bytes, space.size());
    std::memcpy(space.data(), data, n);
    commit(n);
    data += n;
    bytes -= n;
  }
}

std::span<std::byte> SampleFile::room(size_t bytes) {
  if (!staging_) {
    staging_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlign, kStagingBytes)));
    if (!staging_) throw CoreError(makeFault(ENOMEM, "aligned_alloc", options_.path));
  }
  if (kStagingBytes - fill_ < bytes) writeStagedWhole();
  return {staging_.get() + fill_, kStagingBytes - fill_};
}

void SampleFile::commit(size_t bytes) {
  fill_ += bytes;
  copied_.fetch_add(int64_t(bytes), std::memory_order_relaxed);
}

void SampleFile::settle() {
  if (pending_.empty()) return;
  if (mode_ == Mode::FromMemory) {
    auto parts = pending_;
    if (!write(true, parts, base_)) {
      mode_ = Mode::Staged;
      // What lies in staging comes after the pending bytes: keep it behind them.
      const std::vector<std::byte> tail(staging_.get(), staging_.get() + fill_);
      fill_ = 0;
      parts.swap(pending_);
      pending_.clear();
      pendingBytes_ = 0;
      for (const iovec& part : parts) stage(static_cast<std::byte*>(part.iov_base), part.iov_len);
      stage(tail.data(), tail.size());
      return;
    }
  } else {
    write(false, pending_, base_);
    copied_.fetch_add(int64_t(pendingBytes_), std::memory_order_relaxed);
  }
  base_ += int64_t(pendingBytes_);
  pending_.clear();
  pendingBytes_ = 0;
  if (mode_ == Mode::Buffered) pace();
}

void SampleFile::writeStagedWhole() {
  settle();
  size_t whole = wholePages(fill_);
  if (mode_ != Mode::Buffered && whole) {
    std::vector<iovec> parts{{staging_.get(), whole}};
    if (!write(true, parts, base_)) mode_ = Mode::Buffered;
  }
  if (mode_ == Mode::Buffered && fill_) {
    whole = fill_;
    std::vector<iovec> parts{{staging_.get(), whole}};
    write(false, parts, base_);
    copied_.fetch_add(int64_t(whole), std::memory_order_relaxed);
  }
  base_ += int64_t(whole);
  fill_ -= whole;
  if (whole && fill_) std::memmove(staging_.get(), staging_.get() + whole, fill_);
  if (mode_ == Mode::Buffered) pace();
}

// Less than a page: goes out through the page cache and stays in staging too, to go out again with
// the page it begins.
void SampleFile::writeStagedTail() {
  if (fill_ == 0 || base_ + int64_t(fill_) <= bytesOnFile()) return;
  std::vector<iovec> parts{{staging_.get(), fill_}};
  write(false, parts, base_);
  copied_.fetch_add(int64_t(fill_), std::memory_order_relaxed);
}

void SampleFile::flush() {
  writeStagedWhole();
  writeStagedTail();
}

ssize_t SampleFile::transfer(bool direct, const iovec* parts, int count, int64_t offset) {
  return ::pwritev(direct ? directFd_ : fd_, parts, count, offset);
}

bool SampleFile::write(bool direct, std::vector<iovec>& parts, int64_t offset) {
  const int64_t begin = monotonicNs();
  int64_t total = 0;
  for (const iovec& part : parts) total += int64_t(part.iov_len);
  reserve(offset + total);
  bool wrote = false;
  for (size_t next = 0; next < parts.size();) {
    ssize_t n =
        transfer(direct, &parts[next], int(std::min(parts.size() - next, kMaxParts)), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && direct && refusesDirect(errno)) {
      if (!wrote) return false;
      direct = false;  // after a write that was cut short within a page, say
      continue;
    }
    if (n <= 0) throw CoreError(writeFault(n < 0 ? errno : EIO, "pwritev", options_.path));
    wrote = true;
    offset += n;
    onFile_.store(std::max(bytesOnFile(), offset), std::memory_order_relaxed);
    for (; n > 0 && size_t(n) >= parts[next].iov_len; ++next) n -= ssize_t(parts[next].iov_len);
    if (n > 0) {
      parts[next].iov_base = static_cast<std::byte*>(parts[next].iov_base) + n;
      parts[next].iov_len -= size_t(n);
    }
  }
  const int64_t took = monotonicNs() - begin;
  if (took > worstWriteNs()) worstNs_.store(took, std::memory_order_relaxed);
  return true;
}

// Takes space ahead without changing the file's size: fewer fragments, and "disk full" is known
// early.
void SampleFile::reserve(int64_t end) {
  while (reserveStep_ && end + reserveStep_ / 4 > reserved_) {
    int64_t step = reserveStep_;
    if (options_.limitBytes) step = std::min(step, options_.limitBytes - reserved_);
    if (step <= 0 || freeBytesOf(fd_) - step < options_.freeFloorBytes) return;
    if (::fallocate(fd_, FALLOC_FL_KEEP_SIZE, reserved_, step) != 0) {
      reserveStep_ = 0;  // not here, or no room: the write itself will tell
      return;
    }
    reserved_ += step;
    reserveStep_ = std::min(2 * reserveStep_, kMaxReserveStep);
  }
}

void SampleFile::pace() {
  const int64_t begin = monotonicNs();
  auto check = [&](int result) {
    // ESPIPE and the like: not offered here, then the kernel's own limits must do.
    if (result != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
      throw CoreError(writeFault(errno, "sync_file_range", options_.path));
  };
  for (; base_ - writebackStarted_ >= kWritebackBytes; writebackStarted_ += kWritebackBytes)
    check(::sync_file_range(fd_, writebackStarted_, kWritebackBytes, SYNC_FILE_RANGE_WRITE));
  for (; writebackStarted_ - writebackDone_ > kMaxDirtyBytes; writebackDone_ += kWritebackBytes) {
    check(::sync_file_range(
        fd_, writebackDone_, kWritebackBytes,
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
    ::posix_fadvise(fd_, writebackDone_, kWritebackBytes, POSIX_FADV_DONTNEED);
  }
  const int64_t took = monotonicNs() - begin;
  if (took > worstWriteNs()) worstNs_.store(took, std::memory_order_relaxed);
}

void SampleFile::finish(int64_t bytes) {
  reserved_ = 0;
  if (::ftruncate(fd_, bytes) != 0) throw CoreError(writeFault(errno, "ftruncate", options_.path));
  onFile_ = bytes;
  sync();
}

void SampleFile::sync() {
  if (::fdatasync(fd_) != 0) throw CoreError(writeFault(errno, "fdatasync", options_.path));
}

bool SampleFile::linked() const {
  struct stat status;
  return ::fstat(fd_, &status) != 0 || status.st_nlink > 0;
}

int64_t SampleFile::freeBytes() const {
  const int64_t available = freeBytesOf(fd_);
  return available < 0 ? -1 : available + std::max<int64_t>(0, reserved_ - bytesOnFile());
}

void SampleFile::remove() noexcept { ::unlink(options_.path.c_str()); }

}  // namespace iio
