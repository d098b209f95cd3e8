#include "engine.h"

#include <doctest/doctest.h>

#include <random>

#include "engine-rate.h"
#include "fakes.h"

using namespace fakes;

TEST_CASE("engine: attaches, fills the queue and only then enables") {
  Rig rig(6, 3);
  rig.engine->start();
  rig.engine->stop();
  std::lock_guard guard(rig.bench->lock);
  CHECK(rig.bench->calls == std::vector<std::string>{"open", "enqueue 0", "enqueue 1", "enqueue 2", "enable", "disable"});
}

TEST_CASE("engine: a start that fails closes the source, tells why and ends the consumers") {
  Rig rig(4, 2);
  auto consumer = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(consumer);
  rig.transport->failEnable(Fault{EBUSY, "write", "enable", "The buffer is busy."});
  CHECK_THROWS_AS(rig.engine->start(), CoreError);
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.state == EngineState::Failed);
  CHECK(counters.fault.err == EBUSY);
  CHECK(counters.queued == 0);
  CHECK(consumer->endings() == 1);
  CHECK(rig.bench->calls.back() == "close");
  CHECK_THROWS_AS(rig.engine->start(), CoreError);
}

TEST_CASE("engine: publishes every block in order with its samples") {
  Rig rig(6, 2, 16);
  auto consumer = std::make_shared<FakeConsumer>(false);
  uint32_t wrong = 0;
  consumer->onOffer = [&](const HeaderPtr& header, const std::byte* data) {
    for (uint32_t i = 0; i < header->scanCount; ++i) {
      uint32_t value;
      std::memcpy(&value, data + i * 4, 4);
      if (value != header->firstScan() + i) ++wrong;
    }
  };
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(50);
  rig.engine->stop();
  auto seen = consumer->seen();
  REQUIRE(seen.size() == 50);
  for (uint64_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i]->sequence == i);
    CHECK(seen[i]->firstScan() == static_cast<int64_t>(i * 16));
    CHECK(seen[i]->bytes == 64);
  }
  CHECK(wrong == 0);
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.state == EngineState::Stopped);
  CHECK(counters.blocks == 50);
  CHECK(counters.scans == 800);
  CHECK(counters.bytes == 3200);
  CHECK(counters.endScan == 800);
  CHECK(counters.gaps == 0);
  CHECK(counters.grade == Grade::Exact);
  CHECK(counters.cpuSeconds > 0);
}

TEST_CASE("engine: the queue is full again before a block is offered") {
  Rig rig(6, 3);
  auto consumer = std::make_shared<FakeConsumer>(false);
  std::atomic<uint32_t> least{99};
  consumer->onOffer = [&](const HeaderPtr&, const std::byte*) {
    least = std::min(least.load(), rig.transport->queued());
  };
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  for (int i = 0; i < 20; ++i) rig.complete(1);
  CHECK(least == 3);
  CHECK(rig.engine->counters().queued == 3);
  CHECK(rig.engine->counters().queuedLeast == 2);
}

TEST_CASE("engine: one bracket a block, open while it is history, closed before it is queued and at close") {
  Rig rig(5, 2);
  rig.engine->start();
  rig.complete(40);
  rig.engine->stop();
  {
    std::lock_guard guard(rig.bench->lock);
    CHECK(rig.bench->begins == 40);
    CHECK(rig.bench->ends == 40 - 3);
  }
  rig.engine->close();
  CHECK(rig.bench->ends == 40);
  CHECK(rig.bench->memoryFreed);
}

TEST_CASE("engine: a leased block keeps its samples however long the lease lasts") {
  Rig rig(5, 2);
  rig.engine->start();
  rig.complete(3);
  HeaderPtr first = rig.engine->history().front();
  REQUIRE(rig.engine->tryLease(first));
  rig.complete(30);
  CHECK(rig.valueAt(*first, 5) == 5);
  CHECK(rig.engine->blockStates()[first->block] == static_cast<uint8_t>(BlockShown::Held));
  rig.engine->release(first->block);
  rig.complete(5);
  CHECK_FALSE(rig.engine->tryLease(first));
}

TEST_CASE("engine: when leases hold all else the newest block is queued again unread, a gap of exactly its length") {
  Rig rig(5, 2, 16, false, Grade::Unknown);
  auto consumer = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(3);  // all three blocks beside the queue are leased
  rig.transport->complete(4);
  REQUIRE(eventually([&] { return rig.transport->deviceScan() == 7 * 16; }));
  CHECK(rig.engine->counters().blocks == 3);
  consumer->letGo(*rig.engine);
  rig.complete(1);
  auto seen = consumer->seen();
  REQUIRE(seen.size() == 4);
  const Segment& segment = seen[3]->segments.front();
  REQUIRE(segment.hasGap);
  CHECK(segment.gap.cause == GapCause::Overrun);
  CHECK(segment.gap.grade == Grade::Exact);
  CHECK(segment.gap.lost == 4 * 16);
  CHECK(segment.scan == 7 * 16);
  CHECK(segment.sample == 3 * 16);
  CHECK(seen[3]->sequence == 3);
  CHECK(rig.valueAt(*seen[3], 0) == 7 * 16);
  CHECK(rig.engine->counters().lost == 64);
  CHECK(rig.engine->counters().queued == 2);
  {
    std::lock_guard guard(rig.bench->lock);
    CHECK(rig.bench->begins == 4);
  }
  consumer->letGo(*rig.engine);
}

