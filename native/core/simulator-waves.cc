#include "simulator-waves.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace iio {

namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr uint32_t kNoiseValues = 65536;
constexpr uint32_t kTableBits = 12;

__extension__ using Wide = unsigned __int128;

// Gaussian noise of rms 1. Each chunk of each element reads it from a place of its own.
template <typename Real>
const std::vector<Real>& noiseTable() {
  static const std::vector<Real> table = [] {
    std::vector<Real> values(kNoiseValues + kChunkScans);
    std::mt19937_64 random(20240711);
    std::normal_distribution<double> gauss;
    for (Real& value : values) value = static_cast<Real>(gauss(random));
    return values;
  }();
  return table;
}

// One cycle of a sine and its first value again; read with linear interpolation the error is 3e-7.
template <typename Real>
const std::vector<Real>& sineTable() {
  static const std::vector<Real> table = [] {
    std::vector<Real> values((1u << kTableBits) + 1);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<Real>(std::sin(kTurn * static_cast<double>(i) / (1u << kTableBits)));
    return values;
  }();
  return table;
}

uint64_t mix(uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

double cyclesOf(uint64_t phase) { return std::ldexp(static_cast<double>(phase), -64); }

// Top half of a phase: enough within a chunk, and twice as many fit a vector.
uint32_t upper(uint64_t phase) { return static_cast<uint32_t>(phase >> 32); }

}  // namespace

uint64_t phaseOf(double cycles) {
  double fraction = cycles - std::floor(cycles);
  return fraction >= 1 ? 0 : static_cast<uint64_t>(std::ldexp(fraction, 64));
}

template <typename Real>
Wave<Real>::Wave(const SimulatedElement& element, double rateHz, uint64_t seed, uint32_t index)
    : element_(element),
      seed_(mix(seed ^ mix(index))),
      increment_(phaseOf(element.frequencyHz / rateHz)),
      start_(phaseOf(element.phase)),
      sigma_(static_cast<Real>(element.waveform == Waveform::Noise
                                   ? std::hypot(element.amplitude, element.noise)
                                   : element.noise)) {
  if (element.waveform == Waveform::Sine) {
    for (uint32_t j = 0; j < kChunkScans; ++j) {
      double angle = kTurn * cyclesOf(increment_ * j);
      cosine_.push_back(static_cast<Real>(std::cos(angle)));
      sine_.push_back(static_cast<Real>(std::sin(angle)));
    }
  }
  if (element.waveform == Waveform::Sweep) {
    double scans = std::max(1.0, std::round(element.sweepSeconds * rateHz));
    sweepScans_ = static_cast<uint64_t>(scans);
    double growth = (element.frequencyEndHz - element.frequencyHz) / rateHz / scans;
    sweepStep_ = static_cast<int64_t>(std::ldexp(std::clamp(growth, -0.49, 0.49), 64));
  }
}

template <typename Real>
void Wave<Real>::values(Real* out, uint64_t chunk, uint32_t from, uint32_t count) const {
  uint64_t scan = chunk * kChunkScans;
  uint64_t phase = start_ + increment_ * scan;
  switch (element_.waveform) {
    case Waveform::Sine:
      sine(out, phase, from, count);
      break;
    case Waveform::Square:
      square(out, phase, from, count);
      break;
    case Waveform::Triangle:
      triangle(out, phase, from, count);
      break;
    case Waveform::Sweep:
      sweep(out, scan + from, count);
      break;
    case Waveform::Pulses:
      pulses(out, scan + from, count);
      break;
    default:
      std::fill(out, out + count, static_cast<Real>(element_.offset));
  }
  if (sigma_ > 0) addNoise(out, chunk, from, count);
}

// sin(a + b) = sin a cos b + cos a sin b, with a of the chunk and b from the tables.
template <typename Real>
void Wave<Real>::sine(Real* out, uint64_t phase, uint32_t from, uint32_t count) const {
  double angle = kTurn * cyclesOf(phase);
  const auto onCosine = static_cast<Real>(element_.amplitude * std::sin(angle));
  const auto onSine = static_cast<Real>(element_.amplitude * std::cos(angle));
  const auto offset = static_cast<Real>(element_.offset);
  const Real* c = cosine_.data() + from;
  const Real* s = sine_.data() + from;
  for (uint32_t j = 0; j < count; ++j) out[j] = offset + onCosine * c[j] + onSine * s[j];
}

