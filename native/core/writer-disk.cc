// A data file as the disk has it: made, given room, cut, synced, closed.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "writer.h"

namespace iio {
namespace {

constexpr int64_t kMaxReserveStep = 256 << 20;

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

void SampleFile::close() noexcept {
  for (int* fd : {&directFd_, &fd_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
  buffers_.clear();
  current_ = -1;
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
