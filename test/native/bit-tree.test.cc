#include "bit-tree.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "pool.h"

using namespace iio;

TEST_CASE("a set of small numbers finds its neighbours, also from its end, for any size") {
  std::mt19937 random(3);
  for (const uint32_t size : {1u, 2u, 63u, 64u, 65u, 128u, 4095u, 4096u, 4097u, 5000u}) {
    CAPTURE(size);
    BitTree tree(size);
    std::set<uint32_t> plain;
    bool same = tree.firstFrom(0) == BitTree::kNone && tree.lastBefore(size) == BitTree::kNone;
    for (int i = 0; i < 3000; ++i) {
      const uint32_t at = uint32_t(random() % size), from = uint32_t(random() % (size + 1));
      if (random() % 3) {
        tree.set(at);
        plain.insert(at);
      } else {
        tree.clear(at);
        plain.erase(at);
      }
      const auto next = plain.lower_bound(from);
      same &= tree.firstFrom(from) == (next == plain.end() ? BitTree::kNone : *next);
      same &= tree.lastBefore(from) == (next == plain.begin() ? BitTree::kNone : *std::prev(next));
      same &= tree.lastBefore(size) == (plain.empty() ? BitTree::kNone : *plain.rbegin());
      same &= tree.test(at) == (plain.count(at) != 0);
    }
    CHECK(same);
  }
}

TEST_CASE("a pool of as many blocks as fill its words goes round and round") {
  for (const uint32_t blocks : {32u, 2048u}) {
    Pool pool(blocks, 3);
    for (int i = 0; i < 3; ++i) pool.queued(pool.next());
    bool went = true;
    for (uint32_t i = 0; i < 10 * blocks && went; ++i) {
      pool.completed(pool.oldestQueued());
      const BlockIndex next = pool.next();
      went = next != kNoBlock;
      if (went) pool.queued(next);
    }
    CHECK(went);
  }
}
