#include "pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>

using namespace iio;

namespace {

// Queues blocks up to the floor, as the engine does after each completion.
void fill(Pool& pool) {
  while (pool.queueDeficit() > 0) {
    BlockIndex block = pool.next();
    if (block == kNoBlock) return;
    pool.queued(block);
  }
}

BlockIndex turn(Pool& pool) {
  BlockIndex block = pool.oldestQueued();
  pool.completed(block);
  fill(pool);
  return block;
}

Pool running(uint32_t blocks, uint32_t depth, uint32_t turns) {
  Pool pool(blocks, depth);
  fill(pool);
  for (uint32_t i = 0; i < turns; ++i) turn(pool);
  return pool;
}

// The rules once more, written for plainness: claims as sets, ages as numbers, every choice by
// looking at all blocks.
struct Model {
  struct Block {
    BlockState state = BlockState::Idle;
    uint64_t age = 0;  // of the state
    uint32_t leases = 0;
    std::set<PinId> pins;
  };
  std::vector<Block> blocks;
  std::set<uint64_t> missing;  // ages of those that left the history while there was a newer one
  uint64_t clock = 0;

  explicit Model(uint32_t count) : blocks(count) {
    for (Block& block : blocks) block.age = clock++;
  }
  void enter(BlockIndex i, BlockState state) {
    if (blocks[i].state == BlockState::Readable && in(BlockState::Readable).back() != i)
      missing.insert(blocks[i].age);
    blocks[i].state = state;
    blocks[i].age = clock++;
  }
  std::vector<BlockIndex> in(BlockState state) const {
    std::vector<BlockIndex> out;
    for (BlockIndex i = 0; i < blocks.size(); ++i)
      if (blocks[i].state == state) out.push_back(i);
    std::sort(out.begin(), out.end(),
              [&](BlockIndex a, BlockIndex b) { return blocks[a].age < blocks[b].age; });
    return out;
  }
  BlockIndex next() const {
    auto idle = in(BlockState::Idle);
    if (!idle.empty()) return idle.front();
    auto readable = in(BlockState::Readable);
    if (!readable.empty()) readable.pop_back();
    std::optional<std::pair<PinId, uint64_t>> best;
    BlockIndex choice = kNoBlock;
    for (BlockIndex i : readable) {
      if (blocks[i].leases != 0) continue;
      std::pair<PinId, uint64_t> cost{blocks[i].pins.empty() ? 0 : *blocks[i].pins.rbegin(),
                                      blocks[i].age};
      if (!best || cost < *best) {
        best = cost;
        choice = i;
      }
    }
    return choice;
  }
  BlockIndex runStart(BlockIndex block) const {
    auto gone = missing.lower_bound(blocks[block].age);
    const uint64_t after = gone == missing.begin() ? 0 : *--gone;
    for (BlockIndex i : in(BlockState::Readable))
      if (blocks[i].age >= after) return i;
    return kNoBlock;
  }
  BlockIndex victim() const {
    BlockIndex choice = kNoBlock;
    for (BlockIndex i : in(BlockState::Readable))
      if (blocks[i].leases == 0) choice = i;
    return choice;
  }
};

void compare(const Pool& pool, const Model& model, const std::set<PinId>& pins) {
  REQUIRE(pool.queue() == model.in(BlockState::Queued));
  REQUIRE(pool.readable() == model.in(BlockState::Readable));
  REQUIRE(pool.next() == model.next());
  REQUIRE(pool.overrunVictim() == model.victim());
  const PoolHistory& history = pool.history();
  const auto readable = model.in(BlockState::Readable);
  REQUIRE(history.size() == readable.size());
  REQUIRE(history.newest() == (readable.empty() ? kNoBlock : readable.back()));
  for (size_t i = 0; i < readable.size(); ++i) {
    REQUIRE(history.older(readable[i]) == (i == 0 ? kNoBlock : readable[i - 1]));
    REQUIRE(history.runStart(readable[i]) == model.runStart(readable[i]));
    const uint64_t age = model.blocks[readable[i]].age;
    REQUIRE(history.firstWhere([&](BlockIndex b) { return model.blocks[b].age >= age; }) ==
            readable[i]);
  }
  uint64_t leases = 0;
  for (BlockIndex i = 0; i < pool.blockCount(); ++i) {
    REQUIRE(pool.state(i) == model.blocks[i].state);
    REQUIRE(pool.leases(i) == model.blocks[i].leases);
    REQUIRE(pool.isPinned(i) == !model.blocks[i].pins.empty());
    leases += model.blocks[i].leases;
  }
  REQUIRE(pool.leasesHeld() == leases);
  for (PinId pin : pins) {
    std::vector<BlockIndex> held;
    for (BlockIndex i : model.in(BlockState::Readable))
      if (model.blocks[i].pins.count(pin)) held.push_back(i);
    REQUIRE(pool.pinned(pin) == held);
  }
}

// One random operation on both. Operations that a state forbids must throw and change nothing.
void step(Pool& pool, Model& model, std::set<PinId>& pins, std::mt19937& random) {
  auto any = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  BlockIndex block = any(pool.blockCount());
  Model::Block& mine = model.blocks[block];
  switch (any(12)) {
    case 0:
    case 1:
    case 2: {
      auto queued = model.in(BlockState::Queued);
      if (!queued.empty() && queued.front() != block && mine.state == BlockState::Queued)
        REQUIRE_THROWS_AS(pool.completed(block), std::logic_error);
      if (queued.empty()) break;
      pool.completed(queued.front());
      model.enter(queued.front(), BlockState::Readable);
      break;
    }
    case 3:
    case 4:
    case 5: {
      BlockIndex chosen = pool.next();
      if (chosen == kNoBlock) chosen = pool.overrunVictim();
      if (chosen == kNoBlock || pool.queueDeficit() == 0) break;
      pool.queued(chosen);
      model.enter(chosen, BlockState::Queued);
      model.blocks[chosen].pins.clear();
      break;
    }
    case 6:
      if (mine.state != BlockState::Queued) {
        REQUIRE_THROWS_AS(pool.failed(block), std::logic_error);
      } else {
        pool.failed(block);
        model.enter(block, BlockState::Failed);
      }
      break;
    case 7:
      if (mine.state == BlockState::Failed) {
        pool.recovered(block);
        model.enter(block, BlockState::Idle);
      } else {
        REQUIRE_THROWS_AS(pool.recovered(block), std::logic_error);
      }
      break;
    case 8:
      if (mine.state != BlockState::Readable) {
        REQUIRE_THROWS_AS(pool.lease(block), std::logic_error);
      } else {
        pool.lease(block);
        ++mine.leases;
      }
      break;
    case 9:
      if (mine.leases == 0) {
        REQUIRE_THROWS_AS(pool.release(block), std::logic_error);
      } else {
        REQUIRE_THROWS_AS(pool.queued(block), std::logic_error);
        pool.release(block);
        --mine.leases;
      }
      break;
    case 10: {
      if (pins.size() > 6) break;
      const auto readable = model.in(BlockState::Readable);
      const auto count = static_cast<uint32_t>(readable.size());
      const uint32_t from = count ? any(count) : 0, to = count ? from + any(count - from) : 0;
      PinId pin =
          count && any(8) ? pool.pin(readable[from], readable[to]) : pool.pin(kNoBlock, kNoBlock);
      if (count && !pool.pinned(pin).empty())
        for (uint32_t i = from; i <= to; ++i) model.blocks[readable[i]].pins.insert(pin);
      pins.insert(pin);
      break;
    }
    default:
      if (pins.empty()) break;
      auto which = pins.begin();
      std::advance(which, any(static_cast<uint32_t>(pins.size())));
      pool.unpin(*which);
      for (Model::Block& other : model.blocks) other.pins.erase(*which);
      pins.erase(which);
  }
}

}  // namespace

