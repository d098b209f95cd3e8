// The history as the engine finds its way in it, against a look at every block.
#include <doctest/doctest.h>

#include <random>

#include "engine.h"
#include "fakes.h"

using namespace fakes;

namespace {

struct Span {
  int64_t from = 0, to = 0;
  bool operator==(const Span&) const = default;
};

// What is held of a span without a hole up to its newest block, by looking at all.
Span heldOf(const std::vector<HeaderPtr>& history, Span span) {
  std::vector<HeaderPtr> in;
  for (const HeaderPtr& header : history)
    if (header->endScan() > span.from && header->firstScan() < span.to) in.push_back(header);
  if (in.empty()) return {span.from, span.from};
  auto first = in.end() - 1;
  while (first != in.begin() && (*(first - 1))->sequence + 1 == (*first)->sequence) --first;
  return {std::max(span.from, (*first)->firstScan()), std::min(span.to, in.back()->endScan())};
}

}  // namespace

TEST_CASE("engine: what is found in the history is what a look at every block finds") {
  Rig rig(40, 3, 8);
  rig.engine->start();
  std::mt19937 random(7);
  std::vector<HeaderPtr> leased;
  for (int round = 0; round < 120; ++round) {
    const auto lost = static_cast<uint32_t>(random() % 40);
    if (random() % 3 == 0) rig.complete(1, {.lostBefore = lost, .tells = true});
    rig.complete(1 + random() % 9);
    const auto history = rig.engine->history();
    for (const HeaderPtr& header : history)
      if (random() % 12 == 0 && leased.size() < 25 && rig.engine->tryLease(header))
        leased.push_back(header);
    while (leased.size() > 15 + random() % 10) {
      std::swap(leased[random() % leased.size()], leased.back());
      rig.engine->release(leased.back()->block);
      leased.pop_back();
    }
    CHECK(rig.engine->historyFromScan() == history.front()->firstScan());
    for (const HeaderPtr& header : history)
      CHECK(rig.engine->unbrokenFrom(header) == heldOf(history, {0, header->endScan()}).from);
    const int64_t end = history.back()->endScan();
    for (int i = 0; i < 20; ++i) {
      Span span;
      span.from = static_cast<int64_t>(random() % static_cast<uint64_t>(end + 20)) - 10;
      span.to = span.from + static_cast<int64_t>(random() % 200);
      const Span expected = heldOf(history, span);
      const PinId pin = rig.engine->pin(span.from, span.to);
      CHECK(span == expected);
      for (const HeaderPtr& header : rig.engine->pinned(pin))
        if (header->firstScan() >= span.from) CHECK(header->firstScan() < span.to);
      rig.engine->unpin(pin);
    }
    for (uint64_t sequence = 0; sequence <= history.back()->sequence; ++sequence) {
      const HeaderPtr found = rig.engine->tryLease(sequence);
      const auto there = std::find_if(history.begin(), history.end(), [&](const HeaderPtr& header) {
        return header->sequence == sequence;
      });
      REQUIRE(found == (there == history.end() ? nullptr : *there));
      if (found) rig.engine->release(found->block);
    }
  }
  for (const HeaderPtr& header : leased) rig.engine->release(header->block);
}

TEST_CASE("engine: whether a block is still there can be asked without a lock") {
  Rig rig(6, 2);
  rig.engine->start();
  rig.complete(3);
  const auto history = rig.engine->history();
  CHECK(rig.engine->holds(*history[0]));
  CHECK(rig.engine->holds(*history[2]));
  rig.complete(2);  // the queue takes the oldest of the four
  CHECK_FALSE(rig.engine->holds(*history[0]));
  CHECK(rig.engine->holds(*history[2]));
  BlockHeader other = *history[2];
  ++other.sequence;
  CHECK_FALSE(rig.engine->holds(other));
  rig.engine->stop();
  CHECK(rig.engine->holds(*history[2]));
  rig.engine->close();
  CHECK_FALSE(rig.engine->holds(*history[2]));
  CHECK(rig.engine->historyFromScan() == -1);
  CHECK(rig.engine->tryLease(2) == nullptr);
  int64_t from = 0, to = 1000;
  rig.engine->pin(from, to);
  CHECK(to == from);
}

TEST_CASE("engine: blocks without a scan are in nobody's way") {
  Rig rig(8, 2);
  rig.engine->start();
  rig.complete(2);
  rig.transport->batch({{.bytes = 2}, {.bytes = 2}});  // less than a scan
  rig.complete(3);
  const auto history = rig.engine->history();
  REQUIRE(history.size() == 4);
  CHECK(history.front()->sequence == 1);
  int64_t from = 0, to = 1000;
  rig.engine->pin(from, to);
  CHECK(from == history.front()->firstScan());
  CHECK(to == 5 * 16);
  const HeaderPtr second = rig.engine->tryLease(2);
  REQUIRE(second);
  CHECK(second->firstScan() == 32);
  rig.engine->release(second->block);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer, 0);
  CHECK(consumer->count() == 4);
}

TEST_CASE("engine: with 65,536 blocks, nearly all of them held, blocks come and go all the same") {
  Rig rig(65536, 100, 1);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(65536 - 100);
  const auto history = rig.engine->history();
  REQUIRE(history.size() == 65536 - 100);
  const PinId pin = pinBlocks(*rig.engine, history[30'000], history[65'000]);
  for (size_t i = 0; i < 30'000; ++i) REQUIRE(rig.engine->tryLease(history[i]));
  rig.complete(20'000);
  CHECK(rig.engine->pinned(pin).size() == 35'001);
  CHECK(rig.engine->historyFromScan() == 0);
  CHECK(rig.engine->counters().queued == 100);
  CHECK(consumer->count() == 65536 - 100 + 20'000);
  for (size_t i = 0; i < 30'000; ++i) rig.engine->release(history[i]->block);
}
