#include "uevent.h"

#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "error.h"

using namespace iio;

namespace {

// What a monitor reported, to be waited for with a generous deadline.
class Heard {
 public:
  UeventMonitor::Listener listener() {
    return [this](std::vector<std::string> fields) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(fields));
      more_.notify_all();
    };
  }
  bool waitFor(size_t count) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(30), [&] { return events_.size() >= count; });
  }
  std::vector<std::vector<std::string>> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::vector<std::string>> events_;
};

}  // namespace

TEST_CASE("uevents come as their fields, in order, empty ones left out") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
  Heard heard;
  auto monitor = UeventMonitor::create(heard.listener(), pair[0]);
  const std::string add("add@/devices/x/iio:device0\0ACTION=add\0SUBSYSTEM=iio\0", 53);
  const std::string remove("remove@/devices/x/iio:device0\0\0SEQNUM=7", 39);
  REQUIRE(::send(pair[1], add.data(), add.size(), 0) == static_cast<ssize_t>(add.size()));
  REQUIRE(::send(pair[1], remove.data(), remove.size(), 0) == static_cast<ssize_t>(remove.size()));
  REQUIRE(heard.waitFor(2));
  CHECK(heard.events()[0] ==
        std::vector<std::string>{"add@/devices/x/iio:device0", "ACTION=add", "SUBSYSTEM=iio"});
  CHECK(heard.events()[1] == std::vector<std::string>{"remove@/devices/x/iio:device0", "SEQNUM=7"});
  ::close(pair[1]);
}

TEST_CASE("a monitor ends at once, also while nothing happens, and can be closed twice") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
  Heard heard;
  auto monitor = UeventMonitor::create(heard.listener(), pair[0]);
  monitor->close();
  monitor->close();
  ::send(pair[1], "late", 4, MSG_NOSIGNAL);
  monitor.reset();
  CHECK(heard.events().empty());
  ::close(pair[1]);
}

TEST_CASE("a closed monitor holds no socket any more") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
  Heard heard;
  auto monitor = UeventMonitor::create(heard.listener(), pair[0]);
  monitor->close();
  CHECK(::send(pair[1], "late", 4, MSG_NOSIGNAL) < 0);
  CHECK(errno == ECONNREFUSED);
  ::close(pair[1]);
}

TEST_CASE(
    "events that the kernel dropped are reported as an overflow; what a process sends is not an "
    "event") {
  // A netlink group of plain users with the smallest buffer overflows as the kernel's own does.
  const int receiver = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_USERSOCK);
  const int sender = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_USERSOCK);
  REQUIRE(receiver >= 0);
  REQUIRE(sender >= 0);
  const int smallest = 1;
  ::setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest);
  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = 1 << 10;
  const bool bound = ::bind(receiver, reinterpret_cast<sockaddr*>(&group), sizeof group) == 0;
  std::string large(1024, 'x');
  bool sent = bound;
  for (int i = 0; i < 64 && sent; ++i) {
    const ssize_t n = ::sendto(sender, large.data(), large.size(), 0,
                               reinterpret_cast<sockaddr*>(&group), sizeof group);
    // After the multicast a unicast to port 0 is tried too, where nobody listens in this protocol.
    sent = n > 0 || errno == ENOBUFS || errno == ECONNREFUSED;
  }
  if (!sent) {
    MESSAGE("this user may not multicast on netlink: the overflow is not tried");
    ::close(receiver);
    ::close(sender);
    return;
  }
  Heard heard;
  auto monitor = UeventMonitor::create(heard.listener(), receiver);
  REQUIRE(heard.waitFor(1));
  monitor->close();
  for (const auto& event : heard.events()) CHECK(event == std::vector<std::string>{"overflow"});
  ::close(sender);
}

TEST_CASE("the kernel's own events can be listened to") {
  Heard heard;
  try {
    auto monitor = UeventMonitor::create(heard.listener());
    monitor->close();
  } catch (const CoreError& error) {
    MESSAGE("no kernel uevents here: " << error.fault.message);
  }
}