TEST_CASE("engine: a source that waits for blocks is left waiting, and nothing is lost") {
  Rig rig(5, 2, 16, true);
  auto consumer = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.transport->runFreely(true);
  REQUIRE(eventually([&] { return consumer->count() == 5; }));
  CHECK(rig.engine->counters().queued == 0);
  for (int i = 0; i < 100; ++i) {
    size_t before = consumer->count();
    consumer->letGo(*rig.engine, 1 + i % 3);
    REQUIRE(eventually([&] { return consumer->count() > before; }));
  }
  rig.transport->runFreely(false);
  rig.engine->stop();
  consumer->letGo(*rig.engine);
  auto seen = consumer->seen();
  for (size_t i = 0; i < seen.size(); ++i) CHECK(seen[i]->firstScan() == static_cast<int64_t>(16 * i));
  CHECK(rig.engine->counters().gaps == 0);
}

TEST_CASE("engine: a failed block is not read, is a gap in the next one, and comes back into use") {
  Rig rig(4, 2);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(2);
  rig.transport->order({CompletionStatus::Failed});
  REQUIRE(eventually([&] { return rig.engine->counters().failedBlocks == 1; }));
  CHECK(rig.engine->counters().queued == 2);
  rig.complete(1);
  HeaderPtr last = consumer->seen().back();
  REQUIRE(last->segments.front().hasGap);
  CHECK(last->segments.front().gap.cause == GapCause::FailedBlock);
  CHECK(last->segments.front().gap.lost == 16);
  CHECK(last->firstScan() == 48);
  CHECK(rig.valueAt(*last, 0) == 48);
  rig.complete(20);
  auto states = rig.engine->blockStates();
  CHECK(std::count(states.begin(), states.end(), static_cast<uint8_t>(BlockShown::Failed)) == 0);
  HeaderBatch batch = rig.engine->drainHeaders();
  REQUIRE(batch.failures.size() == 1);
  CHECK(batch.failures[0].sequence == 2);
  CHECK(batch.failures[0].message == "The transfer failed.");
  CHECK(batch.gaps.size() == 1);
  rig.engine->stop();
  CHECK(rig.bench->begins == 23);
}

TEST_CASE("engine: a failed block is shown as failed until the next turn") {
  Rig rig(5, 2);
  rig.engine->start();
  std::atomic<int> shown{0};
  rig.engine->onNews([&] {
    for (uint8_t state : rig.engine->blockStates())
      if (state == static_cast<uint8_t>(BlockShown::Failed)) ++shown;
  });
  rig.transport->order({CompletionStatus::Failed});
  CHECK(eventually([&] { return shown == 1; }));
  rig.engine->stop();
}

TEST_CASE("engine: a source whose every block fails is given up with the reason") {
  Rig rig(4, 2);
  rig.engine->start();
  for (int i = 0; i < 9; ++i) rig.transport->order({CompletionStatus::Failed});
  REQUIRE(eventually([&] { return rig.engine->counters().state == EngineState::Failed; }));
  CHECK(rig.engine->counters().fault.message == "The transfer failed.");
  CHECK(rig.engine->counters().failedBlocks == 9);
}

TEST_CASE("engine: stop delivers what had completed, takes back the rest and keeps the history readable") {
  Rig rig(6, 3);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer);
  rig.transport->atDisable({Order{}, Order{CompletionStatus::Failed}});
  rig.engine->start();
  rig.complete(4);
  rig.engine->stop();
  rig.engine->stop();
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.state == EngineState::Stopped);
  CHECK(counters.blocks == 5);
  CHECK(counters.failedBlocks == 1);
  CHECK(counters.queued == 0);
  CHECK(consumer->endings() == 1);
  CHECK_FALSE(consumer->offeredAfterEnd());
  for (const HeaderPtr& header : rig.engine->history()) {
    REQUIRE(rig.engine->tryLease(header));
    CHECK(rig.valueAt(*header, 3) == header->firstScan() + 3);
    rig.engine->release(header->block);
  }
  CHECK(rig.engine->history().size() == 4);
}

TEST_CASE("engine: a device that vanishes is a state, and the data so far are kept") {
  Rig rig(6, 3);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.complete(3);
  rig.transport->end(WaitResult::Vanished, Fault{ENODEV, "access", "device", "The device is gone."});
  REQUIRE(eventually([&] { return consumer->endings() == 1; }));
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.state == EngineState::Failed);
  CHECK(counters.vanished);
  CHECK(counters.fault.message == "The device is gone.");
  CHECK(rig.engine->history().size() == 3);
  rig.engine->stop();
  CHECK(rig.engine->counters().state == EngineState::Failed);
}

