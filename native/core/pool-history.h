// The readable blocks of a pool in the order of their completion, with what holds them: every
// question costs a few steps, however many blocks there are and however many of them are held.
// Values only, as the pool itself.
//
// Blocks lie in slots of ascending age, with holes where one has left; when the slots are used up,
// the blocks move together. There are two slots for each block, so that happens once in as many
// completions as there are blocks, or less often.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "bit-tree.h"
#include "block.h"

namespace iio {

using PinId = uint32_t;

class PoolHistory {
 public:
  explicit PoolHistory(uint32_t blockCount);

  void append(BlockIndex block);  // as the newest, without a claim
  void remove(BlockIndex block);
  void hold(BlockIndex block, bool leased);

  uint32_t size() const { return size_; }
  // kNoBlock where there is none.
  BlockIndex oldest() const { return at(present_.firstFrom(0)); }
  BlockIndex newest() const { return at(present_.lastBefore(end_)); }
  BlockIndex newer(BlockIndex than) const { return at(present_.firstFrom(slotOf_[than] + 1)); }
  BlockIndex older(BlockIndex than) const { return at(present_.lastBefore(slotOf_[than])); }
  BlockIndex newestUnleased() const { return at(unleased_.lastBefore(end_)); }
  // What may be given away, save the newest: without a claim the oldest, else what only pins hold.
  BlockIndex candidate() const;
  // The oldest from which on none is missing up to `block`. One that left while it was the newest
  // is not missing: nobody has seen it.
  BlockIndex runStart(BlockIndex block) const;
  // The oldest for which `reached` is true, as it must be for all that are newer then.
  template <class Reached>
  BlockIndex firstWhere(Reached reached) const;

  // Holds what lies from `from` to `to` now.
  void pin(PinId pin, BlockIndex from, BlockIndex to);
  void unpin(PinId pin);
  std::vector<BlockIndex> pinned(PinId pin) const;
  bool isPinned(BlockIndex block) const;
  template <class Use>
  void eachPinned(Use use) const;

 private:
  struct Span {
    uint32_t from = 0, to = 0;  // slots [from, to)
    PinId newest = 0;           // of the pins on them
  };
  BlockIndex at(uint32_t slot) const { return slot == BitTree::kNone ? kNoBlock : blocks_[slot]; }
  void moveTogether();
  void arrangePins();
  const Span* spanOf(uint32_t slot) const;

  std::vector<BlockIndex> blocks_;  // of each slot, once it was used
  std::vector<uint32_t> slotOf_;    // of each block
  uint32_t end_ = 0, size_ = 0;     // slots used; blocks there
  BitTree present_, unleased_;
  BitTree broken_;  // slots before which a block is missing
  bool breakNext_ = false;
  std::map<PinId, Span> pins_;
  std::vector<Span> spans_;  // of all pins: apart from one another, by slot
  std::vector<Span> byAge_;  // the same, the oldest pins' first
};

template <class Reached>
BlockIndex PoolHistory::firstWhere(Reached reached) const {
  BlockIndex found = kNoBlock;
  for (uint32_t low = 0, high = end_; low < high;) {
    const uint32_t middle = low + (high - low) / 2;
    const uint32_t slot = present_.firstFrom(middle);
    if (slot >= high) {
      high = middle;
    } else if (reached(blocks_[slot])) {
      found = blocks_[slot];
      high = middle;
    } else {
      low = slot + 1;
    }
  }
  return found;
}

template <class Use>
void PoolHistory::eachPinned(Use use) const {
  for (const Span& span : spans_)
    for (uint32_t s = present_.firstFrom(span.from); s < span.to; s = present_.firstFrom(s + 1))
      use(blocks_[s]);
}

}  // namespace iio
