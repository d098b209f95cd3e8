// A live store over an engine's blocks.
#include "summariser.h"

#include "live-store.h"

namespace iio {
namespace {

class EngineMemory final : public BlockMemory {
 public:
  explicit EngineMemory(Engine& engine) : engine_(engine) {}
  bool tryLease(const HeaderPtr& header) override { return engine_.tryLease(header); }
  HeaderPtr tryLease(uint64_t sequence) override { return engine_.tryLease(sequence); }
  void release(BlockIndex block) noexcept override { engine_.release(block); }
  const std::byte* data(BlockIndex block) const override { return engine_.data(block); }
  bool holds(const BlockHeader& header) const override { return engine_.holds(header); }
  int64_t unbrokenFrom(const HeaderPtr& header) const override {
    return engine_.unbrokenFrom(header);
  }
  int64_t oldestScan() const override { return engine_.historyFromScan(); }
  const ScanLayout& layout() const override { return engine_.layout(); }
  uint32_t blockCount() const override { return engine_.blockCount(); }
  uint32_t queuedBlocks() const override { return engine_.queuedBlocks(); }
  bool waitsForBlocks() const override { return engine_.transport().waitsForBlocks(); }

 private:
  Engine& engine_;
};

}  // namespace

std::unique_ptr<BlockMemory> engineMemory(Engine& engine) {
  return std::make_unique<EngineMemory>(engine);
}

std::shared_ptr<LiveStore> LiveStore::create(Engine& engine, double rateHz, uint64_t pyramidBytes) {
  return createLiveStore(engineMemory(engine), rateHz, pyramidBytes);
}

}  // namespace iio
