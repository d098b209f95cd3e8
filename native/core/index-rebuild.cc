#include "index-rebuild.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "error.h"
#include "writer.h"

namespace iio {
namespace {

constexpr int64_t kFreeFloorBytes = 256 << 20;  // left to other programs

std::string folderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string temporaryName(const std::string& path) {
  static std::atomic<uint32_t> count{0};
  return path + ".new-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

// Whether the recorder still appends to the index that lies there.
bool isWritten(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

std::unique_ptr<IndexRebuild> IndexRebuild::begin(const std::string& path, const IndexShape& shape,
                                                  const std::vector<Strip>& strips,
                                                  std::string& why) {
  if (isWritten(path)) {
    why = "It is still being recorded, and its index with it.";
    return nullptr;
  }
  // Without a name it is gone should the program be killed; not every file system can.
  std::string name;
  Fd fd(::open(folderOf(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
  if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    name = temporaryName(path);
    fd = Fd(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  }
  if (!fd) {
    why = "The new index can't be saved: " + makeFault(errno, "open", path).message +
          " Without it each opening summarises the data again.";
    return nullptr;
  }
  const int64_t available = freeBytesOf(fd.get());
  const auto shared = std::make_shared<const Fd>(std::move(fd));
  std::unique_ptr<IndexRebuild> rebuild(
      new IndexRebuild(path, shape, shared, std::move(name), strips));
  if (available < 0 || available >= rebuild->file_->end() + kFreeFloorBytes) return rebuild;
  why = "The new index is not saved: it would take " +
        std::to_string(rebuild->file_->end() / 1'000'000) + " MB of the " +
        std::to_string(available / 1'000'000) + " MB that are free. Make room, and open it again.";
  return nullptr;
}

IndexRebuild::IndexRebuild(std::string path, const IndexShape& shape, std::shared_ptr<const Fd> fd,
                           std::string name, const std::vector<Strip>& strips)
    : path_(std::move(path)),
      shape_(shape),
      fd_(std::move(fd)),
      name_(std::move(name)),
      file_(std::make_shared<IndexFile>(fd_, shape, strips)) {
  scans_.reserve(strips.size());
  for (const Strip& strip : strips) scans_.push_back(strip.scans);
}

IndexRebuild::~IndexRebuild() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

void IndexRebuild::refuse(const char* call) const {
  throw CoreError(makeFault(errno, call, path_));
}

void IndexRebuild::write(int64_t at, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_->get(), bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) refuse("pwrite");
    at += n;
    bytes = bytes.subspan(size_t(n));
  }
}

void IndexRebuild::put(uint64_t strip, std::span<const std::byte> entry) {
  write(file_->offset(strip), entry);
  file_->note(strip, true);
}

void IndexRebuild::writeDirectory(const IndexCursor::Directory& group) {
  std::vector<std::byte> listed;
  for (uint64_t i = group.first; i < group.first + group.count; ++i) {
    const size_t at = listed.size();
    listed.resize(at + shape_.coarseBytes(scans_[i]));
    size_t left = listed.size() - at;
    while (left > 0) {
      const ssize_t n = ::pread(fd_->get(), listed.data() + listed.size() - left, left,
                                file_->offset(i) + int64_t(listed.size() - at - left));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) refuse("pread");
      left -= size_t(n);
    }
  }
  write(group.at, encodeDirectory(group, listed));
}

void IndexRebuild::commit() {
  for (const auto& group : file_->directories()) writeDirectory(group);
  write(0, shape_.header());
  if (::fdatasync(fd_->get()) != 0) refuse("fdatasync");
  if (name_.empty()) {
    name_ = temporaryName(path_);
    const std::string self = "/proc/self/fd/" + std::to_string(fd_->get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      name_.clear();
      refuse("linkat");
    }
  }
  if (isWritten(path_)) {
    errno = EBUSY;
    refuse("rename");
  }
  if (::rename(name_.c_str(), path_.c_str()) != 0) refuse("rename");
  name_.clear();
}

}  // namespace iio
