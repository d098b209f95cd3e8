// One sealed memfd, mapped once; every block is a udmabuf at its own offset. The CPU reads through
// the memfd's mapping, so that O_DIRECT writes work from it; the brackets go to the block's
// dma-buf.
#include <sys/mman.h>

#include <vector>

#include "arena-kinds.h"
#include "dmabuf.h"
#include "error.h"

namespace iio {
namespace {

class UdmabufArena final : public Arena {
 public:
  UdmabufArena(const ArenaSpec& spec, Allocation& allocation) : bytes_(spec.allocatedBytes) {
    checkUdmabufLimit(bytes_, udmabufLimitMb());
    const Fd device = openHeap(spec.devicePath);
    const uint64_t total = uint64_t{bytes_} * spec.blockCount;
    memory_ = makeSharedMemory(total, allocation);
    blocks_.reserve(spec.blockCount);
    for (uint32_t i = 0; i < spec.blockCount; ++i) {
      allocation.check();
      blocks_.emplace_back(
          makeUdmabuf(device, spec.devicePath, memory_, uint64_t{bytes_} * i, bytes_));
    }
    void* at = ::mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (at == MAP_FAILED)
      throw CoreError(makeFault(errno, "mmap", spec.devicePath, "Use fewer or smaller blocks."));
    mapping_ = Mapping(at, total);
    // The memory is there: this only maps it.
    allocation.inSteps(
        total, [&](uint64_t offset, uint64_t bytes) { populate(mapping_.get() + offset, bytes); });
  }

  ArenaKind kind() const override { return ArenaKind::Udmabuf; }
  uint32_t blockCount() const override { return static_cast<uint32_t>(blocks_.size()); }
  uint32_t allocatedBytes() const override { return bytes_; }
  std::byte* data(BlockIndex i) const override { return mapping_.get() + size_t{bytes_} * i; }
  int fd(BlockIndex i) const override { return blocks_.at(i).fd(); }
  bool directIo() const override { return true; }
  void beginRead(BlockIndex i) override { blocks_.at(i).beginRead(); }
  void endRead(BlockIndex i) override { blocks_.at(i).endRead(); }

 private:
  uint32_t bytes_;
  Fd memory_;
  std::vector<DmabufBlock> blocks_;
  Mapping mapping_;
};

}  // namespace

std::unique_ptr<Arena> makeUdmabufArena(const ArenaSpec& spec, Allocation& allocation) {
  return std::make_unique<UdmabufArena>(spec, allocation);
}

}  // namespace iio
