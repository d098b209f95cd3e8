// What native/addon.ts calls options, as the core's specifications. Every field is checked;
// ArgumentError names it.
#pragma once
#include <variant>

#include "arena.h"
#include "engine.h"
#include "fields.h"
#include "iio-transport.h"
#include "recorder.h"
#include "simulator.h"
#include "store.h"
#include "summariser.h"

namespace iio::binding {

// A kernel buffer, by either of its transports.
struct KernelSource {
  bool dmabuf = true;
  IioSourceSpec spec;  // without its control
};

struct StreamOptions {
  EngineSpec engine;
  ArenaSpec arena;
  std::variant<KernelSource, SimulatorSpec> source;
  uint64_t pyramidBytes = 0;
  int64_t deadlineMs = 5000;
};

struct RecordingOptions {
  RecorderSpec spec;  // layout and what the stream knows are filled in later
};

ScanLayout readLayout(const Field& field);
StreamOptions readStreamOptions(const Field& field);
std::vector<SimulatedElement> readSimulatedElements(const Field& field, size_t count);
SimulatedFault readFault(const Field& field);
Query readQuery(const Field& field, const ScanLayout& layout);
TriggerSpec readTrigger(const Field& field, const ScanLayout& layout);
RecordingOptions readRecordingOptions(const Field& field, const ScanLayout& layout);
FileStoreSpec readFileStoreOptions(const Field& field);

}  // namespace iio::binding
