// OverwriteProof: whether a device really writes into the memory it was given. A DMA engine that
// needs bounce buffers, or caches that nobody flushes for it, would leave old bytes in a block of
// udmabuf and report it as done: udmabuf's CPU access brackets look after its own mapping only, not
// after the device's (drivers/dma-buf/udmabuf.c, begin_cpu_udmabuf). So each block is filled with
// a pattern before the device first sees it, and looked at when it first comes back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "block.h"

namespace iio {

struct OverwriteCount {
  uint32_t blocks = 0;      // looked at
  uint64_t staleBytes = 0;  // of them, not written by the device, in lines of 64
};

class OverwriteProof {
 public:
  explicit OverwriteProof(uint32_t blockCount) : waiting_(blockCount, false) {}

  // Before the block's memory is attached: the device's mapping hands over what the CPU wrote.
  void fill(BlockIndex block, std::byte* data, size_t bytes);
  // The first `bytes` of a block that came back, once; false if any of it is as it was filled.
  bool look(BlockIndex block, const std::byte* data, size_t bytes);
  const OverwriteCount& count() const { return count_; }

 private:
  std::vector<bool> waiting_;
  OverwriteCount count_;
};

}  // namespace iio
