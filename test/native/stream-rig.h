// A stream of a simulator whose every sample is its scan index, and recordings of it read back.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "fakes.h"
#include "simulator.h"
#include "stream.h"

namespace streams {

using namespace fakes;

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "iio-stream-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

inline ScanLayout countingLayout() {
  ScanLayout layout;
  layout.scanBytes = 4;
  ScanElement element;
  element.storageBits = element.bits = 32;
  element.kind = NumberKind::Unsigned;
  layout.elements = {element};
  return layout;
}

// A simulator at max whose every sample is its scan index.
struct StreamRig {
  std::shared_ptr<Bench> bench = std::make_shared<Bench>();
  std::unique_ptr<Stream> stream;

  explicit StreamRig(uint32_t blocks = 12, uint32_t scans = 4096, bool max = true,
                     double rateHz = 1e6, uint64_t pyramidBytes = 1 << 20) {
    SimulatorSpec source;
    source.layout = countingLayout();
    SimulatedElement counter;
    counter.waveform = Waveform::Counter;
    source.elements = {counter};
    source.rateHz = rateHz;
    source.max = max;
    EngineSpec spec;
    spec.layout = source.layout;
    spec.payloadBytes = scans * 4;
    spec.queueDepth = 3;
    spec.rateHz = rateHz;
    stream = std::make_unique<Stream>(spec, std::make_unique<FakeArena>(bench, blocks, scans * 4),
                                      Simulator::create(source), pyramidBytes);
  }
  ~StreamRig() {
    stream.reset();
    bench->checkNoFaults();
  }
  bool reaches(uint64_t more) {
    uint64_t want = stream->engine().counters().blocks + more;
    return eventually([&] { return stream->engine().counters().blocks >= want; });
  }
};

// A stream whose blocks complete when the test says so.
struct OrderedStream {
  std::shared_ptr<Bench> bench = std::make_shared<Bench>();
  FakeTransport* transport;
  std::unique_ptr<Stream> stream;

  explicit OrderedStream(uint32_t blocks = 12, uint32_t scans = 4096, uint32_t depth = 3,
                         ScanLayout layout = countingLayout(), uint64_t pyramidBytes = 1 << 20) {
    EngineSpec spec;
    spec.layout = layout;
    spec.payloadBytes = scans * 4;
    spec.queueDepth = depth;
    spec.rateHz = 1e6;
    auto source = std::make_unique<FakeTransport>(bench, 4);
    transport = source.get();
    stream = std::make_unique<Stream>(spec, std::make_unique<FakeArena>(bench, blocks, scans * 4),
                                      std::move(source), pyramidBytes);
    stream->start();
  }
  ~OrderedStream() {
    stream.reset();
    bench->checkNoFaults();
  }
  Engine& engine() { return stream->engine(); }
  // Orders blocks and waits until they are published and summarised.
  void complete(uint32_t blocks) {
    for (uint32_t i = 0; i < blocks; ++i) order({});
  }
  void order(Order order) {
    const uint64_t want = engine().counters().blocks + 1;
    transport->order(order);
    REQUIRE(eventually([&] { return engine().counters().blocks >= want; }));
    const int64_t end = engine().counters().endScan;
    REQUIRE(eventually([&] { return stream->store().status().summarisedToScan == end; }));
  }
};

inline RecorderSpec recording(const Folder& folder, const std::string& name, int64_t scans = 0) {
  RecorderSpec spec;
  spec.layout = countingLayout();
  OutputSpec output;
  output.path = folder.path / (name + ".data");
  spec.outputs = {output};
  spec.journalPath = folder.path / (name + ".journal");
  spec.scans = scans;
  spec.blockCount = 12;
  return spec;
}

// Reads a file of scan indices: its first one and the number that follow one by one.
inline std::pair<uint32_t, size_t> readBack(const RecorderSpec& spec) {
  std::ifstream file(spec.outputs[0].path, std::ios::binary);
  std::vector<uint32_t> values(std::filesystem::file_size(spec.outputs[0].path) / 4);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * 4));
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] != values[i - 1] + 1) {
      MESSAGE("sample " << i << " is " << values[i] << " after " << values[i - 1] << ", first "
                        << values[0]);
      return {values[0], i};
    }
  return {values.empty() ? 0 : values[0], values.size()};
}

}  // namespace streams
