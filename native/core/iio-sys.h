// The system calls of the transports, as a seam: the state logic is tested against a kernel of
// paper.
#pragma once
#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace iio {

// Every call answers a result ≥ 0 or -errno.
class Sys {
 public:
  virtual ~Sys() = default;
  virtual int open(const char* path, int flags) = 0;
  virtual void close(int fd) = 0;
  virtual int ioctl(int fd, unsigned long request, void* argument) = 0;
  virtual int setNonBlocking(int fd) = 0;
  virtual int64_t read(int fd, void* to, size_t bytes) = 0;
  // Waits up to `timeoutNs` (≥ 0) for any of the fds.
  virtual int poll(std::span<pollfd> fds, int64_t timeoutNs) = 0;
  // Whether the path is there (access F_OK): for sysfs directories, which no driver answers for.
  virtual bool exists(const char* path) = 0;
  virtual int64_t nowNs() = 0;  // CLOCK_MONOTONIC
  virtual void sleepNs(int64_t ns) = 0;
};

Sys& realSys();

// Owner of a descriptor that was opened through a Sys.
class SysFd {
 public:
  SysFd() = default;
  SysFd(Sys& sys, int fd) : sys_(&sys), fd_(fd) {}
  SysFd(SysFd&& other) noexcept : sys_(other.sys_), fd_(std::exchange(other.fd_, -1)) {}
  SysFd& operator=(SysFd&& other) noexcept {
    if (this != &other) {
      reset();
      sys_ = other.sys_;
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~SysFd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) sys_->close(fd_);
    fd_ = -1;
  }

 private:
  Sys* sys_ = nullptr;
  int fd_ = -1;
};

}  // namespace iio
