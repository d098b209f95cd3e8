// CounterTrack: loss by elements whose samples together, lowest first, count scans.
//
// A counter tells a loss modulo 2^bits, a turn. Which of the values that are equal by that it was,
// is for the transport's bounds to say, and without them for the time: what there was no time for
// was not lost. If more than one value is left, the loss is estimated. A counter of 32 bits and
// more does not turn within a gap as far as no rate says otherwise.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "block.h"
#include "continuity-gap.h"
#include "decode.h"
#include "layout.h"

namespace iio {

class CounterTrack {
 public:
  CounterTrack(const ScanLayout& layout, const std::vector<uint32_t>& elements);

  // False once the samples were seen not to count (a jump at more than one scan in eight, or at
  // most of the first ones): no loss comes from it then.
  bool usable() const { return usable_; }
  // False once whole turns may have been lost that the counter can't show.
  bool sure() const { return sure_; }
  // Jumps between the scans of one block, in order; first against last, and a bisection only if
  // they disagree.
  std::vector<Jump> inside(const std::byte* data, uint32_t scans, const PendingLoss& pending);
  // Loss between the last delivered scan and the first of `data`: of the values that are possible
  // the one that fits best what else is known of it. `pending.room` is less what inside() found.
  Gap before(const std::byte* data, const PendingLoss& pending);
  void advance(const std::byte* data, uint32_t scans);

 private:
  struct Part {
    ValueFormat format;
    uint16_t position;  // of its lowest bit in the counter
  };
  uint64_t value(const std::byte* data, uint32_t scan) const;
  void search(const std::byte* data, uint32_t a, uint64_t va, uint32_t b, uint64_t vb,
              std::vector<Jump>& out);
  Gap lossOf(uint64_t step) const;
  Gap choose(int64_t smallest, const PendingLoss& pending) const;
  int64_t most(int64_t smallest, int64_t room) const;
  bool countJump();

  std::vector<Part> parts_;
  uint32_t scanBytes_ = 0;
  uint16_t bits_ = 0;
  uint64_t mask_ = 0;
  bool usable_ = true, sure_ = true;
  bool hasLast_ = false;
  uint64_t last_ = 0;
  uint64_t jumps_ = 0, scansSeen_ = 0;
};

}  // namespace iio
