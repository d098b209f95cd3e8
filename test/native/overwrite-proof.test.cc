// What a device left as it was in a block is found; what it wrote is not held against it.
#include "overwrite-proof.h"

#include <doctest/doctest.h>

#include <cstring>

#include "fakes.h"

using namespace iio;

namespace {
constexpr size_t kBytes = 4096 + 24;

EngineSpec proving(uint32_t queueDepth) {
  EngineSpec spec;
  spec.layout.scanBytes = 4;
  ScanElement element;
  element.storageBits = element.bits = 32;
  element.kind = NumberKind::Unsigned;
  spec.layout.elements = {element};
  spec.payloadBytes = 4096;
  spec.queueDepth = queueDepth;
  spec.proveOverwritten = true;
  return spec;
}

}  // namespace

TEST_CASE(
    "overwrite: a block that was written everywhere proves the device, whatever was written") {
  for (const int value : {0, 0x55, 0xFF}) {
    OverwriteProof proof(2);
    std::vector<std::byte> block(kBytes);
    proof.fill(1, block.data(), kBytes);
    std::memset(block.data(), value, kBytes);
    CHECK(proof.look(1, block.data(), kBytes));
    CHECK(proof.count().blocks == 1);
    CHECK(proof.count().staleBytes == 0);
  }
}

TEST_CASE("overwrite: a single line that is as before is found, wherever it lies") {
  for (const size_t line : {size_t{0}, size_t{17}, size_t{63}}) {
    OverwriteProof proof(4);
    std::vector<std::byte> block(kBytes);
    proof.fill(3, block.data(), kBytes);
    std::memset(block.data(), 7, line * 64);
    std::memset(block.data() + (line + 1) * 64, 7, kBytes - (line + 1) * 64);
    CHECK(!proof.look(3, block.data(), kBytes));
    CHECK(proof.count().staleBytes == 64);
  }
}

TEST_CASE("overwrite: what lies behind a short block is not looked at, and each block but once") {
  OverwriteProof proof(2);
  std::vector<std::byte> block(kBytes);
  proof.fill(0, block.data(), kBytes);
  std::memset(block.data(), 7, 1024);
  CHECK(proof.look(0, block.data(), 1024));
  CHECK(proof.look(0, block.data(), kBytes));
  CHECK(proof.count().blocks == 1);
}

TEST_CASE(
    "overwrite: a stream whose device leaves old bytes ends before they are shown, and says so") {
  using namespace fakes;
  auto bench = std::make_shared<Bench>();
  auto source = std::make_unique<FakeTransport>(bench, 4);
  FakeTransport& transport = *source;
  Engine engine(proving(3), std::make_unique<FakeArena>(bench, 8, 4096), std::move(source));
  engine.start();
  transport.order({});
  REQUIRE(eventually([&] { return engine.counters().blocks == 1; }));
  CHECK(engine.counters().overwritten.blocks == 1);
  CHECK(engine.counters().overwritten.staleBytes == 0);
  Order stale;
  stale.writes = false;
  transport.order(stale);
  REQUIRE(eventually([&] { return engine.counters().state == EngineState::Failed; }));
  CHECK(engine.counters().blocks == 1);
  CHECK(engine.counters().overwritten.staleBytes == 4096);
  CHECK(engine.counters().fault.message.find("Choose another memory") != std::string::npos);
  engine.close();
}

TEST_CASE("overwrite: what completed behind a block with old bytes is found, behind a known loss") {
  using namespace fakes;
  auto bench = std::make_shared<Bench>();
  auto source = std::make_unique<FakeTransport>(bench, 4);
  FakeTransport& transport = *source;
  Engine engine(proving(4), std::make_unique<FakeArena>(bench, 8, 4096), std::move(source));
  engine.start();
  transport.batch({{}, {.writes = false}, {}, {}});
  REQUIRE(eventually([&] { return engine.counters().state == EngineState::Failed; }));
  const auto history = engine.history();
  REQUIRE(history.size() == 3);
  for (uint64_t sequence = 0; sequence < 3; ++sequence) {
    const HeaderPtr found = engine.tryLease(sequence);
    CHECK(found == history[sequence]);
    if (found) engine.release(found->block);
  }
  const Segment& behind = history[1]->segments.front();
  REQUIRE(behind.hasGap);
  CHECK(behind.gap.cause == GapCause::FailedBlock);
  CHECK(behind.gap.lost == 1024);
  CHECK(behind.scan == 2048);
  int64_t from = 0, to = 2048 + 1024;
  const PinId pin = engine.pin(from, to);
  CHECK(from == 0);
  CHECK(to == 2048 + 1024);
  CHECK(engine.pinned(pin) == std::vector<HeaderPtr>{history[0], history[1]});
  engine.unpin(pin);
  engine.close();
}

TEST_CASE(
    "overwrite: a start that is cancelled fills no further block and leaves the device alone") {
  using namespace fakes;
  // Cancelled from another thread while the third block is being filled.
  struct Filling : FakeArena {
    Filling(std::shared_ptr<Bench> bench, Allocation& stop)
        : FakeArena(bench, 8, 4096), stop_(stop) {}
    std::byte* data(BlockIndex block) const override {
      if (block == 2) stop_.cancel();
      if (block > 2) ++late;
      return FakeArena::data(block);
    }
    mutable uint32_t late = 0;
    Allocation& stop_;
  };
  auto bench = std::make_shared<Bench>();
  Allocation allocation;
  EngineSpec spec = proving(3);
  spec.allocation = &allocation;
  auto memory = std::make_unique<Filling>(bench, allocation);
  const Filling& filling = *memory;
  Engine engine(spec, std::move(memory), std::make_unique<FakeTransport>(bench, 4));
  int err = 0;
  try {
    engine.start();
  } catch (const CoreError& error) {
    err = error.fault.err;
  }
  CHECK(err == ECANCELED);
  CHECK(filling.late == 0);
  CHECK(bench->calls == std::vector<std::string>{"close"});
  engine.close();
}
