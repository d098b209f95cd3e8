#include "error.h"

#include <cstring>
#include <utility>

namespace iio {
namespace {

struct Name {
  int err;
  const char* name;
};

#define NAME(e) \
  { e, #e }
constexpr Name kNames[] = {
    NAME(EPERM),        NAME(ENOENT),     NAME(EINTR),        NAME(EIO),
    NAME(ENXIO),        NAME(E2BIG),      NAME(EBADF),        NAME(EAGAIN),
    NAME(ENOMEM),       NAME(EACCES),     NAME(EFAULT),       NAME(EBUSY),
    NAME(EEXIST),       NAME(EXDEV),      NAME(ENODEV),       NAME(ENOTDIR),
    NAME(EISDIR),       NAME(EINVAL),     NAME(ENFILE),       NAME(EMFILE),
    NAME(ENOTTY),       NAME(EFBIG),      NAME(ENOSPC),       NAME(ESPIPE),
    NAME(EROFS),        NAME(EMLINK),     NAME(EPIPE),        NAME(ERANGE),
    NAME(ENAMETOOLONG), NAME(ENOSYS),     NAME(ENOTEMPTY),    NAME(ELOOP),
    NAME(ENODATA),      NAME(ETIME),      NAME(EPROTO),       NAME(EBADMSG),
    NAME(EOVERFLOW),    NAME(EILSEQ),     NAME(EOPNOTSUPP),   NAME(EADDRINUSE),
    NAME(ENOBUFS),      NAME(ETIMEDOUT),  NAME(ECANCELED),    NAME(EDQUOT),
    NAME(ECONNREFUSED), NAME(EREMOTEIO),  NAME(ESTALE),       NAME(EDOM),
    NAME(ENOTCONN),     NAME(ECONNRESET), NAME(EAFNOSUPPORT), NAME(EPROTONOSUPPORT),
    NAME(EALREADY),
};
#undef NAME

// strerror's words without its capital letter, for use inside a sentence.
std::string reason(int err) {
  char text[128] = {};
  std::string words = strerror_r(err, text, sizeof text);
  const bool acronym = words.size() > 1 && words[1] >= 'A' && words[1] <= 'Z';
  if (!words.empty() && !acronym && words[0] >= 'A' && words[0] <= 'Z') words[0] += 'a' - 'A';
  return words;
}

}  // namespace

std::string errnoName(int err) {
  for (const Name& entry : kNames)
    if (entry.err == err) return entry.name;
  return std::string("E").append(std::to_string(err));
}

Fault makeFault(int err, const char* syscall, std::string path, std::string next) {
  Fault fault;
  fault.err = err;
  fault.syscall = syscall;
  fault.message = fault.syscall;
  if (!path.empty()) fault.message += " of " + path;
  fault.message += " failed: " + reason(err) + " (" + errnoName(err) + ").";
  if (!next.empty()) fault.message += " " + next;
  fault.path = std::move(path);
  return fault;
}

}  // namespace iio
