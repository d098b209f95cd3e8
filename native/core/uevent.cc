#include "uevent.h"

#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "error.h"
#include "fs-fd.h"

namespace iio {
namespace {

// A hub with many devices sends a burst; beyond this the kernel drops, and we are told by ENOBUFS.
constexpr int kReceiveBytes = 1 << 20;
constexpr size_t kLongestEvent = 16384;
constexpr uint32_t kKernelGroup = 1;

Fd openSocket() {
  Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
  if (!fd) throw CoreError(makeFault(errno, "socket(NETLINK_KOBJECT_UEVENT)", ""));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kKernelGroup;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw CoreError(makeFault(errno, "bind(NETLINK_KOBJECT_UEVENT)", "",
                              "Devices that are plugged in will be seen after a refresh only."));
  return fd;
}

std::vector<std::string> split(const char* data, size_t length) {
  std::vector<std::string> fields;
  const char* const end = data + length;
  while (data < end) {
    const std::string field(data, ::strnlen(data, static_cast<size_t>(end - data)));
    data += field.size() + 1;
    if (!field.empty()) fields.push_back(field);
  }
  return fields;
}

// Any local process may send to our port; only what port 0 sent is the kernel's.
bool fromKernel(const sockaddr_storage& sender, socklen_t length) {
  if (length < sizeof(sockaddr_nl) || sender.ss_family != AF_NETLINK)
    return true;  // a test's socket pair
  return reinterpret_cast<const sockaddr_nl&>(sender).nl_pid == 0;
}

class Monitor final : public UeventMonitor {
 public:
  Monitor(Listener listener, Fd socket)
      : listener_(std::move(listener)),
        socket_(std::move(socket)),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    if (!stop_) throw CoreError(makeFault(errno, "eventfd", ""));
    thread_ = std::thread([this] { run(); });
  }
  ~Monitor() override { Monitor::close(); }

  void close() noexcept override {
    if (!thread_.joinable()) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
    // Whoever holds the monitor may be garbage that is collected much later.
    socket_.reset();
    stop_.reset();
  }

 private:
  void run() {
    ::pthread_setname_np(::pthread_self(), "uevents");
    pollfd fds[] = {{stop_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    for (;;) {
      if (::poll(fds, 2, -1) < 0 && errno != EINTR) return;
      if (fds[0].revents) return;
      if (fds[1].revents && !receive()) return;
    }
  }

  // False: the socket is of no more use.
  bool receive() {
    char data[kLongestEvent];
    sockaddr_storage sender{};
    socklen_t length = sizeof sender;
    const ssize_t n = ::recvfrom(socket_.get(), data, sizeof data, MSG_DONTWAIT,
                                 reinterpret_cast<sockaddr*>(&sender), &length);
    if (n < 0 && errno == ENOBUFS) {
      listener_({"overflow"});
      return true;
    }
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n == 0) return false;
    if (!fromKernel(sender, length)) return true;
    std::vector<std::string> fields = split(data, static_cast<size_t>(n));
    if (!fields.empty()) listener_(std::move(fields));
    return true;
  }

  Listener listener_;
  Fd socket_;
  Fd stop_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<UeventMonitor> UeventMonitor::create(Listener listener, int fd) {
  return std::make_unique<Monitor>(std::move(listener), fd >= 0 ? Fd(fd) : openSocket());
}

}  // namespace iio
