#include "pool.h"

#include <stdexcept>
#include <string>

namespace iio {

namespace {

uint32_t checkedCount(uint32_t blockCount, uint32_t queueDepth) {
  if (blockCount < 2 || queueDepth < 1 || queueDepth >= blockCount)
    throw std::invalid_argument(
        "a pool needs two blocks or more and a queue depth below their number");
  return blockCount;
}

}  // namespace

Pool::Pool(uint32_t blockCount, uint32_t queueDepth)
    : entries_(checkedCount(blockCount, queueDepth)),
      shown_(blockCount, static_cast<uint8_t>(BlockShown::Idle)),
      queueDepth_(queueDepth),
      links_(blockCount),
      history_(blockCount) {
  for (BlockIndex i = 0; i < blockCount; ++i) idle_.pushBack(links_, i);
}

Pool::Entry& Pool::expect(BlockIndex block, BlockState state, const char* what) {
  if (block >= entries_.size() || entries_[block].state != state)
    throw std::logic_error(std::string("pool: ") + what + " of block " + std::to_string(block));
  return entries_[block];
}

void Pool::leave(BlockIndex block) {
  switch (entries_[block].state) {
    case BlockState::Idle:
      return idle_.remove(links_, block);
    case BlockState::Queued:
      return queue_.remove(links_, block);
    case BlockState::Readable:
      return history_.remove(block);
    case BlockState::Failed:
      return;
  }
}

void Pool::enter(BlockIndex block, BlockState state) {
  leave(block);
  entries_[block].state = state;
  if (state == BlockState::Idle) idle_.pushBack(links_, block);
  if (state == BlockState::Queued) queue_.pushBack(links_, block);
  if (state == BlockState::Readable) history_.append(block);
  show(block);
}

void Pool::show(BlockIndex block) {
  const Entry& entry = entries_[block];
  BlockShown shown = entry.leases != 0 ? BlockShown::Held : BlockShown::History;
  if (entry.state == BlockState::Idle) shown = BlockShown::Idle;
  if (entry.state == BlockState::Queued) shown = BlockShown::Queued;
  if (entry.state == BlockState::Failed) shown = BlockShown::Failed;
  shown_[block] = static_cast<uint8_t>(shown);
}

BlockIndex Pool::next() const { return idle_.size() != 0 ? idle_.front() : history_.candidate(); }

BlockIndex Pool::overrunVictim() const { return history_.newestUnleased(); }

void Pool::queued(BlockIndex block) {
  if (block < entries_.size() && entries_[block].state == BlockState::Readable) {
    if (entries_[block].leases != 0)
      throw std::logic_error("pool: a leased block cannot be queued");
  } else {
    expect(block, BlockState::Idle, "enqueue");
  }
  enter(block, BlockState::Queued);
}

void Pool::completed(BlockIndex block) {
  expect(block, BlockState::Queued, "completion");
  if (queue_.front() != block)
    throw std::logic_error("pool: completion out of the order of enqueue");
  enter(block, BlockState::Readable);
}

void Pool::failed(BlockIndex block) {
  expect(block, BlockState::Queued, "failure");
  enter(block, BlockState::Failed);
}

void Pool::recovered(BlockIndex block) {
  expect(block, BlockState::Failed, "recovery");
  enter(block, BlockState::Idle);
}

void Pool::aborted(BlockIndex block) {
  expect(block, BlockState::Queued, "abort");
  enter(block, BlockState::Idle);
}

void Pool::lease(BlockIndex block) {
  if (expect(block, BlockState::Readable, "lease").leases++ == 0) {
    history_.hold(block, true);
    show(block);
  }
  ++leasesHeld_;
}

void Pool::release(BlockIndex block) {
  Entry& entry = expect(block, BlockState::Readable, "release");
  if (entry.leases == 0) throw std::logic_error("pool: release without a lease");
  if (--entry.leases == 0) {
    history_.hold(block, false);
    show(block);
  }
  --leasesHeld_;
}

PinId Pool::pin(BlockIndex from, BlockIndex to) {
  if (from == kNoBlock || to == kNoBlock) return nextPin_++;
  expect(from, BlockState::Readable, "pin");
  expect(to, BlockState::Readable, "pin");
  history_.pin(nextPin_, from, to);
  return nextPin_++;
}

void Pool::unpin(PinId pin) { history_.unpin(pin); }

std::vector<BlockIndex> Pool::pinned(PinId pin) const { return history_.pinned(pin); }

uint32_t Pool::blockCount() const { return static_cast<uint32_t>(entries_.size()); }
uint32_t Pool::queueDepth() const { return queueDepth_; }
uint32_t Pool::queuedCount() const { return queue_.size(); }
uint32_t Pool::queueDeficit() const {
  return queue_.size() >= queueDepth_ ? 0 : queueDepth_ - queue_.size();
}
BlockState Pool::state(BlockIndex block) const { return entries_.at(block).state; }
uint32_t Pool::leases(BlockIndex block) const { return entries_.at(block).leases; }
uint64_t Pool::leasesHeld() const { return leasesHeld_; }
bool Pool::isPinned(BlockIndex block) const {
  return entries_.at(block).state == BlockState::Readable && history_.isPinned(block);
}
BlockIndex Pool::oldestQueued() const { return queue_.front(); }
std::vector<BlockIndex> Pool::queue() const { return queue_.all(links_); }
const PoolHistory& Pool::history() const { return history_; }

std::vector<BlockIndex> Pool::readable() const {
  std::vector<BlockIndex> out;
  out.reserve(history_.size());
  for (BlockIndex i = history_.oldest(); i != kNoBlock; i = history_.newer(i)) out.push_back(i);
  return out;
}

void Pool::shown(std::vector<uint8_t>& out) const {
  out = shown_;
  history_.eachPinned([&](BlockIndex block) {
    if (entries_[block].leases == 0) out[block] = static_cast<uint8_t>(BlockShown::Pinned);
  });
  if (queue_.size() != 0) out[queue_.front()] = static_cast<uint8_t>(BlockShown::Active);
}

}  // namespace iio
