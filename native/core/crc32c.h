// CRC32C (Castagnoli; reflected polynomial 0x82F63B78, initial and final XOR 0xFFFFFFFF), as the
// journal uses it. Chains: crc32c(crc32c(0, a), b) is that of a followed by b.
#pragma once
#include <cstddef>
#include <cstdint>

namespace iio {

// The fastest the processor offers, chosen once at run time.
uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) noexcept;

// That of a followed by b, from the CRC of each and the length of b.
uint32_t crc32cJoin(uint32_t a, uint32_t b, uint64_t bytesOfB) noexcept;

// The same by tables alone: what processors without the instruction get, and what tests compare
// with.
uint32_t crc32cTable(uint32_t crc, const void* data, size_t bytes) noexcept;

}  // namespace iio
