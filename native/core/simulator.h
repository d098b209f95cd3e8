// The simulator as a Transport: behaves as hardware does. The clock runs on, and what no block was
// queued for is lost and counted exactly; at `max` it waits for free blocks and loses nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "layout.h"
#include "transport.h"

namespace iio {

enum class Waveform : uint8_t {
  Sine,
  Square,
  Triangle,
  Sweep,
  Noise,
  Pulses,
  Counter,
  Timestamp,
  Constant
};

struct SimulatedElement {
  Waveform waveform = Waveform::Sine;
  double frequencyHz = 0, frequencyEndHz = 0, sweepSeconds = 0;
  double amplitude = 0, offset = 0, noise = 0;  // raw counts
  double phase = 0, duty = 0.5;                 // cycles
  uint32_t glitchEvery = 0;
};

enum class SimulatedFault : uint8_t { None, Stall, LostBlocks, TransferError, Vanish };

struct SimulatorSpec {
  ScanLayout layout;
  std::vector<SimulatedElement> elements;  // one per layout element
  double rateHz = 0;
  bool max = false;
  uint64_t seed = 1;
};

class Simulator : public Transport {
 public:
  using Transport::fault;
  static std::unique_ptr<Simulator> create(SimulatorSpec spec);  // throws CoreError
  // From any thread; take effect with the next block.
  virtual void setElements(std::vector<SimulatedElement> elements) = 0;
  virtual void fault(SimulatedFault fault) = 0;
};

}  // namespace iio
