// Formats live once: shared/ parses `_type` strings into these numbers; the core only executes them.
#pragma once
#include <cstdint>
#include <vector>

namespace iio {

enum class NumberKind : uint8_t { Signed, Unsigned, Float };

struct ScanElement {
  uint32_t offsetBytes = 0;   // from the start of the scan
  uint16_t storageBits = 16;  // 8, 16, 24, 32, 64
  uint16_t bits = 16;         // meaningful bits, 1 … storageBits
  uint16_t shift = 0;
  uint16_t repeat = 1;
  NumberKind kind = NumberKind::Signed;
  bool bigEndian = false;
};

struct ScanLayout {
  uint32_t scanBytes = 0;
  std::vector<ScanElement> elements;
  int timestamp = -1;  // index of the s64 timestamp element, or -1
};

}  // namespace iio
