// A recording that goes as it should: every scan on file, every lease given back.
#include "recorder.h"

#include <doctest/doctest.h>

#include "recorder-support.h"

using namespace iio;
using test::at;
using test::Blocks;
using test::checkSegments;
using test::endErrno;
using test::endSamples;
using test::Folder;
using test::someOf;
using test::specOf;

TEST_CASE(
    "blocks of whole pages reach the file without a copy, every scan and every lease accounted "
    "for") {
  const Folder folder;
  Blocks blocks(16, 65536, 8);
  const auto recorder = Recorder::create(specOf(folder, 8, 16), blocks);
  for (int i = 0; i < 200; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
  const auto status = recorder->finish();
  CHECK(status.state == RecorderState::Done);
  CHECK(status.scans == 200 * 8192);
  CHECK(status.bytes == 200 * 65536);
  CHECK(status.firstScan == 1000);
  CHECK(status.gaps == 0);
  CHECK(status.backlogBlocks == 0);
  CHECK(status.seconds > 0);
  CHECK(status.cpuSeconds > 0);
  CHECK(status.freeBytes > 0);
  if (status.directWrites) CHECK(status.copiesPerByte == 0);
  CHECK(blocks.held() == 0);
  CHECK(test::holdsCount(folder.file("data"), 8, 200 * 8192));
  CHECK(checkSegments(folder, "data", 8) == 200 * 8192);
  CHECK(endSamples(folder) == 200 * 8192);
  CHECK(endErrno(folder) == 0);
  const auto records = test::readJournal(folder.file("journal"));
  CHECK(records.front().type == 1);
  CHECK(records.front().payload == test::bytesOf("{\"name\":\"test\"}"));
}

TEST_CASE("blocks that are no multiple of a page, short blocks among them, arrive scan by scan") {
  const Folder folder;
  Blocks blocks(8, 6000, 6);
  const auto recorder = Recorder::create(specOf(folder, 6, 8), blocks);
  int64_t scans = 0;
  for (uint32_t i = 0; i < 300; ++i) {
    const uint32_t n = i % 7 == 3 ? 1 + i : 1000;
    REQUIRE(blocks.complete(*recorder, n));
    scans += n;
  }
  const auto status = recorder->finish();
  CHECK(status.scans == scans);
  CHECK(test::holdsCount(folder.file("data"), 6, scans));
  CHECK(checkSegments(folder, "data", 6) == scans);
  CHECK(blocks.held() == 0);
}

TEST_CASE("memory that does not begin at a page is gathered, and the status says so") {
  const Folder folder;
  Blocks blocks(8, 65536, 4, 64);
  auto spec = specOf(folder, 4, 8);
  spec.directIo = false;
  const auto recorder = Recorder::create(spec, blocks);
  for (int i = 0; i < 200; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
  const auto status = recorder->finish();
  CHECK(test::holdsCount(folder.file("data"), 4, 200 * 16384));
  CHECK(status.copiesPerByte >= 1);
  CHECK(status.writeWay.way != WriteWay::Direct);
  CHECK_FALSE(status.writeWay.why.empty());
}

TEST_CASE("a recording of so many scans stops by itself at exactly that scan, within a block") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.scans = 2500;
  const auto recorder = Recorder::create(spec, blocks);
  std::atomic<int> news{0};
  recorder->onNews([&] { ++news; });
  for (int i = 0; i < 3; ++i) REQUIRE(blocks.complete(*recorder, 1024));
  CHECK_FALSE(blocks.complete(*recorder, 1024));
  REQUIRE(test::eventually([&] { return recorder->status().state == RecorderState::Done; }));
  CHECK(test::eventually([&] { return news == 1; }));
  CHECK(recorder->finish().scans == 2500);
  CHECK(test::holdsCount(folder.file("data"), 4, 2500));
  CHECK(checkSegments(folder, "data", 4) == 2500);
  CHECK(endSamples(folder) == 2500);
  CHECK(blocks.held() == 0);
}

TEST_CASE("converted outputs split a scan over files that stay in step") {
  const Folder folder;
  Blocks blocks(8, 12000, 12);
  auto spec = specOf(folder, 12, 8);
  spec.layout.elements = {{0, 32, 32, 0, 1, NumberKind::Unsigned, false},
                          {4, 64, 64, 0, 1, NumberKind::Signed, false}};
  spec.outputs = {{folder.file("data"), false, {{0, OutputType::U32}}},
                  {folder.file("times"), false, {{1, OutputType::I64As2U32}}}};
  spec.scans = 100'500;
  const auto recorder = Recorder::create(spec, blocks);
  while (blocks.complete(*recorder, 1000)) {
  }
  const auto status = recorder->finish();
  CHECK(status.scans == 100'500);
  CHECK(status.bytes == 100'500 * 12);
  CHECK(test::holdsCount(folder.file("data"), 4, 100'500));
  CHECK(checkSegments(folder, "data", 4) == 100'500);
  const auto times = test::contentOf(folder.file("times"));
  REQUIRE(times.size() == 100'500 * 8);
  bool same = true;
  for (uint32_t n = 0; n < 100'500; ++n) {
    std::byte scan[12];
    Blocks::fill(scan, 12, n);
    same &= std::memcmp(times.data() + n * 8, scan + 4, 8) == 0;
  }
  CHECK(same);
}

TEST_CASE("events are journaled at the scan that had been taken in") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  recorder->appendEvent(test::bytesOf("first"));
  REQUIRE(blocks.complete(*recorder, 1024));
  recorder->appendEvent(test::bytesOf("second"));
  recorder->finish();
  recorder->appendEvent(test::bytesOf("too late"));
  const auto events = test::ofType(test::readJournal(folder.file("journal")), 3);
  REQUIRE(events.size() == 2);
  CHECK(at<int64_t>(events[0].payload, 0) == 0);
  CHECK(at<int64_t>(events[1].payload, 0) == 1024);
  CHECK(someOf(events[1].payload, 16, 6) == test::bytesOf("second"));
  CHECK(test::readJournal(folder.file("journal")).back().type == 4);
}

TEST_CASE("a slow device's samples and journal reach the files while the recording runs") {
  const Folder folder;
  Blocks blocks(8, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 8), blocks);
  REQUIRE(blocks.complete(*recorder, 3));
  CHECK(test::eventually([&] { return test::holdsCount(folder.file("data"), 4, 3); }));
  CHECK(test::eventually([&] { return checkSegments(folder, "data", 4) == 3; }));
  REQUIRE(blocks.complete(*recorder, 5));
  CHECK(test::eventually([&] { return test::holdsCount(folder.file("data"), 4, 8); }));
  CHECK(test::eventually([&] { return recorder->status().scans == 8; }));
  CHECK(recorder->status().state == RecorderState::Recording);
  CHECK(endSamples(folder) == -1);
  recorder->finish();
}

TEST_CASE("the end of the stream ends the recording") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  REQUIRE(blocks.complete(*recorder, 1000));
  recorder->ended();
  CHECK(test::eventually([&] { return recorder->status().state == RecorderState::Done; }));
  CHECK(test::holdsCount(folder.file("data"), 4, 1000));
  CHECK_FALSE(blocks.complete(*recorder, 1000));
}

TEST_CASE(
    "finish can be called twice, from two threads, and is not needed before the recorder goes") {
  const Folder folder, other;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  REQUIRE(blocks.complete(*recorder, 1024));
  std::thread second([&] { CHECK(recorder->finish().scans == 1024); });
  CHECK(recorder->finish().scans == 1024);
  second.join();
  CHECK(recorder->finish().state == RecorderState::Done);
  {
    const auto left = Recorder::create(specOf(other, 4, 4), blocks);
    REQUIRE(blocks.complete(*left, 10));
  }
  CHECK(endSamples(other) == 10);
  CHECK(blocks.held() == 0);
}

TEST_CASE("a recording of nothing has empty files and a whole journal") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto status = Recorder::create(specOf(folder, 4, 4), blocks)->finish();
  CHECK(status.state == RecorderState::Done);
  CHECK(status.seconds == 0);
  CHECK(test::contentOf(folder.file("data")).empty());
  CHECK(endSamples(folder) == 0);
}

TEST_CASE(
    "blocks offered while another thread ends, asks and notes lose nothing that was accepted") {
  const Folder folder;
  Blocks blocks(8, 8192, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 8), blocks);
  std::atomic<int64_t> accepted{0};
  std::thread source([&] {
    for (uint32_t i = 0; blocks.complete(*recorder, 1 + i % 2048); ++i) accepted += 1 + i % 2048;
  });
  for (int i = 0; i < 50; ++i) {
    const auto status = recorder->status();
    CHECK(status.state == RecorderState::Recording);
    recorder->appendEvent(test::bytesOf("e"));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const auto status = recorder->finish();
  source.join();
  CHECK(status.scans == accepted);
  CHECK(test::holdsCount(folder.file("data"), 4, accepted));
  CHECK(checkSegments(folder, "data", 4) == accepted);
  CHECK(blocks.held() == 0);
}