TEST_CASE("pool: 100,000 random operations agree with a plain model") {
  std::mt19937 random(20260701);
  for (uint32_t round = 0; round < 100; ++round) {
    uint32_t blocks = 2 + random() % 14;
    uint32_t depth = 1 + random() % (blocks - 1);
    Pool pool(blocks, depth);
    Model model(blocks);
    std::set<PinId> pins;
    for (uint32_t i = 0; i < 1000; ++i) {
      step(pool, model, pins, random);
      compare(pool, model, pins);
    }
  }
}

TEST_CASE("pool: random operations on hundreds of blocks agree with a plain model") {
  std::mt19937 random(20260702);
  for (uint32_t blocks : {65, 300, 700}) {
    Pool pool(blocks, 1 + random() % (blocks / 2));
    Model model(blocks);
    std::set<PinId> pins;
    for (uint32_t i = 0; i < 20 * blocks; ++i) {
      step(pool, model, pins, random);
      if (i % 64 == 0) compare(pool, model, pins);
    }
  }
}

TEST_CASE("pool: 65,536 blocks cost no more than a few, whatever holds the oldest ones") {
  constexpr uint32_t kBlocks = 65536, kDepth = 1000, kTurns = 1'000'000;
  const auto begin = std::chrono::steady_clock::now();
  for (int held = 0; held < 3; ++held) {
    Pool pool = running(kBlocks, kDepth, kBlocks - kDepth);
    CHECK(pool.history().size() == kBlocks - kDepth);
    for (BlockIndex i = 0; i < 60'000; ++i)
      if (held == 0 || (held == 2 && i % 2)) pool.lease(i);
    if (held > 0) pool.pin(0, 59'999);
    uint64_t found = 0;
    for (uint32_t i = 0; i < kTurns; ++i) {
      const BlockIndex newest = turn(pool);
      pool.lease(newest);  // as a consumer does
      pool.release(newest);
      found += pool.history().firstWhere([&](BlockIndex b) { return b == newest; }) == newest;
    }
    CHECK(found == kTurns);
    CHECK(pool.queuedCount() == kDepth);
    for (BlockIndex i = 0; i < 60'000; ++i) REQUIRE(pool.state(i) == BlockState::Readable);
    std::vector<uint8_t> shown;
    pool.shown(shown);
    CHECK(shown.size() == kBlocks);
    CHECK(shown[1] == static_cast<uint8_t>(held == 1 ? BlockShown::Pinned : BlockShown::Held));
  }
  // Looking through 60,000 blocks in each turn would take minutes.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
}

TEST_CASE("pool: sizes that leave no block for history are refused") {
  CHECK_THROWS_AS(Pool(1, 1), std::invalid_argument);
  CHECK_THROWS_AS(Pool(4, 0), std::invalid_argument);
  CHECK_THROWS_AS(Pool(4, 4), std::invalid_argument);
  CHECK_NOTHROW(Pool(2, 1));
}

TEST_CASE("pool: the queue stays at its floor turn after turn, and the rest is history") {
  Pool pool = running(8, 3, 0);
  for (uint32_t i = 0; i < 100; ++i) {
    turn(pool);
    CHECK(pool.queuedCount() == 3);
    CHECK(pool.readable().size() == std::min<size_t>(i + 1, 5));
  }
}

TEST_CASE("pool: idle blocks are queued before any history is given up") {
  Pool pool = running(4, 1, 2);
  CHECK(pool.readable() == std::vector<BlockIndex>{0, 1});
  CHECK(pool.oldestQueued() == 2);
}

TEST_CASE("pool: the oldest unclaimed block is queued again") {
  Pool pool = running(6, 2, 4);  // readable 0 1 2 3
  CHECK(pool.next() == 0);
  pool.lease(0);
  CHECK(pool.next() == 1);
  pool.pin(1, 1);
  CHECK(pool.next() == 2);
}

TEST_CASE("pool: a lease is never revoked, however long the queue waits") {
  Pool pool = running(6, 2, 4);
  pool.lease(0);
  pool.lease(0);
  for (uint32_t i = 0; i < 50; ++i) turn(pool);
  CHECK(pool.state(0) == BlockState::Readable);
  CHECK(pool.leases(0) == 2);
  CHECK_THROWS_AS(pool.queued(0), std::logic_error);
  pool.release(0);
  CHECK_THROWS_AS(pool.queued(0), std::logic_error);
  pool.release(0);
  CHECK(pool.next() == 0);
}

TEST_CASE(
    "pool: pins are revoked oldest pin first, its oldest block first, and only when nothing else "
    "is free") {
  Pool pool = running(7, 2, 5);  // readable 0 1 2 3 4
  const PinId first = pool.pin(0, 2), second = pool.pin(2, 3);
  turn(pool);  // no idle block is left: 4 is the only one without a claim, for 5 is the newest
  CHECK(pool.state(4) == BlockState::Queued);
  CHECK(pool.pinned(first) == std::vector<BlockIndex>{0, 1, 2});
  pool.lease(5);
  turn(pool);  // the older pin yields its oldest …
  CHECK(pool.pinned(first) == std::vector<BlockIndex>{1, 2});
  pool.lease(6);
  turn(pool);  // … and the next, but for the one that the newer pin holds as well
  CHECK(pool.pinned(first) == std::vector<BlockIndex>{2});
  pool.lease(4);
  turn(pool);  // of the newer pin now: its oldest
  CHECK(pool.pinned(first).empty());
  CHECK(pool.pinned(second) == std::vector<BlockIndex>{3});
}

TEST_CASE("pool: a pin holds what was there from one block to another, not what comes later") {
  Pool pool = running(8, 2, 5);  // readable 0 1 2 3 4
  pool.lease(1);
  const PinId pin = pool.pin(0, 4);
  turn(pool);
  CHECK(pool.pinned(pin) == std::vector<BlockIndex>{0, 1, 2, 3, 4});
  CHECK_FALSE(pool.isPinned(5));
  CHECK_THROWS_AS(pool.pin(6, 6), std::logic_error);
  const PinId nothing = pool.pin(kNoBlock, kNoBlock);
  CHECK(nothing > pin);
  CHECK(pool.pinned(nothing).empty());
  pool.release(1);
}

TEST_CASE("pool: unpinning frees the blocks, and an unknown pin is nothing") {
  Pool pool = running(5, 2, 3);
  PinId pin = pool.pin(0, 1);
  CHECK(pool.isPinned(1));
  pool.unpin(pin);
  pool.unpin(pin);
  CHECK_FALSE(pool.isPinned(0));
  CHECK_FALSE(pool.isPinned(1));
  CHECK(pool.next() == 0);
}

TEST_CASE("pool: with all else leased nothing is next, and the newest block is the victim") {
  Pool pool = running(5, 2, 3);  // readable 0 1 2
  pool.lease(0);
  pool.lease(1);
  pool.lease(2);
  BlockIndex newest = pool.oldestQueued();
  pool.completed(newest);
  CHECK(pool.next() == kNoBlock);
  CHECK(pool.overrunVictim() == newest);
  pool.queued(newest);
  CHECK(pool.queuedCount() == 2);
  CHECK(pool.overrunVictim() == kNoBlock);
}

TEST_CASE("pool: the newest readable block is not given away while an older one may be") {
  Pool pool(2, 1);
  fill(pool);
  turn(pool);
  CHECK(pool.next() == kNoBlock);  // 0 is the newest and the only readable one
  turn(pool);
  CHECK(pool.oldestQueued() == 0);
}

TEST_CASE("pool: a failed block is out of use until it is recovered") {
  Pool pool = running(4, 2, 0);
  BlockIndex failed = pool.oldestQueued();
  pool.failed(failed);
  CHECK(pool.state(failed) == BlockState::Failed);
  CHECK(pool.queueDeficit() == 1);
  CHECK_THROWS_AS(pool.lease(failed), std::logic_error);
  CHECK_THROWS_AS(pool.queued(failed), std::logic_error);
  for (uint32_t i = 0; i < 10; ++i) turn(pool);
  CHECK(pool.state(failed) == BlockState::Failed);
  pool.recovered(failed);
  CHECK(pool.next() == failed);
}

TEST_CASE("pool: completion out of the order of enqueue is refused") {
  Pool pool = running(4, 3, 0);
  CHECK_THROWS_AS(pool.completed(1), std::logic_error);
  pool.completed(0);
  CHECK_THROWS_AS(pool.completed(0), std::logic_error);
}

TEST_CASE("pool: what the strip shows follows states and claims") {
  Pool pool = running(7, 2, 4);  // readable 0 1 2 3, queued 4 5, idle 6
  pool.pin(1, 2);
  pool.lease(2);
  std::vector<uint8_t> shown;
  pool.shown(shown);
  CHECK(shown == std::vector<uint8_t>{3, 5, 4, 3, 2, 1, 0});
  pool.failed(5);
  pool.shown(shown);
  CHECK(shown[5] == 6);
  pool.aborted(4);
  pool.shown(shown);
  CHECK(shown[4] == 0);
}
