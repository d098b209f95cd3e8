#include "stream.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "fakes.h"
#include "simulator.h"

using namespace fakes;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "iio-stream-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

ScanLayout countingLayout() {
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
                     double rateHz = 1e6) {
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
                                      Simulator::create(source), 1 << 20);
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

RecorderSpec recording(const Folder& folder, const std::string& name, int64_t scans = 0) {
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
std::pair<uint32_t, size_t> readBack(const RecorderSpec& spec) {
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

}  // namespace

TEST_CASE(
    "stream: the store summarises what the engine acquires, and answers after stop and until "
    "close") {
  StreamRig rig;
  rig.stream->start();
  REQUIRE(rig.reaches(50));
  rig.stream->stop();
  int64_t end = rig.stream->engine().counters().endScan;
  REQUIRE(eventually([&] { return rig.stream->store().status().summarisedToScan == end; }));
  int64_t from = end - 100;
  SampleValues values = rig.stream->store().samples(0, from, 100);
  CHECK(from == end - 100);
  CHECK(std::visit([](const auto& v) { return static_cast<int64_t>(v.front()); }, values) ==
        end - 100);
  rig.stream->close();
  CHECK(rig.bench->memoryFreed);
}

TEST_CASE(
    "stream: a recording asked for once it is closed is one of nothing, and touches no memory") {
  Folder folder;
  StreamRig rig;
  rig.stream->start();
  REQUIRE(rig.reaches(3));
  rig.stream->close();
  REQUIRE(rig.bench->memoryFreed);
  auto recorder = rig.stream->record(recording(folder, "late"), 0);
  const RecorderStatus status = recorder->finish();
  CHECK(status.state == RecorderState::Done);
  CHECK(status.scans == 0);
}

TEST_CASE("stream: a recording from the history on holds every sample from there to its end") {
  Folder folder;
  StreamRig rig(16);
  rig.stream->start();
  REQUIRE(rig.reaches(30));
  for (int round = 0; round < 5; ++round) {
    auto history = rig.stream->engine().history();
    int64_t from = history.at(history.size() / 2)->firstScan();
    RecorderSpec spec = recording(folder, "history" + std::to_string(round));
    auto recorder = rig.stream->record(spec, from);
    REQUIRE(rig.reaches(40));
    RecorderStatus status = recorder->finish();
    CHECK(status.state == RecorderState::Done);
    CHECK(status.gaps == 0);
    auto [first, count] = readBack(spec);
    CHECK(first == status.firstScan);
    CHECK(status.firstScan >= from);
    CHECK(count == static_cast<size_t>(status.scans));
    CHECK(status.scans > 20 * 4096);
  }
}

TEST_CASE("stream: a recording of so many scans ends by itself while another goes on") {
  Folder folder;
  StreamRig rig;
  RecorderSpec shortSpec = recording(folder, "short", 10'001), longSpec = recording(folder, "long");
  auto brief = rig.stream->record(shortSpec, -1);
  auto lasting = rig.stream->record(longSpec, -1);
  rig.stream->start();
  REQUIRE(eventually([&] { return brief->status().state == RecorderState::Done; }));
  REQUIRE(rig.reaches(20));
  rig.stream->close();
  CHECK(readBack(shortSpec) == std::pair<uint32_t, size_t>{0, 10'001});
  auto [first, count] = readBack(longSpec);
  CHECK(first == 0);
  CHECK(count == rig.stream->engine().counters().scans);
  CHECK(lasting->status().state == RecorderState::Done);
}

TEST_CASE("stream: closing while a recording runs writes all that it held before the memory goes") {
  Folder folder;
  StreamRig rig;
  RecorderSpec spec = recording(folder, "closed");
  auto recorder = rig.stream->record(spec, -1);
  rig.stream->start();
  REQUIRE(rig.reaches(20));
  rig.stream.reset();
  CHECK(rig.bench->memoryFreed);
  CHECK(recorder->status().backlogBlocks == 0);
  CHECK(readBack(spec).second == static_cast<size_t>(recorder->status().scans));
}

TEST_CASE("stream: what was just seen can be saved after the stop") {
  Folder folder;
  StreamRig rig;
  rig.stream->start();
  REQUIRE(rig.reaches(30));
  rig.stream->stop();
  auto history = rig.stream->engine().history();
  size_t from = history.size() - 1;  // back to the first hole
  while (from > 0 && history[from - 1]->sequence + 1 == history[from]->sequence) --from;
  RecorderSpec spec = recording(folder, "afterwards");
  auto recorder = rig.stream->record(spec, 0);
  REQUIRE(eventually([&] { return recorder->status().state == RecorderState::Done; }));
  auto [first, count] = readBack(spec);
  CHECK(first == history[from]->firstScan());
  CHECK(count == (history.size() - from) * 4096);
}

TEST_CASE("stream: a recording that can't be made leaves the stream as it was") {
  Folder folder;
  StreamRig rig;
  rig.stream->start();
  RecorderSpec spec = recording(folder, "twice");
  auto recorder = rig.stream->record(spec, -1);
  CHECK_THROWS_AS(rig.stream->record(spec, -1), CoreError);
  REQUIRE(rig.reaches(20));
  CHECK(recorder->finish().state == RecorderState::Done);
}

TEST_CASE("stream: a pin over a hole tells the span behind the hole") {
  StreamRig rig(12, 16, false, 1e5);
  rig.stream->start();
  REQUIRE(rig.reaches(12));
  HeaderPtr old;
  REQUIRE(eventually([&] {
    old = rig.stream->engine().history().front();
    return rig.stream->engine().tryLease(old);
  }));
  REQUIRE(rig.reaches(30));
  rig.stream->stop();
  auto history = rig.stream->engine().history();
  REQUIRE(history.front() == old);
  int64_t from = 0, to = INT64_MAX;
  rig.stream->pin(from, to);
  CHECK(from > old->endScan());
  CHECK(to == history.back()->endScan());
  CHECK(rig.stream->engine().blockStates()[history[1]->block] ==
        static_cast<uint8_t>(BlockShown::Pinned));
  rig.stream->engine().release(old->block);
}

TEST_CASE("stream: a pin tells the span that it holds") {
  StreamRig rig(12, 16, false, 1e5);
  rig.stream->start();
  REQUIRE(rig.reaches(20));
  rig.stream->stop();
  auto history = rig.stream->engine().history();
  int64_t first = history.front()->firstScan(), end = history.back()->endScan();
  int64_t from = 0, to = end + 1000;
  PinId all = rig.stream->pin(from, to);
  CHECK(from == first);
  CHECK(to == end);
  rig.stream->unpin(all);
  from = first + 17;
  to = first + 20;
  PinId few = rig.stream->pin(from, to);
  CHECK(from == first + 17);
  CHECK(to == first + 20);
  CHECK(rig.stream->engine().pinned(few).size() == 1);
  rig.stream->unpin(few);
  from = 0;
  to = 1;
  if (first > 0) {
    rig.stream->pin(from, to);
    CHECK(from == to);
  }
}
