// Stream: an engine with its store, as the binding exposes it. Puts the parts together and takes
// them apart in order: store and recorder stop taking blocks, the engine stops, leases come back,
// memory and fds go.
#pragma once
#include <memory>
#include <string>

#include "engine.h"
#include "recorder.h"
#include "summariser.h"

namespace iio {

class Stream {
 public:
  // `pyramidBytes` 0: no summaries, and nothing to draw (benches of the pool alone).
  Stream(EngineSpec spec, std::unique_ptr<Arena> arena, std::unique_ptr<Transport> transport,
         uint64_t pyramidBytes);
  ~Stream();
  void start();           // throws CoreError
  void stop() noexcept;   // history and store stay readable, recordings finish by themselves
  void close() noexcept;  // waits until recordings are finished
  Engine& engine();
  LiveStore& store();
  // A recorder of the span of its spec: from the next completion on, or from the block of the
  // history that holds `fromScan` (or the oldest behind which the history has no hole), or from a
  // block to come. It holds what the history has of it before its files are made, and is in the
  // stream until it ends. What of the spec the stream knows itself (layout, rate, blocks, direct
  // I/O) it fills in. At any time: once the stream is closed, a recording of nothing.
  std::shared_ptr<Recorder> record(RecorderSpec spec);
  // The part of a recording that goes on from `part`, waiting for it to be full (recorder-chain.h).
  // Throws CoreError.
  std::shared_ptr<Recorder> next(const Recorder* part, RecorderSpec spec);
  PinId pin(int64_t& fromScan, int64_t& toScan);
  void unpin(PinId pin);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iio
