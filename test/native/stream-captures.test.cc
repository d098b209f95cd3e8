// Trigger to record, through a stream to its files.
#include <doctest/doctest.h>

#include "recorder-fixture.h"
#include "stream-rig.h"

using namespace streams;

namespace {

constexpr int64_t kBlock = 4096, kPeriod = 65'536;

// The counter's second byte: a saw tooth that crosses 128 once in 65,536 scans, upwards at scan
// 32,768 of each period.
ScanLayout sawLayout() {
  ScanLayout layout = countingLayout();
  ScanElement saw;
  saw.offsetBytes = 1;
  saw.storageBits = saw.bits = 8;
  saw.kind = NumberKind::Unsigned;
  layout.elements.push_back(saw);
  return layout;
}

TriggerSpec trigger() {
  TriggerSpec spec;
  spec.trace.element = 1;
  spec.level = 127.5;
  spec.hysteresis = 10;
  return spec;
}

RecorderSpec captures(const Folder& folder, const std::string& name, double pre, double post,
                      int64_t limit = 0) {
  RecorderSpec spec = recording(folder, name);
  spec.captures = CaptureSpec{pre, post, limit};
  return spec;
}

bool ends(const std::shared_ptr<Recorder>& recorder) {
  return eventually([&] { return recorder->status().state == RecorderState::Done; });
}

struct Run {
  int64_t scan, count, cause;  // cause -1: no gap
};

// Every sample is where the journal says; answers the runs between gaps.
std::vector<Run> check(const RecorderSpec& spec) {
  const auto data = test::contentOf(spec.outputs[0].path);
  std::vector<Run> runs;
  bool right = true;
  for (const auto& record : test::ofType(test::readJournal(spec.journalPath), 2)) {
    const auto scan = test::at<int64_t>(record.payload, 8);
    const auto sample = test::at<int64_t>(record.payload, 16);
    const int64_t count = test::at<uint32_t>(record.payload, 24);
    const bool gap = test::at<uint8_t>(record.payload, 40) != 0;
    for (int64_t i = 0; i < count; ++i)
      right &= test::at<uint32_t>(data, size_t(sample + i) * 4) == uint32_t(scan + i);
    if (runs.empty() || gap)
      runs.push_back({scan, 0, gap ? test::at<uint8_t>(record.payload, 42) : -1});
    if (gap) {
      CHECK(test::at<uint8_t>(record.payload, 41) == 0);
      CHECK(test::at<int64_t>(record.payload, 48) == 0);
      CHECK(test::at<int64_t>(record.payload, 64) == 0);
    }
    runs.back().count += count;
  }
  CHECK(right);
  return runs;
}

}  // namespace

