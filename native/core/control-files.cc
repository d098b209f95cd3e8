#include "control-files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "fs-fd.h"

namespace iio {
namespace {

// A sysfs attribute is at most a page; debugfs and configfs files may be longer.
constexpr size_t kLongestRead = 1 << 20;

const char* adviceFor(int err) {
  switch (err) {
    case EACCES:
    case EPERM:
      return "This user may not do that: install the udev rule and join its group.";
    case EBUSY:
      return "It is in use or the buffer runs: stop it first.";
    case ENOENT:
    case ENODEV:
      return "The device or the attribute has gone.";
    default:
      return "";
  }
}

ControlReply failed(int err, const char* syscall, const std::string& path,
                    const char* next = nullptr) {
  ControlReply reply;
  reply.fault = makeFault(err, syscall, path, next ? next : adviceFor(err));
  return reply;
}

ControlReply readFile(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return failed(errno, "open", path);
  ControlReply reply;
  char piece[4096];
  while (reply.text.size() < kLongestRead) {
    const ssize_t n = ::read(file.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(errno, "read", path);
    if (n == 0) break;
    reply.text.append(piece, static_cast<size_t>(n));
  }
  return reply;
}

// One write(2): sysfs takes what comes in one call as one value.
ControlReply writeFile(const std::string& path, const std::string& text) {
  Fd file(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY));
  if (!file) return failed(errno, "open", path);
  ssize_t n = 0;
  do {
    n = ::write(file.get(), text.data(), text.size());
  } while (n < 0 && errno == EINTR);
  if (n < 0)
    return failed(errno, "write", path,
                  errno == EINVAL ? "The driver does not accept this value." : nullptr);
  if (static_cast<size_t>(n) != text.size())
    return failed(EIO, "write", path, "Only a part of the value was taken.");
  return {};
}

ControlReply listDirectory(const std::string& path) {
  struct Closer {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const std::unique_ptr<DIR, Closer> dir(::opendir(path.c_str()));
  if (!dir) return failed(errno, "opendir", path);
  ControlReply reply;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (!entry) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat info;
    if (::fstatat(::dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    using Kind = ControlEntry::Kind;
    const Kind kind = S_ISDIR(info.st_mode)   ? Kind::Directory
                      : S_ISLNK(info.st_mode) ? Kind::Link
                                              : Kind::File;
    reply.entries.push_back({name, kind, static_cast<uint32_t>(info.st_mode & 07777)});
  }
  if (errno) return failed(errno, "readdir", path);
  std::ranges::sort(reply.entries, {}, &ControlEntry::name);
  return reply;
}

ControlReply existsPath(const std::string& path) {
  struct stat info;
  ControlReply reply;
  if (::stat(path.c_str(), &info) == 0)
    reply.text = "1";
  else if (errno == ENOENT || errno == ENOTDIR || errno == ENODEV)
    reply.text = "0";
  else
    return failed(errno, "stat", path);
  return reply;
}

}  // namespace

ControlReply runRequest(const Control::Request& request) {
  switch (request.op) {
    case Control::Op::Read:
      return readFile(request.path);
    case Control::Op::Write:
      return writeFile(request.path, request.text);
    case Control::Op::List:
      return listDirectory(request.path);
    case Control::Op::Exists:
      return existsPath(request.path);
  }
  return {};
}

}  // namespace iio
