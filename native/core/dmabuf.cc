#include "dmabuf.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cstdio>

#include "error.h"
#include "uapi.h"

namespace iio {
namespace {

int retryingIoctl(int fd, unsigned long request, void* argument) {
  int result = 0;
  do {
    result = ::ioctl(fd, request, argument);
  } while (result < 0 && (errno == EINTR || errno == EAGAIN));
  return result;
}

constexpr const char* kMoreFiles =
    "Each block needs a file: use fewer blocks, or raise the limit of open files (ulimit -n).";
constexpr const char* kMoreMemory = "Use fewer or smaller blocks, or another heap.";

const char* adviceForAllocation(int err) {
  if (err == ENODEV || err == ENXIO) return "It has gone: choose another heap.";
  return err == EMFILE || err == ENFILE ? kMoreFiles : kMoreMemory;
}

}  // namespace

Fd openHeap(const std::string& devicePath) {
  Fd heap(::open(devicePath.c_str(), O_RDWR | O_CLOEXEC));
  if (heap) return heap;
  const int err = errno;
  std::string next;
  if (err == EACCES || err == EPERM)
    next =
        "Install the udev rule that gives your group access to the heap, then plug in again or "
        "restart.";
  else if (err == ENOENT)
    next = "This kernel offers no such heap: choose another one, or load its module.";
  else if (err == EMFILE || err == ENFILE)
    next = kMoreFiles;
  throw CoreError(makeFault(err, "open", devicePath, next));
}

Fd allocateFromHeap(const Fd& heap, const std::string& devicePath, uint64_t bytes) {
  uapi::DmaHeapAllocation allocation{};
  allocation.len = bytes;
  allocation.fdFlags = O_RDWR | O_CLOEXEC;
  if (retryingIoctl(heap.get(), uapi::kDmaHeapAlloc, &allocation) < 0) {
    const int err = errno;
    throw CoreError(
        makeFault(err, "ioctl(DMA_HEAP_IOCTL_ALLOC)", devicePath, adviceForAllocation(err)));
  }
  return Fd(static_cast<int>(allocation.fd));
}

Fd makeSharedMemory(uint64_t bytes, Allocation& allocation) {
  Fd memory(::memfd_create("iio-studio", MFD_ALLOW_SEALING | MFD_CLOEXEC));
  if (!memory) {
    const int err = errno;
    throw CoreError(makeFault(err, "memfd_create", "", adviceForAllocation(err)));
  }
  // fallocate rather than ftruncate: too little memory is an error here, not a SIGBUS later.
  allocation.inSteps(bytes, [&](uint64_t offset, uint64_t step) {
    int result = 0;
    do {
      result = ::fallocate(memory.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(step));
    } while (result < 0 && errno == EINTR);
    if (result < 0) throw CoreError(makeFault(errno, "fallocate", "", kMoreMemory));
    allocation.had(step);
  });
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) < 0)
    throw CoreError(makeFault(errno, "fcntl(F_ADD_SEALS)", ""));
  return memory;
}

Fd makeUdmabuf(const Fd& device, const std::string& devicePath, const Fd& memory, uint64_t offset,
               uint64_t bytes) {
  uapi::UdmabufCreate create{};
  create.memfd = static_cast<uint32_t>(memory.get());
  create.flags = uapi::kUdmabufCloexec;
  create.offset = offset;
  create.size = bytes;
  const int fd = retryingIoctl(device.get(), uapi::kUdmabufCreate, &create);
  if (fd < 0) {
    const int err = errno;
    throw CoreError(makeFault(err, "ioctl(UDMABUF_CREATE)", devicePath, adviceForAllocation(err)));
  }
  return Fd(fd);
}

int64_t udmabufLimitMb(const std::string& parametersPath) {
  Fd file(::open((parametersPath + "/size_limit_mb").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return -1;
  char text[32] = {};
  if (::read(file.get(), text, sizeof text - 1) <= 0) return -1;
  long long value = -1;
  return std::sscanf(text, "%lld", &value) == 1 ? value : -1;
}

void checkUdmabufLimit(uint64_t bytes, int64_t limitMb) {
  if (limitMb < 0 || bytes <= static_cast<uint64_t>(limitMb) * 1024 * 1024) return;
  Fault fault =
      makeFault(EINVAL, "ioctl(UDMABUF_CREATE)", "/sys/module/udmabuf/parameters/size_limit_mb");
  fault.message = "A block of " + std::to_string(bytes) + " bytes is above the " +
                  std::to_string(limitMb) +
                  " MiB that the module udmabuf allows (parameter size_limit_mb). Use smaller "
                  "blocks, or load the "
                  "module with a higher size_limit_mb.";
  throw CoreError(fault);
}

void DmabufBlock::beginRead() {
  if (open_) return;
  sync(uapi::kSyncStart);
  open_ = true;
}

void DmabufBlock::endRead() {
  if (!open_) return;
  sync(uapi::kSyncEnd);
  open_ = false;
}

void DmabufBlock::sync(uint64_t flags) {
  uapi::DmaBufSync request{};
  request.flags = uapi::kSyncRead | flags;
  if (retryingIoctl(dmabuf_.get(), uapi::kDmaBufSync, &request) < 0)
    throw CoreError(makeFault(errno, "ioctl(DMA_BUF_IOCTL_SYNC)", ""));
}

}  // namespace iio
