// One control thread per device for sysfs, enable and disable: a bounded queue and a deadline per call. After the
// deadline the caller gets ETIMEDOUT with the path; the stuck thread is left behind, named, and a new one takes over.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "error.h"

namespace iio {

struct ControlEntry {
  std::string name;
  enum class Kind : uint8_t { File, Directory, Link } kind;
  uint32_t mode;  // permission bits
};

struct ControlReply {
  Fault fault;  // set if it failed
  std::string text;
  std::vector<ControlEntry> entries;
};

class Control {
 public:
  enum class Op : uint8_t { Read, Write, List, Exists };
  struct Request {
    Op op;
    std::string path, text;
  };
  virtual ~Control() = default;
  // Calls `done` once, on a thread of the control's own: with the reply, with EAGAIN if the queue is full, or with
  // ETIMEDOUT after the deadline.
  virtual void submit(Request request, std::function<void(ControlReply)> done) = 0;
  // The same, waiting here. Not from the JavaScript thread.
  virtual ControlReply call(Request request) = 0;
  virtual void close() noexcept = 0;
};

std::shared_ptr<Control> makeControl(std::string name, int64_t deadlineMs, uint32_t queueLimit);

}  // namespace iio
