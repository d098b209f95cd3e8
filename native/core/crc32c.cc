#include "crc32c.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

namespace iio {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;

using Table = std::array<uint32_t, 256>;

// Eight tables: table[k][b] is the CRC of byte b followed by k zero bytes.
constexpr std::array<Table, 8> makeTables() {
  std::array<Table, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k)
    for (size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xff];
  return tables;
}
constexpr auto kTables = makeTables();

inline uint64_t load64(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);  // all processors served are little-endian
  return value;
}

uint32_t rawTable(uint32_t crc, const uint8_t* p, size_t bytes) {
  for (; bytes >= 8; bytes -= 8, p += 8) {
    const uint64_t v = load64(p) ^ crc;
    crc = 0;
    for (size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][(v >> (8 * k)) & 0xff];
  }
  for (; bytes; --bytes, ++p) crc = (crc >> 8) ^ kTables[0][(crc ^ *p) & 0xff];
  return crc;
}

#if defined(__x86_64__) || defined(__aarch64__)

// A CRC is linear: feeding zeros is a 32×32 matrix over GF(2), here as four tables of a byte each.
// The instruction has a latency of three cycles at one a cycle, so three streams run side by side
// and are joined with these.
using Zeros = std::array<Table, 4>;

Zeros makeZeros(size_t bytes) {
  std::array<uint32_t, 32> image;  // of each single bit
  for (uint32_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = 1u << bit;
    for (size_t i = 0; i < bytes; ++i) crc = (crc >> 8) ^ kTables[0][crc & 0xff];
    image[bit] = crc;
  }
  Zeros zeros{};
  for (size_t k = 0; k < 4; ++k)
    for (size_t byte = 0; byte < 256; ++byte)
      for (size_t bit = 0; bit < 8; ++bit)
        if (byte >> bit & 1) zeros[k][byte] ^= image[8 * k + bit];
  return zeros;
}

inline uint32_t shiftOver(const Zeros& zeros, uint32_t crc) {
  return zeros[0][crc & 0xff] ^ zeros[1][crc >> 8 & 0xff] ^ zeros[2][crc >> 16 & 0xff] ^
         zeros[3][crc >> 24];
}

constexpr size_t kLong = 4096, kShort = 256;
const Zeros kLongZeros = makeZeros(kLong);
const Zeros kShortZeros = makeZeros(kShort);

#if defined(__x86_64__)
#define IIO_CRC_TARGET __attribute__((target("sse4.2")))
IIO_CRC_TARGET inline uint64_t step64(uint64_t crc, uint64_t value) {
  return _mm_crc32_u64(crc, value);
}
IIO_CRC_TARGET inline uint32_t step8(uint32_t crc, uint8_t value) {
  return _mm_crc32_u8(crc, value);
}
bool offered() { return __builtin_cpu_supports("sse4.2"); }
#else
#define IIO_CRC_TARGET __attribute__((target("+crc")))
IIO_CRC_TARGET inline uint64_t step64(uint64_t crc, uint64_t value) {
  return __crc32cd(uint32_t(crc), value);
}
IIO_CRC_TARGET inline uint32_t step8(uint32_t crc, uint8_t value) { return __crc32cb(crc, value); }
bool offered() { return getauxval(AT_HWCAP) & HWCAP_CRC32; }
#endif

template <size_t Stride>
IIO_CRC_TARGET inline uint32_t threeStreams(uint32_t crc, const uint8_t*& p, size_t& bytes,
                                            const Zeros& zeros) {
  for (; bytes >= 3 * Stride; bytes -= 3 * Stride, p += 3 * Stride) {
    uint64_t a = crc, b = 0, c = 0;
    for (size_t i = 0; i < Stride; i += 8) {
      a = step64(a, load64(p + i));
      b = step64(b, load64(p + i + Stride));
      c = step64(c, load64(p + i + 2 * Stride));
    }
    crc = shiftOver(zeros, uint32_t(a)) ^ uint32_t(b);
    crc = shiftOver(zeros, crc) ^ uint32_t(c);
  }
  return crc;
}

IIO_CRC_TARGET uint32_t rawHardware(uint32_t crc, const uint8_t* p, size_t bytes) {
  crc = threeStreams<kLong>(crc, p, bytes, kLongZeros);
  crc = threeStreams<kShort>(crc, p, bytes, kShortZeros);
  uint64_t wide = crc;
  for (; bytes >= 8; bytes -= 8, p += 8) wide = step64(wide, load64(p));
  crc = uint32_t(wide);
  for (; bytes; --bytes, ++p) crc = step8(crc, *p);
  return crc;
}

// The least of a few times over one page.
template <typename Raw>
std::chrono::nanoseconds timeOf(Raw raw) {
  static constexpr std::array<uint8_t, 4096> kPage{};
  auto least = std::chrono::nanoseconds::max();
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    [[maybe_unused]] volatile uint32_t crc = raw(1, kPage.data(), kPage.size());
    least = std::min<std::chrono::nanoseconds>(least, std::chrono::steady_clock::now() - start);
  }
  return least;
}

// Measured, for an emulator's instruction goes bit by bit: several times slower than the tables.
const auto kRaw = offered() && timeOf(rawHardware) <= timeOf(rawTable) ? rawHardware : rawTable;
#else
const auto kRaw = rawTable;
#endif

// Polynomials modulo that of the CRC, bit 31 being x⁰: what a CRC becomes when so many zeros follow
// is its product with a power of x.
constexpr uint32_t kOne = uint32_t{1} << 31;

constexpr uint32_t times(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = kOne; bit; bit >>= 1) {
    if (a & bit) product ^= b;
    b = (b >> 1) ^ (b & 1 ? kPolynomial : 0);
  }
  return product;
}

constexpr auto kSquares = [] {  // x to the power of 8 × 2^k
  std::array<uint32_t, 64> powers{};
  powers[0] = kOne >> 8;
  for (size_t k = 1; k < powers.size(); ++k) powers[k] = times(powers[k - 1], powers[k - 1]);
  return powers;
}();

uint32_t powerOfBytes(uint64_t bytes) {
  uint32_t power = kOne;
  for (size_t k = 0; bytes; ++k, bytes >>= 1)
    if (bytes & 1) power = times(kSquares[k], power);
  return power;
}

}  // namespace

uint32_t crc32cJoin(uint32_t a, uint32_t b, uint64_t bytesOfB) noexcept {
  thread_local uint64_t lastBytes = 0;
  thread_local uint32_t lastPower = kOne;
  if (bytesOfB != lastBytes) {
    lastBytes = bytesOfB;
    lastPower = powerOfBytes(bytesOfB);
  }
  return times(lastPower, a) ^ b;
}

uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) noexcept {
  return ~kRaw(~crc, static_cast<const uint8_t*>(data), bytes);
}

uint32_t crc32cTable(uint32_t crc, const void* data, size_t bytes) noexcept {
  return ~rawTable(~crc, static_cast<const uint8_t*>(data), bytes);
}

}  // namespace iio
