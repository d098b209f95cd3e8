// Transform: from scans as the hardware delivers them to what a file format can hold, in one pass.
// Values come out sign-extended, shifted to the right and little-endian, or as they are stored;
// each element `repeat` times, in the order asked for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "layout.h"
#include "recorder.h"

namespace iio {

// Bytes of one value of the element, written as this type; 8 for I64As2U32.
uint32_t outputBytes(const ScanElement& element, OutputType type);

class Transform {
 public:
  // Throws std::invalid_argument, with a sentence, for an element that is not there or a type that
  // can't hold it.
  Transform(const ScanLayout& layout, const std::vector<OutputElement>& elements);

  uint32_t scanBytes() const { return scanBytes_; }
  uint32_t outputScanBytes() const { return outputScanBytes_; }
  // `out` holds count × outputScanBytes() bytes and does not overlap `scans`. Neither needs to be
  // aligned.
  void run(const std::byte* scans, size_t count, std::byte* out) const noexcept;

  // Converts `count` values, `inStride` and `outStride` bytes apart.
  struct Shift {
    uint8_t left = 0;   // of the loaded word, to drop what is above the meaningful bits
    uint8_t right = 0;  // to bring them to the bottom, with sign or without
  };
  using Kernel = void (*)(Shift shift, const std::byte* in, size_t inStride, std::byte* out,
                          size_t outStride, size_t count);

 private:
  // Values that lie one after the other in the scan and in the output, all of one format.
  struct Run {
    Kernel kernel = nullptr;
    Shift shift;
    uint32_t inOffset = 0, inBytes = 0;
    uint32_t outOffset = 0, outBytes = 0;
    uint32_t values = 0;
  };
  void append(const Run& run);

  uint32_t scanBytes_ = 0, outputScanBytes_ = 0;
  std::vector<Run> runs_;
};

}  // namespace iio
