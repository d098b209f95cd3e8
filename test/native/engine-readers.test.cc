#include <doctest/doctest.h>

#include <random>

#include "engine-rate.h"
#include "engine.h"
#include "fakes.h"

using namespace fakes;

TEST_CASE("engine: close waits for the last lease and then frees the memory") {
  Rig rig(5, 2);
  auto consumer = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(2);
  std::thread closing([&] { rig.engine->close(); });
  REQUIRE(eventually([&] { return consumer->endings() == 1; }));
  CHECK_FALSE(rig.bench->memoryFreed);
  CHECK(rig.valueAt(*consumer->seen()[1], 0) == 16);
  consumer->letGo(*rig.engine);
  closing.join();
  CHECK(rig.bench->memoryFreed);
  CHECK(rig.engine->counters().state == EngineState::Closed);
  CHECK(rig.engine->history().empty());
  CHECK(rig.engine->blockCount() == 5);
  CHECK_FALSE(rig.engine->directIo());
}

TEST_CASE("engine: a lease that outlasts the close keeps its memory until it is given back") {
  Rig rig(5, 2);
  rig.engine->start();
  rig.complete(2);
  HeaderPtr held = rig.engine->history()[1];
  REQUIRE(rig.engine->tryLease(held));
  const std::byte* data = rig.engine->data(held->block);
  rig.engine->close(5);
  CHECK(rig.engine->counters().state == EngineState::Closed);
  CHECK_FALSE(rig.bench->memoryFreed);
  uint32_t value = 0;
  std::memcpy(&value, data, sizeof value);
  CHECK(value == 16);
  CHECK_FALSE(rig.engine->tryLease(held));
  rig.engine->release(held->block);
  CHECK(rig.bench->memoryFreed);
}

TEST_CASE("engine: whoever asks for the counters does not wait for the memory to go") {
  for (const bool leased : {false, true}) {
    Rig rig(5, 2);
    rig.engine->start();
    rig.complete(2);
    HeaderPtr held = rig.engine->history()[0];
    if (leased) REQUIRE(rig.engine->tryLease(held));
    auto asked = std::make_shared<std::atomic<bool>>(false);
    std::thread asking;
    bool answered = false;
    rig.bench->whileFreeing = [&] {
      asking = std::thread([&, asked] {
        rig.engine->counters();
        *asked = true;
      });
      for (int i = 0; i < 10'000 && !*asked; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      answered = *asked;
    };
    rig.engine->close(5);
    if (leased) rig.engine->release(held->block);
    REQUIRE(rig.bench->memoryFreed);
    asking.join();
    CHECK(answered);
  }
}

TEST_CASE("engine: a consumer that begins in the history misses no block and gets none twice") {
  Rig rig(24, 2, 4, true);
  rig.engine->start();
  rig.transport->runFreely(true);
  for (int round = 0; round < 40; ++round) {
    auto consumer = std::make_shared<FakeConsumer>(round % 2 == 0);
    // Slow at first, so that new blocks complete while it is given the old ones.
    consumer->onOffer = [self = consumer.get()](const HeaderPtr&, const std::byte*) {
      if (self->count() < 3) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    };
    auto history = rig.engine->history();
    rig.engine->addConsumer(consumer,
                            history.empty() ? 0 : history[history.size() / 2]->firstScan());
    REQUIRE(eventually([&] {
      consumer->letGo(*rig.engine);
      return consumer->count() > 30;
    }));
    rig.engine->removeConsumer(consumer.get());
    consumer->accept(false);
    auto seen = consumer->seen();
    for (size_t i = 1; i < seen.size(); ++i)
      REQUIRE(seen[i]->sequence == seen[i - 1]->sequence + 1);
    consumer->letGo(*rig.engine);
  }
}

TEST_CASE("engine: a consumer begins with the block that holds the scan asked for") {
  Rig rig(8, 2);
  rig.engine->start();
  rig.complete(5);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer, 33);
  rig.engine->addConsumer(consumer, 0);  // twice changes nothing
  auto seen = consumer->seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0]->firstScan() == 32);
  rig.complete(1);
  CHECK(consumer->count() == 4);
}

TEST_CASE(
    "engine: a consumer that begins in the history is not given what lies behind a hole in it") {
  Rig rig(6, 2);
  rig.engine->start();
  rig.complete(4);
  HeaderPtr oldest = rig.engine->history().front();
  REQUIRE(rig.engine->tryLease(oldest));
  rig.complete(5);
  REQUIRE(rig.engine->history().front() == oldest);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer, 0);
  auto seen = consumer->seen();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0]->sequence == 6);
  rig.complete(1);
  CHECK(consumer->count() == 4);
  rig.engine->release(oldest->block);
}

