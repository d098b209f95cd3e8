#include "stream.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "capture-gate.h"
#include "recorder-chain.h"

namespace iio {

struct Stream::Impl {
  Impl(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport,
       uint64_t pyramidBytes)
      : rateHz(spec.rateHz),
        payloadBytes(spec.payloadBytes),
        summaries(pyramidBytes > 0),
        engine(std::move(spec), std::move(arena), std::move(transport)),
        store(LiveStore::create(engine, rateHz, pyramidBytes)) {
    if (summaries) engine.addConsumer(store);
  }

  void forgetEnded() {
    std::erase_if(recordings, [&](const std::shared_ptr<RecorderChain>& recording) {
      if (!recording->over()) return false;
      engine.removeConsumer(recording.get());
      return true;
    });
  }

  std::shared_ptr<RecorderChain> recordingOf(const Recorder* part) {
    std::lock_guard guard(lock);
    for (const auto& recording : recordings)
      if (recording->holds(part)) return recording;
    return nullptr;
  }

  void complete(RecorderSpec& spec) const {
    spec.layout = engine.layout();
    spec.directIo = engine.directIo();
    spec.payloadBytes = payloadBytes;
    spec.blockCount = engine.blockCount();
    spec.rateHz = rateHz;
    spec.proof = engine.counters().proof;
  }

  void keep(std::shared_ptr<RecorderChain> recording) {
    std::lock_guard guard(lock);
    forgetEnded();
    recordings.push_back(std::move(recording));
  }

  std::shared_ptr<Recorder> capture(RecorderSpec spec);

  const double rateHz;
  const uint32_t payloadBytes;  // of a full block
  const bool summaries;
  Engine engine;
  std::shared_ptr<LiveStore> store;
  std::mutex lock;
  std::vector<std::shared_ptr<RecorderChain>> recordings;  // guarded by lock
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
  std::vector<std::shared_ptr<RecorderChain>> recordings;
  {
    std::lock_guard guard(impl_->lock);
    recordings.swap(impl_->recordings);
  }
  for (const auto& recording : recordings) {
    recording->finish();
    impl_->engine.removeConsumer(recording.get());
  }
  impl_->store->shutdown();
  impl_->engine.close();
}

Engine& Stream::engine() { return impl_->engine; }

LiveStore& Stream::store() { return *impl_->store; }

std::shared_ptr<Recorder> Stream::record(RecorderSpec spec) {
  impl_->complete(spec);
  if (spec.captures) return impl_->capture(std::move(spec));
  const int64_t fromScan = spec.fromScan, toScan = spec.toScan;
  const auto recording = RecorderChain::create(std::move(spec), impl_->engine);
  impl_->engine.addConsumer(recording, fromScan, toScan);
  std::shared_ptr<Recorder> first;
  try {
    first = recording->begin();
  } catch (...) {
    impl_->engine.removeConsumer(recording.get());
    throw;
  }
  impl_->keep(recording);
  return first;
}

std::shared_ptr<Recorder> Stream::Impl::capture(RecorderSpec spec) {
  if (!summaries)
    throw CoreError(Fault{EINVAL, "record", "",
                          "A stream without summaries has no scope trigger to record by. Give it a "
                          "budget for summaries."});
  const CaptureGateSpec gateSpec{*spec.captures, spec.fromScan, spec.toScan, rateHz};
  spec.fromScan = -1;  // of the triggers: a span before one may reach further back
  const auto recording = RecorderChain::create(std::move(spec), engine);
  const auto gate = std::make_shared<CaptureGate>(gateSpec, engineMemory(engine), recording);
  recording->onFinish([weak = std::weak_ptr(gate)] {
    if (const auto there = weak.lock()) there->close();
  });
  auto first = recording->begin();
  keep(recording);
  store->follow(gate);
  return first;
}

std::shared_ptr<Recorder> Stream::next(const Recorder* part, RecorderSpec spec) {
  impl_->complete(spec);
  const auto recording = impl_->recordingOf(part);
  if (!recording)
    throw CoreError(Fault{ECANCELED, "", "",
                          "The recording has ended. Start another one, or keep what is there."});
  return recording->next(part, std::move(spec));
}

PinId Stream::pin(int64_t& fromScan, int64_t& toScan) {
  return impl_->engine.pin(fromScan, toScan);
}

void Stream::unpin(PinId pin) { impl_->engine.unpin(pin); }

}  // namespace iio
