// What the simulator's tests share: short ways to write formats and waveforms.
#pragma once
#include <cmath>
#include <cstring>
#include <numbers>

#include "continuity-sample.h"
#include "simulator.h"

namespace simulated {

using namespace iio;

inline constexpr double kTurn = 2 * std::numbers::pi;

inline ScanElement format(uint32_t offset, uint16_t storage, uint16_t bits, uint16_t shift = 0,
                          NumberKind kind = NumberKind::Signed, bool big = false,
                          uint16_t repeat = 1) {
  return {offset, storage, bits, shift, repeat, kind, big};
}

template <typename T>
inline T loadAs(const std::byte* at) {
  T word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
inline int64_t readSigned(const std::byte* scan, const ScanElement& element) {
  return iio::readSigned(scan, valueFormat(element));
}
inline uint64_t readBits(const std::byte* scan, const ScanElement& element) {
  return iio::readBits(scan, valueFormat(element));
}

inline ScanLayout one(ScanElement element) {
  ScanLayout layout;
  layout.scanBytes = element.storageBits / 8u * element.repeat;
  layout.elements = {element};
  return layout;
}

inline SimulatedElement wave(Waveform waveform, double frequencyHz, double amplitude,
                             double offset = 0) {
  SimulatedElement element;
  element.waveform = waveform;
  element.frequencyHz = frequencyHz;
  element.amplitude = amplitude;
  element.offset = offset;
  return element;
}

}  // namespace simulated
