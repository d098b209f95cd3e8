#include "fs.h"

#include <sys/statvfs.h>

#include "error.h"

namespace iio {

int64_t freeBytes(const std::string& path) {
  struct statvfs info;
  while (statvfs(path.c_str(), &info) != 0)
    if (errno != EINTR)
      throw CoreError(makeFault(errno, "statvfs", path, "Choose another folder."));
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

}  // namespace iio
