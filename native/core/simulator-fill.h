// ScanFiller: writes simulated scans of any layout (widths, shifts, endianness, repeats). Immutable
// once made, so that new waveforms replace it as a whole.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "simulator.h"

namespace iio {

// One element of the scan.
class ElementFiller {
 public:
  virtual ~ElementFiller() = default;
  // `scan`: start of scan `chunk` × kChunkScans + `from`; `count` of them, `stride` bytes apart.
  virtual void fill(std::byte* scan, size_t stride, uint64_t chunk, uint32_t from, uint32_t count,
                    int64_t realtimeNs) const = 0;
};

class ScanFiller {
 public:
  // One SimulatedElement for each element of the layout; throws CoreError otherwise.
  ScanFiller(const ScanLayout& layout, const std::vector<SimulatedElement>& elements, double rateHz,
             uint64_t seed);

  // Scans `first` … first + count into `out`. `realtimeNs`: CLOCK_REALTIME when scan 0 began.
  void fill(std::byte* out, int64_t first, uint32_t count, int64_t realtimeNs) const;

 private:
  uint32_t scanBytes_;
  std::vector<std::unique_ptr<ElementFiller>> elements_;
};

}  // namespace iio
