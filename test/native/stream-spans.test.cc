// Recordings of a span of a stream: in its history, to come, or both.
#include <doctest/doctest.h>

#include "recorder-fixture.h"
#include "stream-rig.h"

using namespace streams;

namespace {

constexpr int64_t kBlock = 4096;

RecorderSpec span(const Folder& folder, const std::string& name, int64_t from, int64_t to) {
  RecorderSpec spec = recording(folder, name);
  spec.fromScan = from;
  spec.toScan = to;
  return spec;
}

bool ends(const std::shared_ptr<Recorder>& recorder) {
  return eventually([&] { return recorder->status().state == RecorderState::Done; });
}

// What a recording holds is what its status says: the scans from firstScan to endScan.
void checkWhole(const RecorderSpec& spec, const RecorderStatus& status) {
  auto [first, count] = readBack(spec);
  CHECK(count == static_cast<size_t>(status.scans));
  CHECK(status.endScan - status.firstScan == status.scans);
  if (count > 0) CHECK(first == status.firstScan);
}

}  // namespace

TEST_CASE("span: what has passed is recorded in whole blocks and ends by itself") {
  for (const bool stopped : {false, true}) {
    Folder folder;
    OrderedStream rig(48, kBlock);
    rig.complete(60);
    if (stopped) rig.stream->stop();
    const auto history = rig.engine().history();
    for (int64_t beyond : {0, 1, 4095, 4096}) {
      const int64_t from = history[15]->firstScan() + 5, to = history[30]->firstScan() + beyond;
      RecorderSpec spec = span(folder, "past" + std::to_string(beyond), from, to);
      const auto recorder = rig.stream->record(spec);
      REQUIRE(ends(recorder));
      checkWhole(spec, recorder->status());
      CHECK(recorder->status().firstScan == from - 5);
      CHECK(recorder->status().endScan == history[30]->firstScan() + (beyond ? kBlock : 0));
    }
  }
}

TEST_CASE("span: a past that a fast stream is about to overwrite is whole or begins later") {
  Folder folder;
  // Without summaries: where their thread is behind, a block it had to decline leaves the history
  // before the older ones that it holds.
  StreamRig rig(24, 4096, true, 1e6, 0);
  rig.stream->start();
  for (int round = 0; round < 20; ++round) {
    REQUIRE(rig.reaches(10));
    const int64_t to = rig.stream->engine().counters().endScan;
    RecorderSpec spec = span(folder, "fast" + std::to_string(round), to - 12 * kBlock - 5, to);
    const auto recorder = rig.stream->record(spec);
    REQUIRE(ends(recorder));
    checkWhole(spec, recorder->status());
    if (recorder->status().scans > 0) CHECK(recorder->status().endScan == to);
    CHECK(recorder->status().firstScan % kBlock == 0);
  }
}

TEST_CASE("span: one that begins in the history and ends in the future joins both") {
  Folder folder;
  OrderedStream rig(48, kBlock);
  rig.complete(40);
  const auto history = rig.engine().history();
  const int64_t from = history[20]->firstScan();
  const int64_t to = history.back()->endScan() + 20 * kBlock + 1;
  RecorderSpec spec = span(folder, "joined", from, to);
  const auto recorder = rig.stream->record(spec);
  rig.complete(20);
  CHECK(recorder->status().state == RecorderState::Recording);
  rig.complete(1);
  REQUIRE(ends(recorder));
  checkWhole(spec, recorder->status());
  CHECK(recorder->status().firstScan == from);
  CHECK(recorder->status().endScan == to - 1 + kBlock);
}

TEST_CASE("span: one that lies ahead begins with the block that holds its first scan") {
  Folder folder;
  OrderedStream rig;
  rig.complete(3);
  const int64_t now = rig.engine().counters().endScan;
  RecorderSpec spec = span(folder, "ahead", now + 10 * kBlock + 7, now + 13 * kBlock);
  const auto recorder = rig.stream->record(spec);
  rig.complete(10);
  CHECK(recorder->status().backlogBlocks == 0);
  rig.complete(3);
  REQUIRE(ends(recorder));
  CHECK(recorder->status().firstScan == now + 10 * kBlock);
  CHECK(recorder->status().endScan == now + 13 * kBlock);
  checkWhole(spec, recorder->status());
}

TEST_CASE("span: the number of scans ends it within a block where that comes first") {
  Folder folder;
  OrderedStream rig(24);
  rig.complete(20);
  const auto first = rig.engine().history()[5];
  RecorderSpec spec = span(folder, "cut", first->firstScan(), first->firstScan() + 10 * kBlock);
  spec.scans = 3 * kBlock + 100;
  const auto recorder = rig.stream->record(spec);
  REQUIRE(ends(recorder));
  CHECK(recorder->status().scans == spec.scans);
  checkWhole(spec, recorder->status());
}