TEST_CASE(
    "captures: each trigger's span is in the files, from before the recording was asked for") {
  Folder folder;
  OrderedStream rig(24, kBlock, 3, sawLayout());
  rig.stream->store().setTrigger(trigger());
  rig.complete(7);  // up to scan 28,672
  RecorderSpec spec = captures(folder, "three", 10'000, 5000, 3);
  const auto recorder = rig.stream->record(spec);
  for (int i = 0; i < 50 && recorder->status().state == RecorderState::Recording; ++i)
    rig.complete(1);
  REQUIRE(ends(recorder));
  const RecorderStatus status = recorder->status();
  CHECK(status.captures == 3);
  CHECK(status.capturesMissed == 0);
  CHECK(status.gaps == 0);
  CHECK(status.lost == 0);
  CHECK(status.grade == Grade::Exact);
  const auto runs = check(spec);
  REQUIRE(runs.size() == 3);
  const auto listed = recorder->drainCaptures();
  REQUIRE(listed.size() == 3);
  CHECK(recorder->drainCaptures().empty());
  for (int64_t i = 0; i < 3; ++i) {
    const int64_t at = i * kPeriod + 32'767;
    const Run& run = runs[size_t(i)];
    CHECK(run.scan == (at - 10'000) / kBlock * kBlock);
    CHECK(run.scan + run.count == (at + 5001 + kBlock - 1) / kBlock * kBlock);
    CHECK(run.cause == (i ? int64_t(GapCause::NotRecorded) : -1));
    const Capture& capture = listed[size_t(i)];
    CHECK(capture.scan == at);
    CHECK(capture.fraction == 0.5);
    CHECK(capture.fromScan == at - 10'000);
    CHECK(capture.toScan == at + 5002);
    CHECK(capture.peak == 128 + 5000 / 256);
    CHECK(capture.cut);
    CHECK(capture.timeNs > 0);
  }
  CHECK(status.firstScan == runs[0].scan);
  CHECK(status.endScan == runs[2].scan + runs[2].count);
}

TEST_CASE("captures: a pulse that comes back has a width") {
  Folder folder;
  OrderedStream rig(48, kBlock, 3, sawLayout());
  rig.stream->store().setTrigger(trigger());
  RecorderSpec spec = captures(folder, "wide", 0, 40'000, 1);
  const auto recorder = rig.stream->record(spec);
  for (int i = 0; i < 30 && recorder->status().state == RecorderState::Recording; ++i)
    rig.complete(1);
  REQUIRE(ends(recorder));
  const auto listed = recorder->drainCaptures();
  REQUIRE(listed.size() == 1);
  CHECK_FALSE(listed[0].cut);
  CHECK(listed[0].peak == 255);
  CHECK(listed[0].widthScans == doctest::Approx(32'768).epsilon(1e-4));
}

TEST_CASE("captures: each can be a part of its own, and none is split over two") {
  Folder folder;
  OrderedStream rig(24, kBlock, 3, sawLayout());
  rig.stream->store().setTrigger(trigger());
  RecorderSpec firstSpec = captures(folder, "one", 10'000, 9000), nextSpec = firstSpec;
  firstSpec.partScans = 1;
  nextSpec.outputs[0].path = folder.path / "two.data";
  nextSpec.journalPath = folder.path / "two.journal";
  const auto first = rig.stream->record(firstSpec);
  const auto second = rig.stream->next(first.get(), nextSpec);
  rig.complete(30);
  CHECK(ends(first));
  CHECK(second->status().state == RecorderState::Recording);
  second->finish();
  const auto runs = check(firstSpec), later = check(nextSpec);
  REQUIRE(runs.size() == 1);
  REQUIRE(later.size() == 1);
  CHECK(later[0].cause == -1);
  CHECK(runs[0].scan + runs[0].count > 32'767 + 9000);
  CHECK(later[0].scan == (kPeriod + 32'767 - 10'000) / kBlock * kBlock);
  CHECK(first->drainCaptures().size() == 1);
  CHECK(second->drainCaptures().size() == 1);
}

TEST_CASE("captures: the end of the stream, and a stop, list what is under way") {
  for (const int how : {0, 1, 2}) {
    CAPTURE(how);
    Folder folder;
    OrderedStream rig(24, kBlock, 3, sawLayout());
    rig.stream->store().setTrigger(trigger());
    RecorderSpec spec = captures(folder, "cut", 100, 1e9);
    const auto recorder = rig.stream->record(spec);
    rig.complete(10);
    if (how == 0) rig.stream->stop();
    if (how == 1) recorder->finish();
    if (how == 2) rig.stream->close();
    REQUIRE(ends(recorder));
    const auto listed = recorder->drainCaptures();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].toScan == 10 * kBlock);
    CHECK(recorder->status().endScan == 10 * kBlock);
    CHECK(recorder->status().captures == 1);
    CHECK(check(spec).size() == 1);
  }
}

TEST_CASE("captures: a disk that fails ends them, and the list says what was taken") {
  Folder folder;
  OrderedStream rig(24, kBlock, 3, sawLayout());
  rig.stream->store().setTrigger(trigger());
  RecorderSpec spec = captures(folder, "fails", 100, 1e9);
  const auto recorder = rig.stream->record(spec);
  rig.complete(10);
  std::filesystem::remove(spec.outputs[0].path);
  REQUIRE(eventually([&] { return recorder->status().state == RecorderState::Failed; }));
  rig.complete(1);
  CHECK(recorder->drainCaptures().size() == 1);
  CHECK(recorder->status().backlogBlocks == 0);
}

TEST_CASE("captures: a stream without summaries refuses them, and leaves no file") {
  Folder folder;
  OrderedStream rig(12, kBlock, 3, sawLayout(), 0);
  CHECK_THROWS_AS(rig.stream->record(captures(folder, "none", 1, 1)), CoreError);
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("captures: at full speed every capture is whole, while another recording runs") {
  Folder folder;
  StreamRig rig(32);
  RecorderSpec spec = captures(folder, "fast", 3000, 3000), all = recording(folder, "all");
  TriggerSpec low = trigger();
  low.trace.element = 0;
  low.trace.scale = 1;
  rig.stream->store().setTrigger(low);
  const auto lasting = rig.stream->record(all);
  const auto recorder = rig.stream->record(spec);
  rig.stream->start();
  REQUIRE(rig.reaches(200));
  rig.stream->stop();
  REQUIRE(ends(recorder));
  REQUIRE(ends(lasting));
  const auto listed = recorder->drainCaptures();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].scan == 127);
  check(spec);
  readBack(all);
}
