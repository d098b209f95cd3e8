// Wave: the values of one simulated element, in raw counts. A value depends on nothing but its
// absolute scan index (and the seed), so blocks join without a seam wherever they are cut, and a
// run can be repeated.
#pragma once
#include <cstdint>
#include <vector>

#include "simulator.h"

namespace iio {

// Values are made in chunks on the absolute grid of this many scans.
inline constexpr uint32_t kChunkScans = 1024;

// Phase in 2^-64 cycles; the fraction of `cycles` that counts.
uint64_t phaseOf(double cycles);

// Real is float where a format of 20 bits or less takes the values, else double.
template <typename Real>
class Wave {
 public:
  // `index` of the element: each has noise of its own. Counter and Timestamp are integers and not
  // made here.
  Wave(const SimulatedElement& element, double rateHz, uint64_t seed, uint32_t index);

  // Values of scans chunk × kChunkScans + from … + from + count into out[0 … count).
  void values(Real* out, uint64_t chunk, uint32_t from, uint32_t count) const;

 private:
  void sine(Real* out, uint64_t phase, uint32_t from, uint32_t count) const;
  void square(Real* out, uint64_t phase, uint32_t from, uint32_t count) const;
  void triangle(Real* out, uint64_t phase, uint32_t from, uint32_t count) const;
  void sweep(Real* out, uint64_t scan, uint32_t count) const;
  void pulses(Real* out, uint64_t scan, uint32_t count) const;
  void addNoise(Real* out, uint64_t chunk, uint32_t from, uint32_t count) const;

  SimulatedElement element_;
  uint64_t seed_;
  uint64_t increment_, start_;  // phase per scan and of scan 0
  Real sigma_;
  std::vector<Real> cosine_,
      sine_;  // of j increments: a rotation by them is the sine of any chunk, exactly
  uint64_t sweepScans_ = 1;
  int64_t sweepStep_ = 0;  // growth of the increment per scan
};

extern template class Wave<float>;
extern template class Wave<double>;

}  // namespace iio
