#include "stream.h"

#include <doctest/doctest.h>

#include "stream-rig.h"

using namespace streams;

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
  RecorderSpec spec = recording(folder, "late");
  spec.fromScan = 0;
  auto recorder = rig.stream->record(spec);
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
    spec.fromScan = from;
    auto recorder = rig.stream->record(spec);
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
  auto brief = rig.stream->record(shortSpec);
  auto lasting = rig.stream->record(longSpec);
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
  auto recorder = rig.stream->record(spec);
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
  spec.fromScan = 0;
  auto recorder = rig.stream->record(spec);
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
  auto recorder = rig.stream->record(spec);
  CHECK_THROWS_AS(rig.stream->record(spec), CoreError);
  REQUIRE(rig.reaches(20));
  CHECK(recorder->finish().state == RecorderState::Done);
}

TEST_CASE("stream: a pin over a hole tells the span behind the hole") {
  OrderedStream rig(12, 16);
  rig.complete(12);
  const HeaderPtr old = rig.engine().history().front();
  REQUIRE(rig.engine().tryLease(old));
  rig.complete(18);
  rig.stream->stop();
  auto history = rig.stream->engine().history();
  REQUIRE(history.front() == old);
  int64_t from = 0, to = INT64_MAX;
  rig.stream->pin(from, to);
  CHECK(from > old->endScan());
  CHECK(to == history.back()->endScan());
  // Once the summaries have given it back, who had it when it was published.
  CHECK(eventually([&] {
    return rig.engine().blockStates()[history[1]->block] ==
           static_cast<uint8_t>(BlockShown::Pinned);
  }));
  rig.stream->engine().release(old->block);
}

TEST_CASE("stream: a pin tells the span that it holds") {
  OrderedStream rig(12, 16);
  rig.complete(20);
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
