// Scans for the tests of the summaries: layouts of any format, random bytes, and a slow reading of
// them that shares no code with the core.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "layout.h"
#include "store.h"

namespace summary {

using namespace iio;
using Random = std::mt19937_64;

inline uint32_t below(Random& random, uint64_t limit) {
  return static_cast<uint32_t>(random() % limit);
}

inline ScanElement element(uint32_t offset, NumberKind kind, uint16_t bits, uint16_t storage,
                           uint16_t shift = 0, bool bigEndian = false, uint16_t repeat = 1) {
  return {offset, storage, bits, shift, repeat, kind, bigEndian};
}

inline ScanElement randomElement(Random& random) {
  constexpr uint16_t kStorage[] = {8, 16, 16, 16, 24, 32, 32, 64};
  ScanElement e;
  e.storageBits = kStorage[below(random, 8)];
  e.kind = static_cast<NumberKind>(below(random, 3));
  if (e.kind == NumberKind::Float) {
    e.storageBits = std::max<uint16_t>(e.storageBits, 16);
    if (e.storageBits == 24) e.storageBits = 32;
    e.bits = e.storageBits;
  } else {
    e.bits = static_cast<uint16_t>(1 + below(random, e.storageBits));
    if (below(random, 2)) e.bits = e.storageBits;
    e.shift = static_cast<uint16_t>(below(random, e.storageBits - e.bits + 1u));
  }
  e.bigEndian = below(random, 2);
  if (below(random, 8) == 0) e.repeat = 3;
  return e;
}

// Elements after each other as the kernel aligns them (to their own size), or packed.
inline ScanLayout layoutOf(std::vector<ScanElement> elements, bool packed = false,
                           uint32_t tail = 0) {
  ScanLayout layout;
  uint32_t at = 0, most = 1;
  for (ScanElement& e : elements) {
    const uint32_t bytes = e.storageBits / 8u;
    const uint32_t align = packed || bytes == 3 ? 1 : bytes;
    at = (at + align - 1) / align * align;
    most = std::max(most, align);
    e.offsetBytes = at;
    at += bytes * e.repeat;
  }
  layout.scanBytes = (at + most - 1) / most * most + tail;
  layout.elements = std::move(elements);
  return layout;
}

inline ScanLayout uniform(uint32_t channels, NumberKind kind, uint16_t bits, uint16_t storage,
                          uint16_t shift = 0, bool bigEndian = false) {
  return layoutOf(
      std::vector<ScanElement>(channels, element(0, kind, bits, storage, shift, bigEndian)));
}

inline std::vector<std::byte> randomBytes(Random& random, size_t count) {
  std::vector<std::byte> bytes(count);
  for (auto& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

// Writes a raw integer into its place; bits around it stay as they are.
inline void put(std::byte* scan, const ScanElement& e, uint64_t raw, uint32_t component = 0) {
  const uint32_t bytes = e.storageBits / 8u;
  std::byte* at = scan + e.offsetBytes + component * bytes;
  uint64_t word = 0;
  for (uint32_t i = 0; i < bytes; ++i)
    word |= static_cast<uint64_t>(at[e.bigEndian ? bytes - 1 - i : i]) << (8 * i);
  for (uint32_t b = 0; b < e.bits; ++b) {
    const uint64_t bit = uint64_t{1} << (b + e.shift);
    word = raw >> b & 1 ? word | bit : word & ~bit;
  }
  for (uint32_t i = 0; i < bytes; ++i)
    at[e.bigEndian ? bytes - 1 - i : i] = static_cast<std::byte>(word >> (8 * i));
}

// Raw integer, bit by bit; as two's complement in 64 bits.
inline uint64_t rawBits(const std::byte* scan, const ScanElement& e, uint32_t component = 0) {
  const uint32_t bytes = e.storageBits / 8u;
  const std::byte* at = scan + e.offsetBytes + component * bytes;
  uint64_t value = 0;
  for (uint32_t b = 0; b < e.bits; ++b) {
    const uint32_t bit = b + e.shift, byte = bit / 8;
    const auto x = static_cast<unsigned>(at[e.bigEndian ? bytes - 1 - byte : byte]);
    value |= uint64_t{x >> (bit % 8) & 1} << b;
  }
  if (e.kind == NumberKind::Signed && e.bits < 64 && (value >> (e.bits - 1) & 1))
    value |= ~uint64_t{0} << e.bits;
  return value;
}

inline double halfValue(uint64_t h) {
  const double sign = h & 0x8000 ? -1 : 1;
  const int exponent = static_cast<int>(h >> 10 & 31);
  const auto fraction = static_cast<double>(h & 1023);
  if (exponent == 31) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

inline double rawValue(const std::byte* scan, const ScanElement& e, uint32_t component = 0) {
  const uint64_t bits = rawBits(scan, e, component);
  if (e.kind == NumberKind::Signed) return static_cast<double>(static_cast<int64_t>(bits));
  if (e.kind == NumberKind::Unsigned) return static_cast<double>(bits);
  if (e.storageBits == 16) return halfValue(bits);
  if (e.storageBits == 32) {
    float f;
    const auto narrow = static_cast<uint32_t>(bits);
    std::memcpy(&f, &narrow, sizeof f);
    return static_cast<double>(f);
  }
  double d;
  std::memcpy(&d, &bits, sizeof d);
  return d;
}

inline double traceValue(const std::byte* scan, const ScanLayout& layout, const TraceSpec& t) {
  const double i = (rawValue(scan, layout.elements[t.element], t.component) + t.offset) * t.scale;
  if (t.part == TracePart::Value) return i;
  const double q =
      (rawValue(scan, layout.elements[t.elementQ], t.componentQ) + t.offsetQ) * t.scaleQ;
  return t.part == TracePart::Magnitude ? std::hypot(i, q) : std::atan2(q, i);
}

// Equal, or both NaN.
inline bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline bool near(double a, double b, double relative = 1e-12) {
  return same(a, b) || std::abs(a - b) <= relative * std::max({std::abs(a), std::abs(b), 1.0});
}

struct Expected {
  double first = std::nan(""), minimum = std::nan(""), maximum = std::nan(""), last = std::nan("");
  bool any = false, nan = false;
  void add(double x) {
    if (!any) first = x;
    any = true;
    last = x;
    if (std::isnan(x)) {
      nan = true;
      return;
    }
    if (!(x >= minimum)) minimum = x;
    if (!(x <= maximum)) maximum = x;
  }
};

}  // namespace summary