TEST_CASE("engine: a source that can't go on fails the stream without saying that it vanished") {
  Rig rig(4, 2);
  rig.engine->start();
  rig.transport->end(WaitResult::Failed, Fault{EIO, "read", "device", "Reading failed."});
  REQUIRE(eventually([&] { return rig.engine->counters().state == EngineState::Failed; }));
  CHECK_FALSE(rig.engine->counters().vanished);
}

TEST_CASE("engine: when a block can't be queued any more, those completed behind it are still delivered") {
  Rig rig(8, 4);
  rig.engine->start();
  rig.complete(1);
  rig.transport->failEnqueueAfter(1);
  rig.transport->batch({Order{}, Order{}, Order{}});
  REQUIRE(eventually([&] { return rig.engine->counters().state == EngineState::Failed; }));
  CHECK(rig.engine->counters().fault.message == "The block was refused.");
  CHECK(rig.engine->counters().blocks == 4);
}

TEST_CASE("engine: a short block has the scans it has, and the transport's gap is in its place") {
  Rig rig(4, 2, 16, false, Grade::Estimated);
  auto consumer = std::make_shared<FakeConsumer>(false);
  rig.engine->addConsumer(consumer);
  rig.engine->start();
  rig.transport->order({.bytes = 22});
  rig.transport->order({.lostBefore = 7, .tells = true, .grade = Grade::Estimated});
  REQUIRE(eventually([&] { return consumer->count() == 2; }));
  auto seen = consumer->seen();
  CHECK(seen[0]->scanCount == 5);
  CHECK(seen[1]->firstScan() == 12);
  CHECK(rig.valueAt(*seen[1], 0) == 12);
  CHECK(rig.engine->counters().dryRuns == 1);
  CHECK(rig.engine->counters().grade == Grade::Estimated);
}

TEST_CASE("engine: a declared counter makes loss exact that the source doesn't see") {
  Rig rig(4, 2, 16, false, Grade::Unknown, true);
  rig.engine->start();
  rig.complete(1);
  rig.transport->order({.lostBefore = 1234});
  rig.complete(1);
  CHECK(rig.engine->counters().lost == 1234);
  CHECK(rig.engine->counters().grade == Grade::Exact);
}

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
  CHECK_THROWS_AS(rig.engine->arena(), CoreError);
}

TEST_CASE("engine: a consumer that begins in the history misses no block and gets none twice") {
  Rig rig(24, 2, 4, true);
  rig.engine->start();
  rig.transport->runFreely(true);
  for (int round = 0; round < 40; ++round) {
    auto consumer = std::make_shared<FakeConsumer>(round % 2 == 0);
    auto history = rig.engine->history();
    rig.engine->addConsumer(consumer, history.empty() ? 0 : history[history.size() / 2]->firstScan());
    REQUIRE(eventually([&] {
      consumer->letGo(*rig.engine);
      return consumer->count() > 30;
    }));
    rig.engine->removeConsumer(consumer.get());
    consumer->accept(false);
    auto seen = consumer->seen();
    for (size_t i = 1; i < seen.size(); ++i) REQUIRE(seen[i]->sequence == seen[i - 1]->sequence + 1);
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

TEST_CASE("engine: a consumer that begins in the history is not given what lies behind a hole in it") {
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
  PinId pin = rig.engine->pin({history[0], history[1]});
  rig.complete(10);
  auto held = rig.engine->pinned(pin);
  REQUIRE(held.size() == 2);
  CHECK(held[0] == history[0]);
  CHECK(rig.valueAt(*history[0], 0) == 0);
  PinId second = rig.engine->pin(rig.engine->history());
  rig.complete(2);
  CHECK(rig.engine->pinned(second).size() < 4);
  CHECK(rig.engine->pin({history[1], nullptr, history[1]}) > second);
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

TEST_CASE("engine: the first 256 headers come one by one, older ones as totals, gaps always in full") {
  Rig rig(4, 2);
  rig.engine->start();
  rig.complete(10);
  for (int i = 0; i < 5; ++i) rig.transport->order({.lostBefore = 3, .tells = true});
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
    Engine engine(spec, std::make_unique<FakeArena>(bench, 4, 64), std::make_unique<FakeTransport>(bench, 4));
  };
  CHECK_NOTHROW(make(64, 2, {0}));
  CHECK_THROWS_AS(make(62, 2, {}), CoreError);
  CHECK_THROWS_AS(make(68, 2, {}), CoreError);
  CHECK_THROWS_AS(make(64, 4, {}), CoreError);
  CHECK_THROWS_AS(make(64, 0, {}), CoreError);
  CHECK_THROWS_AS(make(64, 2, {1}), CoreError);
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
      PinId pin = random() % 4 == 0 ? rig.engine->pin({header}) : 0;
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
