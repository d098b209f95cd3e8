#include "simulator.h"

#include <doctest/doctest.h>

#include <utility>

#include "fakes.h"
#include "simulator-clock.h"
#include "simulator-support.h"

using namespace fakes;
using namespace simulated;

namespace {

// Checks on the acquisition thread that every sample is its own scan index, which no loss may
// shift.
struct CountingConsumer : Consumer {
  std::atomic<uint64_t> scans{0}, wrong{0}, blocks{0};
  std::atomic<int> pauseMs{0};
  bool offer(const HeaderPtr& header, const std::byte* data) override {
    for (const Segment& segment : header->segments)
      for (uint32_t i = 0; i < segment.scanCount; ++i)
        if (loadAs<uint32_t>(data + (segment.offsetScans + i) * 4) !=
            static_cast<uint32_t>(segment.scan + i))
          ++wrong;
    scans += header->scanCount;
    ++blocks;
    if (pauseMs > 0) std::this_thread::sleep_for(std::chrono::milliseconds(pauseMs.exchange(0)));
    return false;
  }
  void ended() noexcept override {}
};

struct SimulatorRig {
  std::shared_ptr<Bench> bench = std::make_shared<Bench>();
  std::shared_ptr<CountingConsumer> consumer = std::make_shared<CountingConsumer>();
  Simulator* simulator;
  std::unique_ptr<Engine> engine;

  SimulatorRig(double rateHz, uint32_t scansPerBlock, bool max = false, uint32_t blocks = 8,
               uint32_t depth = 4) {
    SimulatorSpec spec;
    spec.layout = one(format(0, 32, 32, 0, NumberKind::Unsigned));
    spec.elements = {wave(Waveform::Counter, 0, 0)};
    spec.rateHz = rateHz;
    spec.max = max;
    EngineSpec engineSpec;
    engineSpec.layout = spec.layout;
    engineSpec.payloadBytes = scansPerBlock * 4;
    engineSpec.queueDepth = depth;
    engineSpec.rateHz = rateHz;
    auto transport = Simulator::create(spec);
    simulator = transport.get();
    engine = std::make_unique<Engine>(engineSpec,
                                      std::make_unique<FakeArena>(bench, blocks, scansPerBlock * 4),
                                      std::move(transport));
    engine->addConsumer(consumer);
  }
  bool reaches(uint64_t more) {
    uint64_t want = consumer->blocks + more;
    return eventually([&] { return consumer->blocks >= want; });
  }
  ~SimulatorRig() {
    engine.reset();
    CHECK(consumer->wrong == 0);
    bench->checkNoFaults();
  }
};

}  // namespace

TEST_CASE("simulator clock: what passes while no block is queued is lost, to the scan") {
  SimulatorClock clock;
  clock.enqueue(0, 100, 0);
  clock.enqueue(1, 100, 0);
  CHECK(clock.due() == 100);
  CHECK(clock.pop().lost == 0);
  clock.enqueue(2, 100, 150);  // 1 is being filled: nothing lost
  clock.pop();
  CHECK(clock.front().first == 200);
  CHECK(clock.pop().lost == 0);
  clock.enqueue(3, 100, 342);
  CHECK(clock.front().first == 342);
  CHECK(clock.front().lost == 42);
  clock.enqueue(4, 100, 442);
  clock.lose(10);
  CHECK(clock.pop().lost == 52);
  CHECK(clock.front().first == 452);
  CHECK(clock.front().lost == 0);
}

