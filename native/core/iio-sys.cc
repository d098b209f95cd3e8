#include "iio-sys.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "clock.h"

namespace iio {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

timespec timespecOf(int64_t ns) {
  if (ns < 0) ns = 0;
  timespec t{};
  t.tv_sec = static_cast<time_t>(ns / kSecond);
  t.tv_nsec = static_cast<long>(ns % kSecond);
  return t;
}

template <typename Call>
auto orErrno(Call call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return static_cast<decltype(call())>(-errno);
  }
}

class RealSys final : public Sys {
 public:
  int open(const char* path, int flags) override {
    return orErrno([&] { return ::open(path, flags); });
  }
  void close(int fd) override { ::close(fd); }
  int ioctl(int fd, unsigned long request, void* argument) override {
    return orErrno([&] { return ::ioctl(fd, request, argument); });
  }
  int setNonBlocking(int fd) override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return 0;
  }
  int64_t read(int fd, void* to, size_t bytes) override {
    return orErrno([&] { return static_cast<int64_t>(::read(fd, to, bytes)); });
  }
  // A signal ends the wait early, as a timeout does: the caller looks at its clock anyway.
  int poll(std::span<pollfd> fds, int64_t timeoutNs) override {
    const timespec timeout = timespecOf(timeoutNs);
    for (pollfd& fd : fds) fd.revents = 0;
    const int n = ::ppoll(fds.data(), fds.size(), &timeout, nullptr);
    return n < 0 && errno != EINTR ? -errno : n < 0 ? 0 : n;
  }
  bool exists(const char* path) override { return ::access(path, F_OK) == 0; }
  int64_t nowNs() override { return monotonicNs(); }
  void sleepNs(int64_t ns) override {
    const timespec t = timespecOf(ns);
    ::nanosleep(&t, nullptr);
  }
};

}  // namespace

Sys& realSys() {
  static RealSys sys;
  return sys;
}

}  // namespace iio
