// One integer sample, read as the counter and the timestamps need it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "decode.h"

namespace iio {

inline uint64_t maskOf(uint32_t bits) {
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

// `scan`: start of the scan. Sign-extended if the element is signed.
inline int64_t readSigned(const std::byte* scan, const ValueFormat& format) {
  return static_cast<int64_t>(static_cast<uint64_t>(keyAt(format, scan)) + format.bias);
}

// The meaningful bits, not sign-extended.
inline uint64_t readBits(const std::byte* scan, const ValueFormat& format) {
  return static_cast<uint64_t>(readSigned(scan, format)) & maskOf(format.bits);
}

}  // namespace iio