TEST_CASE(
    "simulator: runs by the clock, loses nothing while blocks are queued, and measures its rate") {
  SimulatorRig rig(200'000, 500);
  rig.engine->start();
  REQUIRE(eventually(
      [&] { return rig.engine->counters().blocks > 300 && rig.engine->counters().rateHz > 0; }));
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.grade == Grade::Exact);
  if (counters.gaps == 0) CHECK(counters.rateHz == doctest::Approx(200'000).epsilon(0.01));
  double ran = static_cast<double>(counters.newestTimeNs - counters.startTimeNs) * 1e-9;
  CHECK(static_cast<double>(counters.endScan) == doctest::Approx(200'000 * ran).epsilon(0.05));
}

TEST_CASE("simulator: what nobody queued a block for is lost and counted exactly") {
  SimulatorRig rig(1'000'000, 1000);
  rig.engine->start();
  REQUIRE(rig.reaches(5));
  int64_t before = rig.engine->counters().lost;
  rig.consumer->pauseMs = 50;  // four blocks last 4 ms
  REQUIRE(rig.reaches(30));
  rig.engine->stop();
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.lost > before + 30'000);
  CHECK(counters.lostMin == counters.lost);
  CHECK(counters.lostMax == counters.lost);
  CHECK(counters.grade == Grade::Exact);
  CHECK(counters.dryRuns >= 1);
  CHECK(counters.endScan == static_cast<int64_t>(counters.scans) + counters.lost);
}

TEST_CASE("simulator: at the rate max it waits for blocks and loses nothing") {
  SimulatorRig rig(1000, 4096, true, 4, 2);
  auto holder = std::make_shared<FakeConsumer>();
  rig.engine->addConsumer(holder);
  rig.engine->start();
  REQUIRE(eventually([&] { return holder->count() == 4; }));
  REQUIRE(eventually([&] {
    holder->letGo(*rig.engine);
    return rig.consumer->blocks > 500;
  }));
  rig.engine->stop();
  holder->letGo(*rig.engine);
  CHECK(rig.engine->counters().gaps == 0);
  CHECK(rig.engine->counters().endScan == static_cast<int64_t>(rig.engine->counters().scans));
}

TEST_CASE(
    "simulator: a stall brings no block until it ends, and what passed meanwhile is lost exactly") {
  SimulatorRig rig(100'000, 200);
  rig.engine->start();
  REQUIRE(rig.reaches(3));
  rig.simulator->fault(SimulatedFault::Stall);
  uint64_t at = 0;
  // One block may be under way when the fault is asked for.
  REQUIRE(eventually([&] {
    uint64_t was = std::exchange(at, rig.consumer->blocks.load());
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    return was == at && rig.consumer->blocks == at;
  }));
  int64_t lost = rig.engine->counters().lost;
  rig.simulator->fault(SimulatedFault::None);
  REQUIRE(rig.reaches(3));
  CHECK(rig.engine->counters().lost >= lost + 4000);
  CHECK(rig.engine->counters().state == EngineState::Running);
}

TEST_CASE("simulator: lost blocks are dropped whole and counted, at the rate max too") {
  for (bool max : {false, true}) {
    SimulatorRig rig(200'000, 100, max, 64, 32);
    rig.engine->start();
    REQUIRE(rig.reaches(2));
    rig.simulator->fault(SimulatedFault::LostBlocks);
    REQUIRE(rig.reaches(60));
    rig.simulator->fault(SimulatedFault::None);
    rig.engine->stop();
    EngineCounters counters = rig.engine->counters();
    CHECK(counters.gaps >= 10);
    CHECK(counters.lost >= 1000);
    CHECK(counters.lostMax == counters.lost);
    if (max) CHECK(counters.lost % 100 == 0);
  }
}

TEST_CASE(
    "simulator: a transfer error fails one block, whose scans are a gap, and the run goes on") {
  SimulatorRig rig(1000, 64, true);
  rig.engine->start();
  REQUIRE(rig.reaches(3));
  rig.simulator->fault(SimulatedFault::TransferError);
  REQUIRE(eventually([&] { return rig.engine->counters().failedBlocks == 1; }));
  REQUIRE(rig.reaches(20));
  rig.engine->stop();
  EngineCounters counters = rig.engine->counters();
  CHECK(counters.failedBlocks == 1);
  CHECK(counters.gaps == 1);
  CHECK(counters.lost == 64);
}

TEST_CASE(
    "simulator: a device that vanishes ends the run, even while a block is far from complete") {
  SimulatorRig rig(0.01, 10);
  rig.engine->start();
  rig.simulator->fault(SimulatedFault::Vanish);
  REQUIRE(eventually([&] { return rig.engine->counters().state == EngineState::Failed; }));
  CHECK(rig.engine->counters().vanished);
  CHECK(rig.engine->counters().fault.err == ENODEV);
}

TEST_CASE("simulator: a slow device stops at once and delivers scan by scan") {
  SimulatorRig slow(0.01, 10);
  slow.engine->start();
  slow.engine->stop();
  CHECK(slow.engine->counters().blocks == 0);
  SimulatorRig rig(100, 1);
  rig.engine->start();
  REQUIRE(rig.reaches(5));
}

TEST_CASE("simulator: new waveforms take effect while it runs, and their number must fit") {
  auto bench = std::make_shared<Bench>();
  FakeArena arena(bench, 2, 64);
  SimulatorSpec spec;
  spec.layout = one(format(0, 16, 16));
  spec.elements = {wave(Waveform::Constant, 0, 0, 7)};
  spec.rateHz = 1000;
  spec.max = true;
  auto simulator = Simulator::create(spec);
  simulator->open(arena);
  simulator->enqueue(0, 64);
  simulator->enqueue(1, 64);
  simulator->enable();
  int stop = eventfd(0, 0);
  Completion done[1];
  size_t count = 0;
  REQUIRE(simulator->wait(done, count, INT64_MAX, stop) == WaitResult::Completed);
  CHECK(loadAs<int16_t>(arena.data(0) + 62) == 7);
  simulator->setElements({wave(Waveform::Constant, 0, 0, -9)});
  REQUIRE(simulator->wait(done, count, INT64_MAX, stop) == WaitResult::Completed);
  CHECK(loadAs<int16_t>(arena.data(1)) == -9);
  CHECK(simulator->wait(done, count, 0, stop) == WaitResult::Timeout);
  CHECK_THROWS_AS(simulator->setElements({}), CoreError);
  ::close(stop);
  spec.rateHz = 0;
  CHECK_THROWS_AS(Simulator::create(spec), CoreError);
}

TEST_CASE("simulator: its timestamps show the gap that its clock made") {
  SimulatorSpec spec;
  spec.layout.scanBytes = 16;
  spec.layout.elements = {format(0, 32, 32), format(8, 64, 64)};
  spec.layout.timestamp = 1;
  spec.elements = {wave(Waveform::Counter, 0, 0), wave(Waveform::Timestamp, 0, 0)};
  spec.rateHz = 100'000;
  EngineSpec engineSpec;
  engineSpec.layout = spec.layout;
  engineSpec.payloadBytes = 16 * 100;
  engineSpec.queueDepth = 3;
  engineSpec.rateHz = spec.rateHz;
  engineSpec.timestampGaps = true;
  auto bench = std::make_shared<Bench>();
  auto transport = Simulator::create(spec);
  Simulator* simulator = transport.get();
  auto consumer = std::make_shared<FakeConsumer>(false);
  Engine engine(engineSpec, std::make_unique<FakeArena>(bench, 6, 1600), std::move(transport));
  std::atomic<uint32_t> wrong{0};
  consumer->onOffer = [&](const HeaderPtr& header, const std::byte* data) {
    for (const Segment& segment : header->segments)
      if (loadAs<uint32_t>(data + segment.offsetScans * 16) != static_cast<uint32_t>(segment.scan))
        ++wrong;
  };
  engine.addConsumer(consumer);
  engine.start();
  REQUIRE(eventually([&] { return engine.counters().blocks > 5; }));
  simulator->fault(SimulatedFault::LostBlocks);
  REQUIRE(eventually([&] { return engine.counters().gaps > 3; }));
  engine.stop();
  CHECK(wrong == 0);
  CHECK(engine.counters().grade == Grade::Exact);
  CHECK(engine.counters().jitterSeconds >= 0);
  CHECK(engine.counters().jitterSeconds < 1e-8);
}
