// Errors of the core: errno with the call and the path that failed, and a sentence for the user.
#pragma once
#include <cerrno>
#include <stdexcept>
#include <string>

namespace iio {

struct Fault {
  int err = 0;            // errno, 0 for none
  std::string syscall;    // "ioctl(IIO_BUFFER_DMABUF_ENQUEUE)", "open", …
  std::string path;       // file it was about, or ""
  std::string message;    // one sentence: cause, next step
  explicit operator bool() const { return err != 0 || !message.empty(); }
};

// Throwable form; the binding turns it into a JavaScript Error with code, errno, syscall and path.
class CoreError : public std::runtime_error {
 public:
  explicit CoreError(Fault f) : std::runtime_error(f.message), fault(std::move(f)) {}
  Fault fault;
};

// Name of an errno ("EACCES"); "E<number>" for one without a name here.
std::string errnoName(int err);
// Fault with a sentence made from errno, call and path; `next` is the next step, appended as it is.
Fault makeFault(int err, const char* syscall, std::string path, std::string next = {});

}  // namespace iio
