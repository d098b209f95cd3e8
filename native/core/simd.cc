#include "simd.h"

#include <atomic>

// Vectors cross no function boundary that is not inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace iio {
namespace {

constexpr size_t kVectorBytesLimit = 64;
constexpr size_t kPrefetchBytes = 2048;  // ahead; harmless past the end
constexpr size_t kLineBytes = 64;        // that is fetched at once

template <typename T>
struct PlanView {
  using Bits = typename WordPlan<T>::Bits;
  size_t words;
  Keys keys;
  bool swapped;
  const Bits *factor, *mask, *flip, *swap;
};

namespace baseline {
#define IIO_VECTOR_BYTES 16
#include "simd-kernel.h"
#include "simd-pairs.h"
#undef IIO_VECTOR_BYTES
}  // namespace baseline

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
#define IIO_VECTOR_BYTES 32
#include "simd-kernel.h"
#include "simd-pairs.h"
#undef IIO_VECTOR_BYTES
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512bw,avx512vl,avx512dq")
namespace avx512 {
#define IIO_VECTOR_BYTES 64
#include "simd-kernel.h"
#include "simd-pairs.h"
#undef IIO_VECTOR_BYTES
}  // namespace avx512
#pragma GCC pop_options
#endif

bool canRun(VectorPath path) {
  switch (path) {
    case VectorPath::Baseline:
      return true;
#if defined(__x86_64__)
    case VectorPath::Avx2:
      return __builtin_cpu_supports("avx2");
    case VectorPath::Avx512bw:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq");
#endif
    default:
      return false;
  }
}

VectorPath best() {
  if (canRun(VectorPath::Avx512bw)) return VectorPath::Avx512bw;
  return canRun(VectorPath::Avx2) ? VectorPath::Avx2 : VectorPath::Baseline;
}

std::atomic<VectorPath>& chosen() {
  static std::atomic<VectorPath> path{best()};
  return path;
}

}  // namespace

VectorPath vectorPath() { return chosen().load(std::memory_order_relaxed); }

const char* vectorPathName() {
  switch (vectorPath()) {
    case VectorPath::Avx512bw:
      return "avx512bw";
    case VectorPath::Avx2:
      return "avx2";
    default:
      return "baseline";
  }
}

bool useVectorPath(VectorPath path) {
  if (!canRun(path)) return false;
  chosen().store(path, std::memory_order_relaxed);
  return true;
}

size_t planEntries(size_t words, size_t wordBytes) {
  size_t common = kVectorBytesLimit / wordBytes;
  const size_t lanes = common;
  while (words % common != 0) common /= 2;
  return words / common * lanes;
}

#if defined(__x86_64__)
#define IIO_CALL(NAME, ...)               \
  switch (vectorPath()) {                 \
    case VectorPath::Avx512bw:            \
      return avx512::NAME(__VA_ARGS__);   \
    case VectorPath::Avx2:                \
      return avx2::NAME(__VA_ARGS__);     \
    default:                              \
      return baseline::NAME(__VA_ARGS__); \
  }
#else
#define IIO_CALL(NAME, ...) return baseline::NAME(__VA_ARGS__)
#endif

template <typename T>
void minMaxWords(const WordPlan<T>& plan, const std::byte* data, size_t records, T* minimum,
                 T* maximum, uint8_t* nan) {
  const PlanView<T> view{plan.words,       plan.keys,        plan.swapped,    plan.factor.data(),
                         plan.mask.data(), plan.flip.data(), plan.swap.data()};
  IIO_CALL(minMax<T>, view, data, records, minimum, maximum, nan);
}

template void minMaxWords(const WordPlan<int8_t>&, const std::byte*, size_t, int8_t*, int8_t*,
                          uint8_t*);
template void minMaxWords(const WordPlan<int16_t>&, const std::byte*, size_t, int16_t*, int16_t*,
                          uint8_t*);
template void minMaxWords(const WordPlan<int32_t>&, const std::byte*, size_t, int32_t*, int32_t*,
                          uint8_t*);
template void minMaxWords(const WordPlan<int64_t>&, const std::byte*, size_t, int64_t*, int64_t*,
                          uint8_t*);
template void minMaxWords(const WordPlan<float>&, const std::byte*, size_t, float*, float*,
                          uint8_t*);
template void minMaxWords(const WordPlan<double>&, const std::byte*, size_t, double*, double*,
                          uint8_t*);

PairBounds powerBounds(const double* i, const double* q, size_t count) {
  IIO_CALL(power, i, q, count);
}
PairBounds diamondBounds(const double* i, const double* q, size_t count) {
  IIO_CALL(diamond, i, q, count);
}

}  // namespace iio
