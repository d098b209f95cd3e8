#include "arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include "arena-kinds.h"
#include "error.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace iio {

void populate(std::byte* at, size_t bytes) {
  if (::madvise(at, bytes, MADV_POPULATE_WRITE) == 0) return;
  const int err = errno;
  if (err == ENOMEM || err == EFAULT || err == EHWPOISON)
    throw CoreError(
        makeFault(ENOMEM, "madvise(MADV_POPULATE_WRITE)", "", "Use fewer or smaller blocks."));
  const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  for (size_t offset = 0; offset < bytes; offset += page)
    *reinterpret_cast<volatile std::byte*>(at + offset) = std::byte{0};
}

std::unique_ptr<Arena> makeArena(const ArenaSpec& spec) {
  Allocation nobodyLooks;
  return makeArena(spec, nobodyLooks);
}

std::unique_ptr<Arena> makeArena(const ArenaSpec& spec, Allocation& allocation) {
  const auto page = static_cast<uint32_t>(::sysconf(_SC_PAGESIZE));
  if (spec.blockCount == 0 || spec.allocatedBytes == 0 || spec.allocatedBytes % page != 0) {
    Fault fault;
    fault.err = EINVAL;
    fault.message = "A block of " + std::to_string(spec.allocatedBytes) +
                    " bytes is not a whole number of pages of " + std::to_string(page) +
                    " bytes. Choose another block size.";
    throw CoreError(fault);
  }
  allocation.begin(uint64_t{spec.allocatedBytes} * spec.blockCount);
  switch (spec.kind) {
    case ArenaKind::Heap:
      return makeHeapArena(spec, allocation);
    case ArenaKind::Udmabuf:
      return makeUdmabufArena(spec, allocation);
    case ArenaKind::Pages:
      break;
  }
  return makePagesArena(spec, allocation);
}

}  // namespace iio
