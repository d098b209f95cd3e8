// Stream: an engine with its store, as the binding exposes it. Puts the parts together and takes them apart in order:
// store and recorder stop taking blocks, the engine stops, leases come back, memory and fds go.
#pragma once
#include <memory>
#include <string>

#include "engine.h"
#include "recorder.h"
#include "summariser.h"

namespace iio {

class Stream {
 public:
  Stream(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport,
         uint64_t pyramidBytes);
  ~Stream();
  void start();
  void stop() noexcept;
  void close() noexcept;
  Engine& engine();
  LiveStore& store();
  // A recorder that takes blocks from the next completion on, or from the block of the history that holds `fromScan`.
  std::shared_ptr<Recorder> record(RecorderSpec spec, int64_t fromScan);
  PinId pin(int64_t& fromScan, int64_t& toScan);
  void unpin(PinId pin);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iio
