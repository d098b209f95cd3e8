// Reads one sample's word: its meaningful bits, not sign-extended.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "layout.h"

namespace iio {

template <typename T>
inline T loadAs(const std::byte* at) {
  T word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline uint64_t loadWord(const std::byte* at, const ScanElement& element) {
  constexpr bool hostBig = std::endian::native == std::endian::big;
  bool swap = element.bigEndian != hostBig;
  switch (element.storageBits) {
    case 8:
      return loadAs<uint8_t>(at);
    case 16: {
      auto v = loadAs<uint16_t>(at);
      return swap ? __builtin_bswap16(v) : v;
    }
    case 32: {
      auto v = loadAs<uint32_t>(at);
      return swap ? __builtin_bswap32(v) : v;
    }
    case 64: {
      auto v = loadAs<uint64_t>(at);
      return swap ? __builtin_bswap64(v) : v;
    }
    default: {
      uint64_t word = 0;
      uint32_t bytes = element.storageBits / 8;
      for (uint32_t i = 0; i < bytes; ++i)
        word = word << 8 | std::to_integer<uint64_t>(at[element.bigEndian ? i : bytes - 1 - i]);
      return word;
    }
  }
}

inline uint64_t maskOf(uint32_t bits) {
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

// `scan`: start of the scan.
inline uint64_t readBits(const std::byte* scan, const ScanElement& element) {
  return loadWord(scan + element.offsetBytes, element) >> element.shift & maskOf(element.bits);
}

inline int64_t readSigned(const std::byte* scan, const ScanElement& element) {
  uint64_t bits = readBits(scan, element);
  if (element.kind != NumberKind::Signed || element.bits >= 64) return static_cast<int64_t>(bits);
  uint64_t sign = uint64_t{1} << (element.bits - 1);
  return static_cast<int64_t>((bits ^ sign) - sign);
}

}  // namespace iio