template <typename Real>
void Wave<Real>::square(Real* out, uint64_t phase, uint32_t from, uint32_t count) const {
  const uint32_t first = upper(phase), step = upper(increment_);
  const auto width = static_cast<uint32_t>(std::clamp(element_.duty, 0.0, 1.0) * UINT32_MAX);
  const auto high = static_cast<Real>(element_.offset + element_.amplitude);
  const auto low = static_cast<Real>(element_.offset - element_.amplitude);
  for (uint32_t j = 0; j < count; ++j) out[j] = first + (from + j) * step < width ? high : low;
}

// As a sine: 0 and rising at phase 0.
template <typename Real>
void Wave<Real>::triangle(Real* out, uint64_t phase, uint32_t from, uint32_t count) const {
  const uint32_t first = upper(phase) + (1u << 30) - (1u << 31), step = upper(increment_);
  const auto top = static_cast<Real>(element_.offset + element_.amplitude);
  const auto slope = static_cast<Real>(std::ldexp(4 * element_.amplitude, -32));
  for (uint32_t j = 0; j < count; ++j) {
    auto centred = static_cast<Real>(static_cast<int32_t>(first + (from + j) * step));
    out[j] = top - slope * (centred < 0 ? -centred : centred);
  }
}

// From frequency to frequencyEnd in sweepSeconds, then again. The phase is a quadratic in whole
// numbers.
template <typename Real>
void Wave<Real>::sweep(Real* out, uint64_t scan, uint32_t count) const {
  const Real* table = sineTable<Real>().data();
  const auto amplitude = static_cast<Real>(element_.amplitude),
             offset = static_cast<Real>(element_.offset);
  uint64_t at = scan % sweepScans_;
  const auto growth = static_cast<uint64_t>(sweepStep_);
  const uint64_t begin =
      increment_ + static_cast<uint64_t>(sweepStep_ / 2);  // f t + g t² / 2, not g t (t - 1) / 2
  const auto triangular = at == 0 ? 0 : static_cast<uint64_t>(Wide(at) * (at - 1) / 2);
  uint64_t phase = start_ + begin * at + growth * triangular;
  uint64_t step = begin + growth * at;
  for (uint32_t j = 0; j < count; ++j) {
    const Real* near = table + (phase >> (64 - kTableBits));
    auto fraction = static_cast<Real>(static_cast<int32_t>(phase >> (40 - kTableBits) & 0xFFFFFF)) *
                    Real(0x1p-24);
    out[j] = offset + amplitude * (near[0] + (near[1] - near[0]) * fraction);
    phase += step;
    step += growth;
    if (++at == sweepScans_) {
      at = 0;
      phase = start_;
      step = begin;
    }
  }
}

// Pulses from the offset up by the amplitude, for `duty` of each cycle. One in `glitchEvery` is
// three times as high and an eighth as long. None falls between two scans.
template <typename Real>
void Wave<Real>::pulses(Real* out, uint64_t scan, uint32_t count) const {
  const Wide whole = Wide(increment_) * scan + start_;
  auto cycle = static_cast<uint64_t>(whole >> 64), phase = static_cast<uint64_t>(whole);
  const double duty = std::clamp(element_.duty, 0.0, 1.0);
  auto width = [&](double share) {
    return std::max(increment_,
                    share >= 1 ? UINT64_MAX : static_cast<uint64_t>(std::ldexp(share, 64)));
  };
  const uint64_t usualWidth = width(duty), glitchWidth = width(duty / 8);
  const auto base = static_cast<Real>(element_.offset);
  const auto usual = static_cast<Real>(element_.offset + element_.amplitude);
  const auto glitch = static_cast<Real>(element_.offset + 3 * element_.amplitude);
  auto isGlitch = [&] {
    return element_.glitchEvery != 0 && (cycle + 1) % element_.glitchEvery == 0;
  };
  bool odd = isGlitch();
  for (uint32_t j = 0; j < count; ++j) {
    Real high = odd ? glitch : usual;
    out[j] = phase < (odd ? glitchWidth : usualWidth) ? high : base;
    phase += increment_;
    if (phase >= increment_) continue;
    ++cycle;
    odd = isGlitch();
  }
}

template <typename Real>
void Wave<Real>::addNoise(Real* out, uint64_t chunk, uint32_t from, uint32_t count) const {
  const Real* noise = noiseTable<Real>().data() + mix(seed_ ^ chunk) % kNoiseValues + from;
  const Real sigma = sigma_;
  for (uint32_t j = 0; j < count; ++j) out[j] += sigma * noise[j];
}

template class Wave<float>;
template class Wave<double>;

}  // namespace iio
