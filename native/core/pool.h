// Pool: decides which block goes where. A plain state machine without thread, fd or clock; its
// owner holds the lock.
//
//   idle → queued → readable → queued …        queued → failed → idle
//
// Claims on readable blocks: the queue (a floor of queueDepth blocks that no other claim may
// lower), leases (a read or write in progress: short, never revoked), pins (a frozen view, a
// pre-trigger span: revocable, oldest first).
#pragma once
#include <cstdint>
#include <vector>

#include "block-list.h"
#include "block.h"
#include "pool-history.h"

namespace iio {

enum class BlockState : uint8_t { Idle, Queued, Readable, Failed };

// What the strip in the window shows; the numbers are the addon's.
enum class BlockShown : uint8_t { Idle, Queued, Active, History, Held, Pinned, Failed };

// Every member that changes a state throws std::logic_error where the state or a claim forbids the
// change, and then changes nothing. None takes longer the more blocks there are, but for those that
// answer with lists.
class Pool {
 public:
  // Throws std::invalid_argument unless 1 ≤ queueDepth < blockCount and blockCount ≥ 2.
  Pool(uint32_t blockCount, uint32_t queueDepth);

  // The block to queue next: an idle one, else the oldest readable one without lease or pin, else
  // one that only pins hold: the block whose newest pin is the oldest, and of those the oldest
  // block. kNoBlock if only leased ones are left. Never the newest readable block: what was just
  // measured must not be what is given away. The caller queues it and then calls queued(), which
  // revokes its pins.
  BlockIndex next() const;
  // Last resort when the queue is below its floor and leases hold all else: the newest readable
  // block without a lease.
  BlockIndex overrunVictim() const;
  // Idle or readable without a lease → queued; pins on it are revoked.
  void queued(BlockIndex block);
  // Oldest first: completion is in the order of enqueue; another order throws std::logic_error.
  void completed(BlockIndex block);
  // Queued → failed, in any order: a refused block may come back before older ones.
  void failed(BlockIndex block);
  void recovered(BlockIndex block);  // failed → idle, after it was detached and attached again
  void aborted(BlockIndex block);    // queued → idle, at stop

  void lease(BlockIndex block);  // readable only; counts
  void release(BlockIndex block);
  // Holds what is readable from the older to the newer of these; of kNoBlock, nothing.
  PinId pin(BlockIndex from, BlockIndex to);
  void unpin(PinId pin);  // of an unknown pin: nothing
  // Blocks of a pin that are still held (some may have been revoked), oldest first.
  std::vector<BlockIndex> pinned(PinId pin) const;

  uint32_t blockCount() const;
  uint32_t queueDepth() const;
  uint32_t queuedCount() const;
  // Number of enqueues needed to reach the floor.
  uint32_t queueDeficit() const;
  BlockState state(BlockIndex block) const;
  uint32_t leases(BlockIndex block) const;
  uint64_t leasesHeld() const;  // of all blocks
  bool isPinned(BlockIndex block) const;
  BlockIndex oldestQueued() const;              // "active in hardware", an inference
  std::vector<BlockIndex> queue() const;        // in the order of enqueue
  std::vector<BlockIndex> readable() const;     // oldest first
  const PoolHistory& history() const;           // the readable ones
  void shown(std::vector<uint8_t>& out) const;  // one BlockShown a block

 private:
  struct Entry {
    BlockState state = BlockState::Idle;
    uint32_t leases = 0;
  };
  void enter(BlockIndex block, BlockState state);
  void leave(BlockIndex block);
  void show(BlockIndex block);
  Entry& expect(BlockIndex block, BlockState state, const char* what);

  std::vector<Entry> entries_;
  std::vector<uint8_t> shown_;  // without pins and without the active one
  const uint32_t queueDepth_;
  uint64_t leasesHeld_ = 0;
  BlockLinks links_;
  BlockList idle_, queue_;
  PoolHistory history_;
  PinId nextPin_ = 1;
};

}  // namespace iio
