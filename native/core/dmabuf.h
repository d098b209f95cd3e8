// dma-bufs: where they come from and the brackets of CPU access.
#pragma once
#include <cstdint>
#include <string>

#include "allocation.h"
#include "fs-fd.h"

namespace iio {

// /dev/dma_heap/NAME or /dev/udmabuf, opened. Throws CoreError that tells how to get the
// permission.
Fd openHeap(const std::string& devicePath);
// One dma-buf of `bytes` (a page multiple) from an opened heap. Throws CoreError.
Fd allocateFromHeap(const Fd& heap, const std::string& devicePath, uint64_t bytes);

// A memfd that a udmabuf accepts: sealed against shrinking, writable for ever, and all its pages
// there. Throws CoreError.
Fd makeSharedMemory(uint64_t bytes, Allocation& allocation);
// A dma-buf over [offset, offset + bytes) of such a memfd. Throws CoreError.
Fd makeUdmabuf(const Fd& device, const std::string& devicePath, const Fd& memory, uint64_t offset,
               uint64_t bytes);

// The module's limit of one udmabuf in MiB, or -1 if it cannot be read.
int64_t udmabufLimitMb(const std::string& parametersPath = "/sys/module/udmabuf/parameters");
// Throws CoreError with the parameter's name if a udmabuf of `bytes` is above `limitMb` (-1: not
// known).
void checkUdmabufLimit(uint64_t bytes, int64_t limitMb);

// A dma-buf with its bracket of CPU reading (DMA_BUF_IOCTL_SYNC with SYNC_READ). Remembers whether
// the bracket is open: an END without a START is EINVAL on udmabuf, and a failed block gets
// neither.
class DmabufBlock {
 public:
  explicit DmabufBlock(Fd dmabuf) : dmabuf_(std::move(dmabuf)) {}
  int fd() const { return dmabuf_.get(); }
  // No-ops if the bracket is as wanted already. Throw CoreError.
  void beginRead();
  void endRead();

 private:
  void sync(uint64_t flags);
  Fd dmabuf_;
  bool open_ = false;
};

}  // namespace iio
