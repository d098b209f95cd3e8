#include "engine.h"

#include <doctest/doctest.h>

#include "fakes.h"

using namespace fakes;

TEST_CASE("engine: attaches, fills the queue and only then enables") {
  Rig rig(6, 3);
  rig.engine->start();
  rig.engine->stop();
  std::lock_guard guard(rig.bench->lock);
  CHECK(rig.bench->calls == std::vector<std::string>{"open", "enqueue 0", "enqueue 1", "enqueue 2",
                                                     "enable", "disable"});
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

TEST_CASE(
    "engine: one bracket a block, open while it is history, closed before it is queued and at "
    "close") {
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

TEST_CASE(
    "engine: when leases hold all else the newest block is queued again unread, a gap of exactly "
    "its length") {
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
  for (size_t i = 0; i < seen.size(); ++i)
    CHECK(seen[i]->firstScan() == static_cast<int64_t>(16 * i));
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

TEST_CASE("engine: a block aborted while the stream runs has failed, and words are found for it") {
  Rig rig(4, 2);
  rig.engine->start();
  rig.transport->order({CompletionStatus::Aborted});
  rig.complete(3);
  CHECK(rig.engine->counters().failedBlocks == 1);
  CHECK(rig.engine->counters().lost == 16);
  HeaderBatch batch = rig.engine->drainHeaders();
  REQUIRE(batch.failures.size() == 1);
  CHECK_FALSE(batch.failures[0].message.empty());
}

TEST_CASE(
    "engine: stop delivers what had completed, takes back the rest and keeps the history "
    "readable") {
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
  rig.transport->end(WaitResult::Vanished,
                     Fault{ENODEV, "access", "device", "The device is gone."});
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

TEST_CASE(
    "engine: when a block can't be queued any more, those completed behind it are still "
    "delivered") {
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

TEST_CASE("engine: a source is asked what it knows of loss once it is open") {
  for (const Grade grade : {Grade::Exact, Grade::Estimated}) {
    Rig rig(4, 2, 16, false, grade);
    CHECK(rig.engine->counters().grade == Grade::Unknown);
    rig.engine->start();
    CHECK(rig.engine->counters().proof == Proof{grade, Evidence::Transport});
    rig.complete(2);
    CHECK(rig.engine->counters().grade == grade);
  }
}

TEST_CASE("engine: a declared counter makes loss exact that the source doesn't see") {
  Rig rig(4, 2, 16, false, Grade::Unknown, true);
  rig.engine->start();
  rig.complete(1);
  rig.complete(1, {.lostBefore = 1234});
  rig.complete(1);
  CHECK(rig.engine->counters().lost == 1234);
  CHECK(rig.engine->counters().grade == Grade::Exact);
}
