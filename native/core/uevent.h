// Kernel uevents: devices that come and go, without polling. Netlink group 1 (the kernel's own
// events, not udev's).
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iio {

class UeventMonitor {
 public:
  // Called on the monitor's thread with the fields of one event, split at NUL: "ACTION@PATH", then
  // "KEY=VALUE"… When the kernel dropped events because we were slow, the one field is "overflow":
  // look at everything again.
  using Listener = std::function<void(std::vector<std::string> fields)>;

  virtual ~UeventMonitor() = default;
  // Ends the thread; no listener is running or will run afterwards. Not from within the listener.
  virtual void close() noexcept = 0;

  // Opens the socket and starts the thread. Throws CoreError. `fd`: a datagram socket to read from
  // instead, for tests; it belongs to the monitor then.
  static std::unique_ptr<UeventMonitor> create(Listener listener, int fd = -1);
};

}  // namespace iio
