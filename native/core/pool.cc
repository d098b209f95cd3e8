#include "pool.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace iio {

namespace {

void drop(std::deque<BlockIndex>& from, BlockIndex block) {
  // Nearly always the front: completion, re-queueing and start all take the oldest.
  from.erase(std::find(from.begin(), from.end(), block));
}

}  // namespace

Pool::Pool(uint32_t blockCount, uint32_t queueDepth)
    : entries_(blockCount), queueDepth_(queueDepth) {
  if (blockCount < 2 || queueDepth < 1 || queueDepth >= blockCount)
    throw std::invalid_argument(
        "a pool needs two blocks or more and a queue depth below their number");
  for (BlockIndex i = 0; i < blockCount; ++i) idle_.push_back(i);
}

Pool::Entry& Pool::expect(BlockIndex block, BlockState state, const char* what) {
  if (block >= entries_.size() || entries_[block].state != state)
    throw std::logic_error(std::string("pool: ") + what + " of block " + std::to_string(block));
  return entries_[block];
}

BlockIndex Pool::next() const {
  if (!idle_.empty()) return idle_.front();
  for (size_t i = 0; i + 1 < readable_.size(); ++i) {
    const Entry& entry = entries_[readable_[i]];
    if (entry.leases == 0 && entry.pins == 0) return readable_[i];
  }
  return revocable();
}

BlockIndex Pool::revocable() const {
  if (pins_.empty()) return kNoBlock;
  std::vector<PinId> newestPin(entries_.size(), 0);  // of each block; ids grow with age reversed
  for (const auto& [id, blocks] : pins_)
    for (BlockIndex block : blocks) newestPin[block] = id;
  BlockIndex best = kNoBlock;
  for (size_t i = 0; i + 1 < readable_.size(); ++i) {
    BlockIndex block = readable_[i];
    if (entries_[block].leases != 0) continue;
    if (best == kNoBlock || newestPin[block] < newestPin[best]) best = block;
  }
  return best;
}

BlockIndex Pool::overrunVictim() const {
  for (size_t i = readable_.size(); i-- > 0;)
    if (entries_[readable_[i]].leases == 0) return readable_[i];
  return kNoBlock;
}

void Pool::revokePins(BlockIndex block) {
  if (entries_[block].pins == 0) return;
  for (auto& [id, blocks] : pins_) std::erase(blocks, block);
  entries_[block].pins = 0;
}

void Pool::queued(BlockIndex block) {
  if (block < entries_.size() && entries_[block].state == BlockState::Readable) {
    Entry& entry = entries_[block];
    if (entry.leases != 0) throw std::logic_error("pool: a leased block cannot be queued");
    revokePins(block);
    drop(readable_, block);
    entry.state = BlockState::Queued;
  } else {
    expect(block, BlockState::Idle, "enqueue").state = BlockState::Queued;
    drop(idle_, block);
  }
  queue_.push_back(block);
}

void Pool::completed(BlockIndex block) {
  Entry& entry = expect(block, BlockState::Queued, "completion");
  if (queue_.front() != block)
    throw std::logic_error("pool: completion out of the order of enqueue");
  queue_.pop_front();
  entry.state = BlockState::Readable;
  readable_.push_back(block);
}

void Pool::failed(BlockIndex block) {
  expect(block, BlockState::Queued, "failure").state = BlockState::Failed;
  drop(queue_, block);
}

void Pool::recovered(BlockIndex block) {
  expect(block, BlockState::Failed, "recovery").state = BlockState::Idle;
  idle_.push_back(block);
}

void Pool::aborted(BlockIndex block) {
  expect(block, BlockState::Queued, "abort").state = BlockState::Idle;
  drop(queue_, block);
  idle_.push_back(block);
}

void Pool::lease(BlockIndex block) {
  ++expect(block, BlockState::Readable, "lease").leases;
  ++leasesHeld_;
}

void Pool::release(BlockIndex block) {
  Entry& entry = expect(block, BlockState::Readable, "release");
  if (entry.leases == 0) throw std::logic_error("pool: release without a lease");
  --entry.leases;
  --leasesHeld_;
}

PinId Pool::pin(const std::vector<BlockIndex>& blocks) {
  for (BlockIndex block : blocks) expect(block, BlockState::Readable, "pin");
  PinId id = nextPin_++;
  std::vector<BlockIndex>& held = pins_[id];
  held = blocks;
  std::sort(held.begin(), held.end());
  held.erase(std::unique(held.begin(), held.end()), held.end());
  for (BlockIndex block : held) ++entries_[block].pins;
  return id;
}

void Pool::unpin(PinId pin) {
  auto found = pins_.find(pin);
  if (found == pins_.end()) return;
  for (BlockIndex block : found->second) --entries_[block].pins;
  pins_.erase(found);
}

std::vector<BlockIndex> Pool::pinned(PinId pin) const {
  std::vector<BlockIndex> out;
  auto found = pins_.find(pin);
  if (found == pins_.end()) return out;
  const std::vector<BlockIndex>& held = found->second;
  for (BlockIndex block : readable_)
    if (std::binary_search(held.begin(), held.end(), block)) out.push_back(block);
  return out;
}

uint32_t Pool::blockCount() const { return static_cast<uint32_t>(entries_.size()); }
uint32_t Pool::queueDepth() const { return queueDepth_; }
uint32_t Pool::queuedCount() const { return static_cast<uint32_t>(queue_.size()); }
uint32_t Pool::queueDeficit() const {
  return queue_.size() >= queueDepth_ ? 0 : queueDepth_ - static_cast<uint32_t>(queue_.size());
}
BlockState Pool::state(BlockIndex block) const { return entries_.at(block).state; }
uint32_t Pool::leases(BlockIndex block) const { return entries_.at(block).leases; }
uint64_t Pool::leasesHeld() const { return leasesHeld_; }
bool Pool::isPinned(BlockIndex block) const { return entries_.at(block).pins != 0; }
BlockIndex Pool::oldestQueued() const { return queue_.empty() ? kNoBlock : queue_.front(); }
const std::deque<BlockIndex>& Pool::queue() const { return queue_; }
const std::deque<BlockIndex>& Pool::readable() const { return readable_; }

void Pool::shown(std::vector<uint8_t>& out) const {
  out.resize(entries_.size());
  for (BlockIndex i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    BlockShown shown = BlockShown::History;
    if (entry.state == BlockState::Idle)
      shown = BlockShown::Idle;
    else if (entry.state == BlockState::Failed)
      shown = BlockShown::Failed;
    else if (entry.state == BlockState::Queued)
      shown = queue_.front() == i ? BlockShown::Active : BlockShown::Queued;
    else if (entry.leases != 0)
      shown = BlockShown::Held;
    else if (entry.pins != 0)
      shown = BlockShown::Pinned;
    out[i] = static_cast<uint8_t>(shown);
  }
}

}  // namespace iio