TEST_CASE(
    "engine: a consumer that begins while the newest published block is on its way back to the "
    "queue is given nothing from before it") {
  Rig rig(3, 1);
  auto late = std::make_shared<FakeConsumer>(false);
  std::atomic<bool> begins{false};
  rig.transport->onEnqueue = [&] {
    if (begins.exchange(false)) rig.engine->addConsumer(late, 0);
  };
  rig.engine->start();
  rig.complete(2);
  HeaderPtr held = rig.engine->history()[1];
  REQUIRE(rig.engine->tryLease(held));
  rig.complete(1);  // the history is blocks 1, held, and 2
  begins = true;    // block 3 has completed, and 2 goes back for it
  rig.complete(2);
  REQUIRE(eventually([&] { return late->count() >= 2; }));
  auto seen = late->seen();
  for (size_t i = 1; i < seen.size(); ++i) CHECK(seen[i]->sequence == seen[i - 1]->sequence + 1);
  rig.engine->release(held->block);
}

TEST_CASE("engine: a consumer added after the end gets the history and then the end") {
  Rig rig(8, 2);
  rig.engine->start();
  rig.complete(5);
  rig.engine->stop();
  auto consumer = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(consumer, 0);
  CHECK(consumer->count() == 5);
  CHECK(consumer->endings() == 1);
  consumer->letGo(*rig.engine);
}

TEST_CASE("engine: a removed consumer is offered nothing more") {
  Rig rig(8, 2);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(2);
  rig.engine->removeConsumer(consumer.get());
  rig.complete(2);
  CHECK(consumer->count() == 2);
}

TEST_CASE("engine: pins hold blocks until nothing else is free, and tell what is left") {
  Rig rig(6, 2);
  rig.engine->start();
  rig.complete(4);
  auto history = rig.engine->history();
  PinId pin = pinBlocks(*rig.engine, history[0], history[1]);
  rig.complete(10);
  auto held = rig.engine->pinned(pin);
  REQUIRE(held.size() == 2);
  CHECK(held[0] == history[0]);
  CHECK(rig.valueAt(*history[0], 0) == 0);
  history = rig.engine->history();
  PinId second = pinBlocks(*rig.engine, history.front(), history.back());
  rig.complete(2);
  CHECK(rig.engine->pinned(second).size() < 4);
  rig.engine->unpin(pin);
  CHECK(rig.engine->pinned(pin).empty());
}

TEST_CASE("engine: news comes with no lock held, and not after the listener was taken away") {
  Rig rig(4, 2);
  std::atomic<uint64_t> news{0}, blocks{0};
  rig.engine->onNews([&] {
    blocks = rig.engine->counters().blocks;
    rig.engine->history();
    rig.engine->drainHeaders();
    ++news;
  });
  rig.engine->start();
  rig.complete(3);
  REQUIRE(eventually([&] { return blocks == 3; }));
  rig.engine->onNews({});
  rig.complete(1);
  uint64_t before = news;
  rig.complete(3);
  CHECK(news == before);
}

TEST_CASE(
    "engine: the first 256 headers come one by one, older ones as totals, gaps always in full") {
  Rig rig(4, 2);
  rig.engine->start();
  rig.complete(10);
  rig.complete(5, {.lostBefore = 3, .tells = true});
  rig.complete(300);
  HeaderBatch batch = rig.engine->drainHeaders();
  CHECK(batch.headers.size() == 256);
  CHECK(batch.headers.back()->sequence == 314);
  CHECK(batch.headers.front()->sequence == 59);
  CHECK(batch.coalescedBlocks == 59);
  CHECK(batch.coalescedScans == 59 * 16);
  CHECK(batch.coalescedBytes == 59 * 64);
  REQUIRE(batch.gaps.size() == 5);
  CHECK(batch.gaps[1].scan == 10 * 16 + 16 + 6);
  CHECK(batch.gaps[1].sample == 11 * 16);
  CHECK(rig.engine->drainHeaders().headers.empty());
}

TEST_CASE("header log: gaps and failures beyond 65,536 are counted, not kept") {
  HeaderLog log;
  auto header = std::make_shared<BlockHeader>();
  header->scanCount = 1;
  header->segments.resize(1);
  header->segments[0].hasGap = true;
  for (size_t i = 0; i < HeaderLog::kGapsAtMost + 7; ++i) {
    log.add(header);
    log.failed(i, "");
  }
  HeaderBatch batch = log.drain();
  CHECK(batch.gaps.size() == HeaderLog::kGapsAtMost);
  CHECK(batch.coalescedGaps == 7);
  CHECK(batch.failures.size() == HeaderLog::kGapsAtMost);
  CHECK(batch.coalescedFailures == 7);
  CHECK(log.drain().coalescedGaps == 0);
}

