#include "pool-history.h"

#include <algorithm>

namespace iio {

PoolHistory::PoolHistory(uint32_t blockCount)
    : blocks_(size_t{2} * blockCount),
      slotOf_(blockCount),
      present_(2 * blockCount),
      unleased_(2 * blockCount),
      broken_(2 * blockCount) {}

void PoolHistory::append(BlockIndex block) {
  if (end_ == blocks_.size()) moveTogether();
  const uint32_t slot = end_++;
  blocks_[slot] = block;
  slotOf_[block] = slot;
  present_.set(slot);
  unleased_.set(slot);
  if (breakNext_) broken_.set(slot);
  breakNext_ = false;
  ++size_;
}

void PoolHistory::remove(BlockIndex block) {
  const uint32_t slot = slotOf_[block];
  present_.clear(slot);
  unleased_.clear(slot);
  --size_;
  const uint32_t next = present_.firstFrom(slot + 1);
  if (next != BitTree::kNone)
    broken_.set(next);
  else if (broken_.test(slot))
    breakNext_ = true;
  broken_.clear(slot);
}

void PoolHistory::hold(BlockIndex block, bool leased) {
  if (leased)
    unleased_.clear(slotOf_[block]);
  else
    unleased_.set(slotOf_[block]);
}

BlockIndex PoolHistory::candidate() const {
  const uint32_t newest = present_.lastBefore(end_);
  if (newest == BitTree::kNone) return kNoBlock;
  for (uint32_t from = 0;;) {
    const uint32_t slot = unleased_.firstFrom(from);
    if (slot >= newest) break;
    const Span* pinned = spanOf(slot);
    if (!pinned) return blocks_[slot];
    from = pinned->to;
  }
  for (const Span& span : byAge_) {
    const uint32_t slot = unleased_.firstFrom(span.from);
    if (slot < span.to && slot < newest) return blocks_[slot];
  }
  return kNoBlock;
}

BlockIndex PoolHistory::runStart(BlockIndex block) const {
  const uint32_t slot = broken_.lastBefore(slotOf_[block] + 1);
  return slot == BitTree::kNone ? oldest() : blocks_[slot];
}

void PoolHistory::pin(PinId pin, BlockIndex from, BlockIndex to) {
  pins_[pin] = {slotOf_[from], slotOf_[to] + 1, pin};
  arrangePins();
}

void PoolHistory::unpin(PinId pin) {
  if (pins_.erase(pin) != 0) arrangePins();
}

std::vector<BlockIndex> PoolHistory::pinned(PinId pin) const {
  std::vector<BlockIndex> out;
  const auto found = pins_.find(pin);
  if (found == pins_.end()) return out;
  const Span& span = found->second;
  for (uint32_t s = present_.firstFrom(span.from); s < span.to; s = present_.firstFrom(s + 1))
    out.push_back(blocks_[s]);
  return out;
}

bool PoolHistory::isPinned(BlockIndex block) const { return spanOf(slotOf_[block]) != nullptr; }

const PoolHistory::Span* PoolHistory::spanOf(uint32_t slot) const {
  const auto after = std::partition_point(spans_.begin(), spans_.end(),
                                          [=](const Span& span) { return span.to <= slot; });
  return after != spans_.end() && after->from <= slot ? &*after : nullptr;
}

// Cuts what the pins cover where one of them begins or ends: each piece belongs to its newest pin.
void PoolHistory::arrangePins() {
  std::vector<uint32_t> cuts;
  for (const auto& [pin, span] : pins_) cuts.insert(cuts.end(), {span.from, span.to});
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  spans_.clear();
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    Span piece{cuts[i], cuts[i + 1], 0};
    for (const auto& [pin, span] : pins_)  // ascending: the newest comes last
      if (span.from <= piece.from && piece.to <= span.to) piece.newest = pin;
    if (piece.newest != 0) spans_.push_back(piece);
  }
  byAge_ = spans_;
  std::stable_sort(byAge_.begin(), byAge_.end(),
                   [](const Span& a, const Span& b) { return a.newest < b.newest; });
}

void PoolHistory::moveTogether() {
  std::vector<uint32_t> before(size_t{end_} + 1);  // of each slot: blocks before it
  std::vector<bool> free(size_), broken(size_);
  uint32_t to = 0;
  for (uint32_t slot = 0; slot < end_; ++slot) {
    before[slot] = to;
    if (!present_.test(slot)) continue;
    free[to] = unleased_.test(slot);
    broken[to] = broken_.test(slot);
    blocks_[to] = blocks_[slot];
    slotOf_[blocks_[to]] = to;
    ++to;
  }
  before[end_] = to;
  present_.reset();
  unleased_.reset();
  broken_.reset();
  for (uint32_t slot = 0; slot < to; ++slot) {
    present_.set(slot);
    if (free[slot]) unleased_.set(slot);
    if (broken[slot]) broken_.set(slot);
  }
  end_ = to;
  for (auto& [pin, span] : pins_) span = {before[span.from], before[span.to], pin};
  arrangePins();
}

}  // namespace iio
