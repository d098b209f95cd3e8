// Vector code chosen at run time. The kernels are written once with GCC's vector extensions
// (simd-kernel.h) and compiled for each path; the baseline is what the compiler takes for the
// machine's minimum (SSE2, NEON, or scalar code).
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace iio {

enum class VectorPath : uint8_t { Baseline, Avx2, Avx512bw };

VectorPath vectorPath();
// `avx512bw`, `avx2` or `baseline`.
const char* vectorPathName();
// For tests and benches: false if this machine can't run it.
bool useVectorPath(VectorPath path);

// What a plan's words need: nothing, only their sign bit turned (unsigned ones of full width), or
// all of it.
enum class Keys : uint8_t { Plain, Flipped, Transformed };

// How each word of a scan is brought into a key that compares as a signed number of its own width:
// swapped if big-endian, then ((word × factor) & mask) ^ flip. Entries repeat with the words of a
// scan, planEntries() in all, so that a vector may start at any word. T is int8_t, int16_t, int32_t
// or int64_t; of floats (float, double) only `swap` is used.
template <typename T>
struct WordPlan {
  using Bits = std::conditional_t<
      sizeof(T) == 1, uint8_t,
      std::conditional_t<sizeof(T) == 2, uint16_t,
                         std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;
  size_t words = 0;  // of one scan
  Keys keys = Keys::Plain;
  bool swapped = false;                        // any word swapped
  std::vector<Bits> factor, mask, flip, swap;  // swap: all ones to swap
};

// Entries that the lists of a plan must have.
// A plan longer than this is not for vectors: very many words that fit no vector evenly.
inline constexpr size_t kPlanEntriesLimit = 2048;
size_t planEntries(size_t words, size_t wordBytes);

// Least and greatest key of every word of a scan, for `records` runs of 256 scans each: `minimum`
// and `maximum` are [records][words]. A float word that held no number gives +inf as minimum and
// -inf as maximum; `nan` (same shape, floats only) is set to 1 in words that held a NaN and to 0 in
// others.
template <typename T>
void minMaxWords(const WordPlan<T>& plan, const std::byte* data, size_t records, T* minimum,
                 T* maximum, uint8_t* nan);

// Magnitude or phase of `count` pairs: see pyramid-derived.h. Least and greatest, and whether there
// was a NaN.
struct PairBounds {
  double minimum, maximum;
  bool nan;
};
PairBounds powerBounds(const double* i, const double* q, size_t count);
PairBounds diamondBounds(const double* i, const double* q, size_t count);

}  // namespace iio
