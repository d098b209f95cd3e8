// Loads of one word and dispatch by format, for the loops of decode.cc and pyramid-build.cc.
#pragma once
#include <type_traits>

#include "decode.h"

namespace iio {

// A packed 24-bit word, worked in as 32 bits.
struct Packed24 {};

template <typename W, bool Swap>
struct Word {
  using Bits = W;
  static constexpr size_t kBytes = sizeof(W);
  static Bits load(const std::byte* at) {
    Bits x;
    std::memcpy(&x, at, sizeof x);
    if constexpr (Swap && sizeof(Bits) == 2) x = __builtin_bswap16(x);
    if constexpr (Swap && sizeof(Bits) == 4) x = __builtin_bswap32(x);
    if constexpr (Swap && sizeof(Bits) == 8) x = __builtin_bswap64(x);
    return x;
  }
};

template <bool BigEndian>
struct Word<Packed24, BigEndian> {
  using Bits = uint32_t;
  static constexpr size_t kBytes = 3;
  static Bits load(const std::byte* at) {
    const auto b = [&](int i) { return static_cast<uint32_t>(at[i]); };
    return BigEndian ? b(0) << 16 | b(1) << 8 | b(2) : b(2) << 16 | b(1) << 8 | b(0);
  }
};

// The key in the word's width, its top bit at the word's top bit: compares as the key does.
template <typename W>
inline auto highKey(const ValueFormat& f, const std::byte* scan) {
  using Bits = typename W::Bits;
  const auto x = static_cast<Bits>(W::load(scan + f.offsetBytes) << f.leftShift);
  return static_cast<std::make_signed_t<Bits>>((x & static_cast<Bits>(f.mask)) ^
                                               static_cast<Bits>(f.flip));
}

// IEEE 754 half precision to float, exactly.
inline float halfToFloat(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16;
  const uint32_t exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float small = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -small : small;
}

template <typename W>
inline auto floatOf(const std::byte* at) {
  const auto x = W::load(at);
  if constexpr (sizeof(x) == 2) {
    return halfToFloat(x);
  } else if constexpr (sizeof(x) == 4) {
    return std::bit_cast<float>(x);
  } else {
    return std::bit_cast<double>(x);
  }
}

template <typename W>
inline auto floatOf(const ValueFormat& f, const std::byte* scan) {
  return floatOf<W>(scan + f.offsetBytes);
}

// Calls `use(Word<…>{})` with the integer word of the format.
template <typename Use>
inline decltype(auto) withWord(const ValueFormat& f, Use&& use) {
  switch (f.storageBytes) {
    case 1:
      return use(Word<uint8_t, false>{});
    case 2:
      return f.swap ? use(Word<uint16_t, true>{}) : use(Word<uint16_t, false>{});
    case 3:
      return f.bigEndian ? use(Word<Packed24, true>{}) : use(Word<Packed24, false>{});
    case 4:
      return f.swap ? use(Word<uint32_t, true>{}) : use(Word<uint32_t, false>{});
    default:
      return f.swap ? use(Word<uint64_t, true>{}) : use(Word<uint64_t, false>{});
  }
}

// The same for floats: 16, 32 and 64 bits.
template <typename Use>
inline decltype(auto) withFloatWord(const ValueFormat& f, Use&& use) {
  switch (f.storageBytes) {
    case 2:
      return f.swap ? use(Word<uint16_t, true>{}) : use(Word<uint16_t, false>{});
    case 4:
      return f.swap ? use(Word<uint32_t, true>{}) : use(Word<uint32_t, false>{});
    default:
      return f.swap ? use(Word<uint64_t, true>{}) : use(Word<uint64_t, false>{});
  }
}

}  // namespace iio
