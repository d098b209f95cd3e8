// CounterTrack: loss by elements whose samples together, lowest first, count scans. Exact modulo
// 2^bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "block.h"
#include "continuity-gap.h"
#include "layout.h"

namespace iio {

class CounterTrack {
 public:
  CounterTrack(const ScanLayout& layout, const std::vector<uint32_t>& elements);

  // False once the samples were seen not to count (a jump at more than one scan in eight, or at
  // most of the first ones): no loss comes from it then.
  bool usable() const { return usable_; }
  // Jumps between the scans of one block, in order; first against last, and a bisection only if
  // they disagree.
  std::vector<Jump> inside(const std::byte* data, uint32_t scans);
  // Loss between the last delivered scan and the first of `data`. Of the values that are equal
  // modulo 2^bits the one that fits best what else is known of it.
  Gap before(const std::byte* data, const PendingLoss& pending);
  void advance(const std::byte* data, uint32_t scans);

 private:
  struct Part {
    ScanElement element;
    uint16_t position;  // of its lowest bit in the counter
  };
  uint64_t value(const std::byte* data, uint32_t scan) const;
  void search(const std::byte* data, uint32_t a, uint64_t va, uint32_t b, uint64_t vb,
              std::vector<Jump>& out);
  Gap lossOf(uint64_t step) const;
  Gap choose(int64_t smallest, const PendingLoss& pending) const;
  bool countJump();

  std::vector<Part> parts_;
  uint32_t scanBytes_ = 0;
  uint16_t bits_ = 0;
  uint64_t mask_ = 0;
  bool usable_ = true;
  bool hasLast_ = false;
  uint64_t last_ = 0;
  uint64_t jumps_ = 0, scansSeen_ = 0;
};

}  // namespace iio
