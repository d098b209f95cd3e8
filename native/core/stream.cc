#include "stream.h"

#include <algorithm>
#include <mutex>
#include <vector>

namespace iio {

struct Stream::Impl {
  Impl(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport,
       uint64_t pyramidBytes)
      : rateHz(spec.rateHz),
        engine(std::move(spec), std::move(arena), std::move(transport)),
        store(LiveStore::create(engine, rateHz, pyramidBytes)) {
    if (pyramidBytes > 0) engine.addConsumer(store);
  }

  // Recorders that have ended take no more blocks.
  void forgetEnded() {
    std::erase_if(recorders, [&](const std::shared_ptr<Recorder>& recorder) {
      if (recorder->status().state == RecorderState::Recording) return false;
      engine.removeConsumer(recorder.get());
      return true;
    });
  }

  const double rateHz;
  Engine engine;
  std::shared_ptr<LiveStore> store;
  std::mutex lock;
  std::vector<std::shared_ptr<Recorder>> recorders;  // guarded by lock
};

Stream::Stream(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport,
               uint64_t pyramidBytes)
    : impl_(std::make_unique<Impl>(std::move(spec), std::move(arena), std::move(transport),
                                   pyramidBytes)) {}

Stream::~Stream() { close(); }

void Stream::start() { impl_->engine.start(); }

void Stream::stop() noexcept { impl_->engine.stop(); }

void Stream::close() noexcept {
  impl_->engine.stop();
  std::vector<std::shared_ptr<Recorder>> recorders;
  {
    std::lock_guard guard(impl_->lock);
    recorders.swap(impl_->recorders);
  }
  for (const auto& recorder : recorders) {
    recorder->finish();
    impl_->engine.removeConsumer(recorder.get());
  }
  impl_->store->shutdown();
  impl_->engine.close();
}

Engine& Stream::engine() { return impl_->engine; }

LiveStore& Stream::store() { return *impl_->store; }

std::shared_ptr<Recorder> Stream::record(RecorderSpec spec) {
  spec.layout = impl_->engine.layout();
  spec.directIo = impl_->engine.directIo();
  spec.blockCount = impl_->engine.blockCount();
  spec.rateHz = impl_->rateHz;
  spec.proof = impl_->engine.counters().proof;
  const int64_t fromScan = spec.fromScan, toScan = spec.toScan;
  auto recorder = Recorder::prepare(std::move(spec), impl_->engine);
  impl_->engine.addConsumer(recorder, fromScan, toScan);
  try {
    recorder->begin();
  } catch (...) {
    impl_->engine.removeConsumer(recorder.get());
    throw;
  }
  std::lock_guard guard(impl_->lock);
  impl_->forgetEnded();
  impl_->recorders.push_back(recorder);
  return recorder;
}

PinId Stream::pin(int64_t& fromScan, int64_t& toScan) {
  std::vector<HeaderPtr> blocks = impl_->engine.history();
  std::erase_if(blocks, [&](const HeaderPtr& header) {
    return header->endScan() <= fromScan || header->firstScan() >= toScan;
  });
  PinId pin = impl_->engine.pin(blocks);
  std::vector<HeaderPtr> held = impl_->engine.pinned(pin);
  if (held.empty()) {
    toScan = fromScan;
    return pin;
  }
  // Back to the first hole: a block may have been given up while older ones were held.
  auto first = held.end() - 1;
  while (first != held.begin() && (*(first - 1))->sequence + 1 == (*first)->sequence) --first;
  fromScan = std::max(fromScan, (*first)->firstScan());
  toScan = std::min(toScan, held.back()->endScan());
  return pin;
}

void Stream::unpin(PinId pin) { impl_->engine.unpin(pin); }

}  // namespace iio
