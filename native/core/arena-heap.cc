// Blocks that are dma-bufs of a heap, each with a mapping of its own.
#include <sys/mman.h>

#include <vector>

#include "arena-kinds.h"
#include "dmabuf.h"
#include "error.h"

namespace iio {
namespace {

struct HeapBlock {
  DmabufBlock dmabuf;
  Mapping mapping;
};

class HeapArena final : public Arena {
 public:
  HeapArena(const ArenaSpec& spec, Allocation& allocation) : bytes_(spec.allocatedBytes) {
    const Fd heap = openHeap(spec.devicePath);
    blocks_.reserve(spec.blockCount);
    for (uint32_t i = 0; i < spec.blockCount; ++i) {
      allocation.check();
      blocks_.push_back(makeBlock(heap, spec.devicePath));
      allocation.had(bytes_);
    }
  }

  ArenaKind kind() const override { return ArenaKind::Heap; }
  uint32_t blockCount() const override { return static_cast<uint32_t>(blocks_.size()); }
  uint32_t allocatedBytes() const override { return bytes_; }
  std::byte* data(BlockIndex i) const override { return blocks_.at(i).mapping.get(); }
  int fd(BlockIndex i) const override { return blocks_.at(i).dmabuf.fd(); }
  // The mapping of a heap's dma-buf has no pages the block layer could take: O_DIRECT answers
  // EFAULT.
  bool directIo() const override { return false; }
  void beginRead(BlockIndex i) override { blocks_.at(i).dmabuf.beginRead(); }
  void endRead(BlockIndex i) override { blocks_.at(i).dmabuf.endRead(); }

 private:
  HeapBlock makeBlock(const Fd& heap, const std::string& path) const {
    Fd dmabuf = allocateFromHeap(heap, path, bytes_);
    void* at = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf.get(), 0);
    if (at == MAP_FAILED) throw CoreError(makeFault(errno, "mmap", path, "Choose another heap."));
    return {DmabufBlock(std::move(dmabuf)), Mapping(at, bytes_)};
  }

  uint32_t bytes_;
  std::vector<HeapBlock> blocks_;
};

}  // namespace

std::unique_ptr<Arena> makeHeapArena(const ArenaSpec& spec, Allocation& allocation) {
  return std::make_unique<HeapArena>(spec, allocation);
}

}  // namespace iio