TEST_CASE("rate meter: scans and bytes over the last second, and none once completions stay away") {
  constexpr int64_t ms = 1'000'000;
  RateMeter meter;
  CHECK(meter.at(0).scansPerSecond == 0);
  for (int64_t i = 0; i <= 5000; ++i)
    meter.add(i * ms, i < 3000 ? i * 10 : 30000 + (i - 3000) * 20, static_cast<uint64_t>(i) * 40);
  CHECK(meter.at(5000 * ms).scansPerSecond == doctest::Approx(20000));
  CHECK(meter.at(5000 * ms).bytesPerSecond == doctest::Approx(40000));
  CHECK(meter.at(6900 * ms).scansPerSecond == doctest::Approx(20000));
  CHECK(meter.at(7100 * ms).scansPerSecond == 0);
  RateMeter slow;
  for (int64_t i = 0; i < 4; ++i) slow.add(i * 5000 * ms, i * 10, 0);
  CHECK(slow.at(29000 * ms).scansPerSecond == doctest::Approx(2));
  CHECK(slow.at(31000 * ms).scansPerSecond == 0);
}

TEST_CASE("engine: settings that can't work are refused in words") {
  auto make = [](uint32_t payload, uint32_t depth, std::vector<uint32_t> counter) {
    auto bench = std::make_shared<Bench>();
    EngineSpec spec;
    spec.layout.scanBytes = 4;
    spec.layout.elements = {ScanElement{}};
    spec.payloadBytes = payload;
    spec.queueDepth = depth;
    spec.counter = std::move(counter);
    Engine engine(spec, std::make_unique<FakeArena>(bench, 4, 64),
                  std::make_unique<FakeTransport>(bench, 4));
  };
  CHECK_NOTHROW(make(64, 2, {0}));
  CHECK_THROWS_AS(make(62, 2, {}), CoreError);
  CHECK_THROWS_AS(make(68, 2, {}), CoreError);
  CHECK_THROWS_AS(make(64, 4, {}), CoreError);
  CHECK_THROWS_AS(make(64, 0, {}), CoreError);
  CHECK_THROWS_AS(make(64, 2, {1}), CoreError);
}

TEST_CASE("engine: a guarded lease goes back when what it is held for fails") {
  Rig rig(5, 2);
  rig.engine->start();
  rig.complete(1);
  HeaderPtr header = rig.engine->history()[0];
  auto shown = [&] { return static_cast<BlockShown>(rig.engine->blockStates()[header->block]); };
  try {
    REQUIRE(rig.engine->tryLease(header));
    LeaseGuard lease(*rig.engine, header->block);
    CHECK(shown() == BlockShown::Held);
    throw std::bad_alloc();
  } catch (const std::bad_alloc&) {
  }
  CHECK(shown() == BlockShown::History);
}

TEST_CASE("engine: many readers at once never see a block change under a lease") {
  Rig rig(12, 3, 64, true);
  auto consumer = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.transport->runFreely(true);
  std::atomic<bool> over{false};
  std::atomic<uint64_t> wrong{0}, read{0};
  auto reader = [&](uint32_t seed) {
    std::mt19937 random(seed);
    while (!over) {
      auto history = rig.engine->history();
      if (history.empty()) continue;
      HeaderPtr header = history[random() % history.size()];
      PinId pin = random() % 4 == 0 ? pinBlocks(*rig.engine, header, header) : 0;
      if (rig.engine->tryLease(header)) {
        for (uint32_t i = 0; i < header->scanCount; ++i)
          if (rig.valueAt(*header, i) != static_cast<uint32_t>(header->firstScan()) + i) ++wrong;
        rig.engine->release(header->block);
        ++read;
      }
      if (pin) rig.engine->unpin(pin);
      if (random() % 8 == 0) rig.engine->counters();
      if (random() % 8 == 0) rig.engine->blockStates();
      if (random() % 8 == 0) rig.engine->drainHeaders();
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 3; ++i) threads.emplace_back(reader, i);
  std::thread releasing([&] {
    while (!over) consumer->letGo(*rig.engine);
  });
  CHECK(eventually([&] { return read > 3000 && rig.engine->counters().blocks > 3000; }));
  over = true;
  for (std::thread& thread : threads) thread.join();
  releasing.join();
  rig.engine->stop();
  consumer->letGo(*rig.engine);
  CHECK(wrong == 0);
  CHECK(rig.engine->counters().gaps == 0);
}
