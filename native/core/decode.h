// Every scan format, executed: a component of an element becomes a key (a signed integer, or a
// float), a raw value or a run of them. raw = (word in its endianness >> shift) & mask(bits),
// sign-extended if signed.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "layout.h"
#include "store.h"

namespace iio {

// How keys are stored: the narrowest type that holds all of them.
enum class KeyType : uint8_t { I16, I32, I64, F32, F64 };

// One component (of `repeat`) of an element, prepared. Integers have keys that compare as signed
// numbers: key = (((word << leftShift) & mask) ^ flip) >> rightShift, arithmetic, in the word's own
// width; raw = key + bias.
struct ValueFormat {
  uint32_t offsetBytes = 0;
  uint8_t storageBytes = 2;  // 1, 2, 3, 4, 8
  uint8_t wordBits = 16;     // of the word worked in: 8, 16, 32 (24 too), 64
  uint8_t bits = 16;
  NumberKind kind = NumberKind::Signed;
  bool bigEndian = false;
  bool swap = false;  // against this machine's order
  uint8_t leftShift = 0;
  uint8_t rightShift = 0;
  uint64_t mask = 0;
  uint64_t flip = 0;
  uint64_t bias = 0;  // added modulo 2^64
  KeyType key = KeyType::I16;

  bool isFloat() const { return kind == NumberKind::Float; }
  // Raw values are unsigned and may need 64 bits.
  bool isWideUnsigned() const { return kind == NumberKind::Unsigned && bits == 64; }
  int64_t bottomKey() const { return -topKey() - 1; }
  int64_t topKey() const { return static_cast<int64_t>((uint64_t{1} << (bits - 1)) - 1); }
  // Raw value of an integer's key; exact up to 2^53, else the nearest double.
  double rawOfKey(int64_t of) const {
    const uint64_t raw = static_cast<uint64_t>(of) + bias;
    return isWideUnsigned() ? static_cast<double>(raw)
                            : static_cast<double>(static_cast<int64_t>(raw));
  }
};

// Throws CoreError (EINVAL) with a sentence if an element can't be executed or lies outside the
// scan.
void checkLayout(const ScanLayout& layout);
ValueFormat valueFormat(const ScanElement& element, uint32_t component = 0);

// Of one scan.
int64_t keyAt(const ValueFormat& format, const std::byte* scan);   // integers
double floatAt(const ValueFormat& format, const std::byte* scan);  // floats
double rawAt(const ValueFormat& format, const std::byte* scan);    // any

// Runs: one value of each of `count` scans, `strideBytes` apart.
void decodeKeys(const ValueFormat& format, const std::byte* scans, size_t strideBytes, size_t count,
                int64_t* out);  // integers
void decodeRaw(const ValueFormat& format, const std::byte* scans, size_t strideBytes, size_t count,
               double* out);
// value = (raw + offset) × scale
void decodeScaled(const ValueFormat& format, const std::byte* scans, size_t strideBytes,
                  size_t count, double offset, double scale, double* out);

// Exact samples, appended: `repeat` values a scan. `emptySamples` chooses the type.
SampleValues emptySamples(const ScanElement& element);
void appendSamples(const ScanElement& element, const std::byte* scans, size_t strideBytes,
                   size_t count, SampleValues& out);

// Bounds of a run, in key order; `nan` if a float was NaN (left out of minimum and maximum, which
// are NaN if there was nothing else). For integers the doubles are unused, for floats the keys.
struct RunBounds {
  int64_t firstKey = 0, minKey = 0, maxKey = 0, lastKey = 0;
  double first = 0, minimum = 0, maximum = 0, last = 0;
  bool nan = false;
};
RunBounds boundsOfRun(const ValueFormat& format, const std::byte* scans, size_t strideBytes,
                      size_t count);

}  // namespace iio
