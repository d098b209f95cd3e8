// The three arenas, for makeArena and their tests.
#pragma once
#include "arena.h"

namespace iio {

std::unique_ptr<Arena> makeHeapArena(const ArenaSpec& spec, Allocation& allocation);
std::unique_ptr<Arena> makeUdmabufArena(const ArenaSpec& spec, Allocation& allocation);
std::unique_ptr<Arena> makePagesArena(const ArenaSpec& spec, Allocation& allocation);

// Writable pages that are all there, so that no fault costs time while samples come: the kernel is
// asked to populate them, or each is touched where it is too old for that. Throws CoreError
// (ENOMEM).
void populate(std::byte* at, size_t bytes);

}  // namespace iio