TEST_CASE(
    "span: what the history no longer has is left out, and the status tells where it begins") {
  Folder folder;
  OrderedStream rig;
  rig.complete(40);
  rig.stream->stop();
  const auto oldest = rig.engine().history().front();
  RecorderSpec some = span(folder, "some", 0, oldest->firstScan() + 2 * kBlock);
  const auto partly = rig.stream->record(some);
  REQUIRE(ends(partly));
  CHECK(partly->status().firstScan == oldest->firstScan());
  CHECK(partly->status().scans == 2 * kBlock);
  checkWhole(some, partly->status());
  RecorderSpec none = span(folder, "none", 0, oldest->firstScan());
  const auto gone = rig.stream->record(none);
  REQUIRE(ends(gone));
  CHECK(gone->status().scans == 0);
  checkWhole(none, gone->status());
}

TEST_CASE("span: one that has passed is there although newer blocks have left the history") {
  Folder folder;
  OrderedStream rig;
  rig.complete(9);
  const auto history = rig.engine().history();
  const PinId pin = fakes::pinBlocks(rig.engine(), history[2], history[4]);
  rig.complete(12);
  RecorderSpec spec = span(folder, "pinned", 0, history[4]->endScan());
  const auto recorder = rig.stream->record(spec);
  REQUIRE(ends(recorder));
  CHECK(recorder->status().firstScan == history[2]->firstScan());
  CHECK(recorder->status().scans == 3 * kBlock);
  checkWhole(spec, recorder->status());
  rig.engine().unpin(pin);
}

TEST_CASE("span: one that ends within a gap ends with the block before it") {
  const test::Folder folder;
  test::Blocks blocks(4, 4096, 4);
  RecorderSpec spec;
  spec.layout = countingLayout();
  spec.outputs.push_back({folder.file("data"), true, {}});
  spec.journalPath = folder.file("journal");
  spec.blockCount = 4;
  spec.toScan = 1000 + 1024 + 50;
  const auto recorder = Recorder::create(spec, blocks);
  REQUIRE(blocks.complete(*recorder, 1024));
  CHECK(recorder->status().state == RecorderState::Recording);
  CHECK_FALSE(blocks.complete(*recorder, 1024, [](BlockHeader& header) {
    header.segments[0].hasGap = true;
    header.segments[0].gap = {Grade::Exact, GapCause::Counter, 100, 100, 100};
    header.segments[0].scan += 100;
  }));
  REQUIRE(ends(recorder));
  CHECK(recorder->status().endScan == 2024);
  CHECK(recorder->status().gaps == 0);
}

TEST_CASE("span: a recording of nearly all the history costs a running stream no block") {
  OrderedStream rig(16);
  const auto slow = std::make_shared<FakeConsumer>();
  rig.complete(30);
  rig.engine().addConsumer(slow, 0);  // gives nothing back
  CHECK(slow->count() == 10);
  slow->accept(false);
  rig.complete(10);
  CHECK(rig.engine().counters().gaps == 0);
  slow->letGo(rig.engine());
}

TEST_CASE(
    "span: blocks are held from the moment it is asked for, and given back if it can't begin") {
  const test::Folder folder;
  test::Blocks blocks(4, 4096, 4);
  RecorderSpec spec;
  spec.layout = countingLayout();
  spec.outputs.push_back({folder.file("data"), true, {}});
  spec.journalPath = folder.file("journal");
  spec.blockCount = 4;
  {
    const auto recorder = Recorder::prepare(spec, blocks);
    REQUIRE(blocks.complete(*recorder, 1024));
    REQUIRE(blocks.complete(*recorder, 1024));
    CHECK(folder.names().empty());
    recorder->begin();
    CHECK(recorder->finish().scans == 2048);
    CHECK(test::holdsCount(folder.file("data"), 4, 2048));
  }
  const auto again = Recorder::prepare(spec, blocks);
  REQUIRE(blocks.complete(*again, 1024));
  CHECK_THROWS_AS(again->begin(), CoreError);
  CHECK(blocks.held() == 0);
  CHECK_FALSE(blocks.complete(*again, 1024));
  const auto never = Recorder::prepare(spec, blocks);
  REQUIRE(blocks.complete(*never, 1024));
  CHECK(blocks.held() == 1);
}

TEST_CASE("span: an end before its beginning is refused") {
  const test::Folder folder;
  test::Blocks blocks(4, 4096, 4);
  RecorderSpec spec;
  spec.layout = countingLayout();
  spec.outputs.push_back({folder.file("data"), true, {}});
  spec.journalPath = folder.file("journal");
  spec.fromScan = spec.toScan = 100;
  CHECK_THROWS_AS(Recorder::prepare(spec, blocks), CoreError);
  CHECK(folder.names().empty());
}
