// One control thread per device for sysfs, enable and disable: a bounded queue and a deadline per call, counted from the
// moment the call begins. After the deadline the caller gets ETIMEDOUT with the path; the stuck thread is left behind,
// named, and a new one takes over, up to a bound after which every request answers ETIMEDOUT at once.
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
    std::string path, text = {};
    bool urgent = false;  // goes before all that is not, in a queue of 64: enable and disable
  };
  virtual ~Control() = default;
  // Calls `done` once, on a thread of the control's own: with the reply, or with ETIMEDOUT after the deadline; and on the
  // caller's thread with EAGAIN if the queue is full and with ECANCELED once closed.
  // Read: `text` is the file as it is. Write: one write(2) of `text`. List: entries by name. Exists: text "1" or "0".
  virtual void submit(Request request, std::function<void(ControlReply)> done) = 0;
  // Reads many files, each with its own deadline, as one entry of the queue; replies in the order of the paths.
  virtual void readAll(std::vector<std::string> paths,
                       std::function<void(std::vector<ControlReply>)> done) = 0;
  // The same, waiting here. Not from the JavaScript thread.
  virtual ControlReply call(Request request) = 0;
  // What is queued answers ECANCELED; what is running answers when it returns or at its deadline. Never waits for the
  // kernel.
  virtual void close() noexcept = 0;
};

std::shared_ptr<Control> makeControl(std::string name, int64_t deadlineMs, uint32_t queueLimit);

}  // namespace iio
