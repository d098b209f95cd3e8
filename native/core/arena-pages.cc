// Plain memory for sources that the CPU fills: simulator, read(), network. Page-aligned, so
// O_DIRECT may write from it.
#include <sys/mman.h>

#include "arena-kinds.h"
#include "error.h"
#include "fs-fd.h"

namespace iio {
namespace {

class PagesArena final : public Arena {
 public:
  PagesArena(const ArenaSpec& spec, Allocation& allocation)
      : bytes_(spec.allocatedBytes), count_(spec.blockCount) {
    const size_t total = size_t{bytes_} * count_;
    void* at = ::mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
      throw CoreError(makeFault(errno, "mmap", "", "Use fewer or smaller blocks."));
    mapping_ = Mapping(at, total);
    // Huge pages spare the summaries most of their TLB misses. Advice only: an error changes
    // nothing.
    ::madvise(at, total, MADV_HUGEPAGE);
    allocation.inSteps(total, [&](uint64_t offset, uint64_t bytes) {
      populate(mapping_.get() + offset, bytes);
      allocation.had(bytes);
    });
  }

  ArenaKind kind() const override { return ArenaKind::Pages; }
  uint32_t blockCount() const override { return count_; }
  uint32_t allocatedBytes() const override { return bytes_; }
  std::byte* data(BlockIndex i) const override { return mapping_.get() + size_t{bytes_} * i; }
  int fd(BlockIndex) const override { return -1; }
  bool directIo() const override { return true; }
  void beginRead(BlockIndex) override {}
  void endRead(BlockIndex) override {}

 private:
  uint32_t bytes_;
  uint32_t count_;
  Mapping mapping_;
};

}  // namespace

std::unique_ptr<Arena> makePagesArena(const ArenaSpec& spec, Allocation& allocation) {
  return std::make_unique<PagesArena>(spec, allocation);
}

}  // namespace iio
