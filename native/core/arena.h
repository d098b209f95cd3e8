// Arena: owns the memory of the blocks and answers: address, fd to share (or none), direct I/O yes
// or no. Kinds: dma-bufs of a heap; one sealed memfd with a udmabuf per block at its own offset
// (one mapping, direct writes); plain pages (simulator, read(), network).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "allocation.h"
#include "block.h"

namespace iio {

enum class ArenaKind : uint8_t { Heap, Udmabuf, Pages };

struct ArenaSpec {
  ArenaKind kind = ArenaKind::Pages;
  std::string devicePath;  // /dev/dma_heap/NAME or /dev/udmabuf; unused for Pages
  uint32_t blockCount = 0;
  uint32_t allocatedBytes = 0;  // per block, a page multiple
};

class Arena {
 public:
  virtual ~Arena() = default;
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  virtual ArenaKind kind() const = 0;
  virtual uint32_t blockCount() const = 0;
  virtual uint32_t allocatedBytes() const = 0;
  // Address for the CPU; for udmabuf this is the memfd's own mapping, so that direct writes work
  // from it.
  virtual std::byte* data(BlockIndex i) const = 0;
  // dma-buf to attach, or -1.
  virtual int fd(BlockIndex i) const = 0;
  // Whether O_DIRECT may write from data(i) (iio-kernel-observed.md, "Direct writes").
  virtual bool directIo() const = 0;
  // CPU access brackets (DMA_BUF_IOCTL_SYNC); no-ops for Pages. Only the acquisition thread calls
  // these: begin once on completion, end with the same flags before the block is queued again.
  // Throw CoreError.
  virtual void beginRead(BlockIndex i) = 0;
  virtual void endRead(BlockIndex i) = 0;
};

// Allocates everything or throws CoreError (ENOMEM, EACCES, EINVAL, EMFILE; ECANCELED once
// `allocation` is cancelled), having given back what it had. A block of a heap is had at once; all
// other memory in steps.
std::unique_ptr<Arena> makeArena(const ArenaSpec& spec, Allocation& allocation);
std::unique_ptr<Arena> makeArena(const ArenaSpec& spec);

}  // namespace iio
