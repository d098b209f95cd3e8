#include "recorder.h"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

#include "recorder-fixture.h"

using namespace iio;
using test::at;
using test::Blocks;
using test::Folder;

namespace {

RecorderSpec specOf(const Folder& folder, uint32_t scanBytes, uint32_t blockCount) {
  RecorderSpec spec;
  spec.layout.scanBytes = scanBytes;
  for (uint32_t offset = 0; offset + 2 <= scanBytes; offset += 2)
    spec.layout.elements.push_back({offset, 16, 16, 0, 1, NumberKind::Unsigned, false});
  spec.outputs.push_back({folder.file("data"), true, {}});
  spec.journalPath = folder.file("journal");
  spec.journalHeader = test::bytesOf("{\"name\":\"test\"}");
  spec.directIo = true;
  spec.blockCount = blockCount;
  spec.proof = {Grade::Exact, Evidence::Transport};
  return spec;
}

std::vector<std::byte> someOf(const std::vector<std::byte>& bytes, int64_t from, int64_t count) {
  return {bytes.begin() + from, bytes.begin() + from + count};
}

// Segments follow one another, and their CRCs are those of the file's bytes; answers the scans they
// hold.
int64_t checkSegments(const Folder& folder, const std::string& name, int64_t scanBytes) {
  const auto data = test::contentOf(folder.file(name));
  int64_t sample = 0;
  for (const auto& record : test::ofType(test::readJournal(folder.file("journal")), 2)) {
    CHECK(at<int64_t>(record.payload, 16) == sample);
    const int64_t count = at<uint32_t>(record.payload, 24);
    REQUIRE((sample + count) * scanBytes <= int64_t(data.size()));
    const auto part = someOf(data, sample * scanBytes, count * scanBytes);
    CHECK(at<uint32_t>(record.payload, 28) == crc32c(0, part.data(), part.size()));
    sample += count;
  }
  return sample;
}

int64_t endSamples(const Folder& folder) {
  const auto ends = test::ofType(test::readJournal(folder.file("journal")), 4);
  return ends.size() == 1 ? at<int64_t>(ends[0].payload, 0) : -1;
}

uint32_t endErrno(const Folder& folder) {
  const auto ends = test::ofType(test::readJournal(folder.file("journal")), 4);
  return ends.size() == 1 ? at<uint32_t>(ends[0].payload, 16) : UINT32_MAX;
}

Fault faultOf(const RecorderSpec& spec, Leases& leases) {
  try {
    Recorder::create(spec, leases);
  } catch (const CoreError& error) {
    return error.fault;
  }
  return {};
}

}  // namespace

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

TEST_CASE("gaps are counted and journaled, but for the one before the recording began") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  auto lose = [](Gap gap) {
    return [gap](BlockHeader& header) {
      header.segments[0].hasGap = true;
      header.segments[0].gap = gap;
      header.segments[0].scan += gap.lost;
    };
  };
  REQUIRE(blocks.complete(*recorder, 1024, lose({Grade::Exact, GapCause::Restart, 999, 999, 999})));
  REQUIRE(blocks.complete(*recorder, 1024, lose({Grade::Exact, GapCause::Counter, 7, 7, 7})));
  REQUIRE(blocks.complete(*recorder, 1024));
  REQUIRE(
      blocks.complete(*recorder, 1024, lose({Grade::Estimated, GapCause::DryQueue, 50, 40, 60})));
  const auto middle = [](BlockHeader& header) {  // and one within a block
    Segment second = header.segments[0];
    header.segments[0].scanCount = 100;
    second = {100,
              924,
              second.scan + 103,
              second.sample + 100,
              true,
              {Grade::Exact, GapCause::Timestamp, 3, 3, 3}};
    header.segments.push_back(second);
  };
  REQUIRE(blocks.complete(*recorder, 1024, middle));
  const auto status = recorder->finish();
  CHECK(status.firstScan == 1999);
  CHECK(status.gaps == 3);
  CHECK(status.lost == 60);
  CHECK(status.lostMin == 50);
  CHECK(status.lostMax == 70);
  CHECK(status.grade == Grade::Estimated);
  CHECK(test::holdsCount(folder.file("data"), 4, 5 * 1024));
  CHECK(checkSegments(folder, "data", 4) == 5 * 1024);
  const auto segments = test::ofType(test::readJournal(folder.file("journal")), 2);
  REQUIRE(segments.size() == 6);
  CHECK(at<uint8_t>(segments[0].payload, 40) == 0);
  CHECK(at<int64_t>(segments[1].payload, 48) == 7);
  CHECK(at<uint8_t>(segments[1].payload, 42) == uint8_t(GapCause::Counter));
  CHECK(at<int64_t>(segments[1].payload, 8) == 1999 + 1024 + 7);
  CHECK(at<uint64_t>(segments[5].payload, 72) == 100);
}

TEST_CASE("a gap without a bound leaves the recording without one") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  REQUIRE(blocks.complete(*recorder, 1024));
  REQUIRE(blocks.complete(*recorder, 1024, [](BlockHeader& header) {
    header.segments[0].hasGap = true;
    header.segments[0].gap = {Grade::Unknown, GapCause::FailedBlock, 0, 5, -1};
  }));
  REQUIRE(blocks.complete(*recorder, 1024, [](BlockHeader& header) {
    header.segments[0].hasGap = true;
    header.segments[0].gap = {Grade::Exact, GapCause::Counter, 2, 2, 2};
  }));
  const auto status = recorder->finish();
  CHECK(status.gaps == 2);
  CHECK(status.lostMin == 7);
  CHECK(status.lostMax == -1);
  CHECK(status.grade == Grade::Unknown);
}

TEST_CASE(
    "a recording claims no more than its stream can prove, before and after the first block") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.proof = {Grade::Estimated, Evidence::Transport};
  blocks.proof = spec.proof;
  const auto recorder = Recorder::create(spec, blocks);
  CHECK(recorder->status().grade == Grade::Estimated);
  REQUIRE(blocks.complete(*recorder, 1024));
  blocks.proof = {Grade::Exact, Evidence::Timestamps};
  REQUIRE(blocks.complete(*recorder, 1024));
  REQUIRE(blocks.complete(*recorder, 1024));
  blocks.proof = {Grade::Unknown, Evidence::Transport};
  REQUIRE(blocks.complete(*recorder, 1024));
  CHECK(recorder->finish().grade == Grade::Unknown);
  const auto proofs = test::ofType(test::readJournal(folder.file("journal")), 5);
  REQUIRE(proofs.size() == 3);
  const std::vector<std::vector<int64_t>> expected{{0, 1, 0}, {1024, 0, 1}, {3072, 2, 0}};
  for (size_t i = 0; i < 3; ++i) {
    CHECK(proofs[i].payload.size() == 16);
    CHECK(at<int64_t>(proofs[i].payload, 0) == expected[i][0]);
    CHECK(at<uint8_t>(proofs[i].payload, 8) == expected[i][1]);
    CHECK(at<uint8_t>(proofs[i].payload, 9) == expected[i][2]);
  }
}

TEST_CASE("what a counter told is worth nothing once it is given up") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.proof = blocks.proof = {Grade::Exact, Evidence::Counter};
  const auto recorder = Recorder::create(spec, blocks);
  REQUIRE(blocks.complete(*recorder, 1024));
  REQUIRE(blocks.complete(*recorder, 1024, [](BlockHeader& header) {
    header.segments[0].hasGap = true;
    header.segments[0].gap = {Grade::Exact, GapCause::Counter, 500, 500, 500};
  }));
  blocks.proof = {Grade::Estimated, Evidence::Transport};
  REQUIRE(blocks.complete(*recorder, 1024, [](BlockHeader& header) {
    header.segments[0].hasGap = true;
    header.segments[0].gap = {Grade::Estimated, GapCause::DryQueue, 7, 5, 9};
  }));
  const auto status = recorder->finish();
  CHECK(status.gaps == 2);
  CHECK(status.lost == 7);
  CHECK(status.lostMin == 5);
  CHECK(status.lostMax == -1);
  CHECK(status.grade == Grade::Unknown);
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

TEST_CASE("a file that is there already is not touched, and nothing else is left behind") {
  Blocks blocks(4, 4096, 4);
  for (const std::string taken : {"data", "second", "journal"}) {
    const Folder folder;
    auto spec = specOf(folder, 4, 4);
    spec.outputs.push_back({folder.file("second"), true, {}});
    { std::ofstream(folder.file(taken)) << "mine"; }
    const Fault fault = faultOf(spec, blocks);
    CHECK(fault.err == EEXIST);
    CHECK(fault.path == folder.file(taken));
    CHECK(folder.names() == std::vector<std::string>{taken});
    CHECK(test::contentOf(folder.file(taken)) == test::bytesOf("mine"));
  }
}

TEST_CASE("a folder that is not there, and outputs that make no sense, are refused") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.journalPath = folder.file("none/journal");
  CHECK(faultOf(spec, blocks).err == ENOENT);
  spec = specOf(folder, 4, 4);
  spec.outputs[0] = {folder.file("data"), false, {{9, OutputType::I16}}};
  CHECK(faultOf(spec, blocks).err == EINVAL);
  spec.outputs.clear();
  CHECK(faultOf(spec, blocks).err == EINVAL);
  CHECK(folder.names().empty());
}

TEST_CASE("below the floor of free space a recording does not begin") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.freeFloorBytes = INT64_MAX / 2;
  const Fault fault = faultOf(spec, blocks);
  CHECK(fault.err == ENOSPC);
  CHECK_FALSE(fault.message.empty());
  CHECK(folder.names().empty());
}

TEST_CASE(
    "a write that fails stops the recording with what was written intact and gives back what "
    "waits") {
  const Folder folder;
  Blocks blocks(64, 65536, 8);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto recorder = Recorder::create(specOf(folder, 8, 64), blocks);
  const rlimit small{1'000'004, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  int accepted = 0;
  while (accepted < 1000 && blocks.complete(*recorder, blocks.fullBlock())) ++accepted;
  const auto status = recorder->finish();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(status.state == RecorderState::Failed);
  CHECK(status.fault.err == EFBIG);
  CHECK(status.fault.path == folder.file("data"));
  CHECK(blocks.held() == 0);
  CHECK(status.scans > 60'000);
  CHECK(status.scans <= 125'000);  // and not the half of a scan that still fitted
  CHECK(test::holdsCount(folder.file("data"), 8, status.scans));
  CHECK(endSamples(folder) == status.scans);
  CHECK(endErrno(folder) == EFBIG);
}

TEST_CASE("a full disk stops the recording with what was written intact, the journal ended") {
  const Folder folder;
  const auto mountPoint = folder.file("disk");
  ::mkdir(mountPoint.c_str(), 0700);
  if (::mount("iio", mountPoint.c_str(), "tmpfs", 0, "size=2m") != 0) {
    MESSAGE("mounting a small disk is not permitted here: left out");
    ::rmdir(mountPoint.c_str());
    return;
  }
  {
    Blocks blocks(8, 65536, 4);
    auto spec = specOf(folder, 4, 8);
    spec.outputs[0].path = mountPoint + "/data";
    spec.journalPath = mountPoint + "/journal";
    const auto recorder = Recorder::create(spec, blocks);
    int accepted = 0;
    while (accepted < 1000 && blocks.complete(*recorder, blocks.fullBlock())) ++accepted;
    const auto status = recorder->finish();
    CHECK(status.state == RecorderState::Failed);
    CHECK(status.fault.err == ENOSPC);
    CHECK(blocks.held() == 0);
    CHECK(status.scans > 300'000);
    CHECK(test::holdsCount(mountPoint + "/data", 4, status.scans));
    CHECK(test::readJournal(mountPoint + "/journal").size() > 10);
  }
  ::umount(mountPoint.c_str());
  ::rmdir(mountPoint.c_str());
}

TEST_CASE("reaching the floor of free space stops the recording") {
  const Folder folder;
  const auto mountPoint = folder.file("disk");
  ::mkdir(mountPoint.c_str(), 0700);
  if (::mount("iio", mountPoint.c_str(), "tmpfs", 0, "size=16m") != 0) {
    MESSAGE("mounting a small disk is not permitted here: left out");
    ::rmdir(mountPoint.c_str());
    return;
  }
  {
    Blocks blocks(8, 65536, 4);
    auto spec = specOf(folder, 4, 8);
    spec.outputs[0].path = mountPoint + "/data";
    spec.journalPath = mountPoint + "/journal";
    spec.freeFloorBytes = 8 << 20;
    const auto recorder = Recorder::create(spec, blocks);
    CHECK(test::eventually([&] {
      return !blocks.complete(*recorder, blocks.fullBlock()) || recorder->status().scans > 4 << 20;
    }));
    const auto status = recorder->finish();
    CHECK(status.state == RecorderState::Failed);
    CHECK(status.fault.err == ENOSPC);
    CHECK(blocks.held() == 0);
    CHECK(status.fault.syscall == "statvfs");
    CHECK(test::holdsCount(mountPoint + "/data", 4, status.scans));
    CHECK(endSamples(folder) == -1);
    CHECK(test::readJournal(mountPoint + "/journal").back().type == 4);
  }
  ::umount(mountPoint.c_str());
  ::rmdir(mountPoint.c_str());
}

TEST_CASE("files removed under it stop the recording") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  REQUIRE(blocks.complete(*recorder, 1024));
  ::unlink(folder.file("data").c_str());
  CHECK(test::eventually([&] { return recorder->status().state == RecorderState::Failed; }));
  const auto status = recorder->finish();
  CHECK(status.fault.err == ENOENT);
  CHECK(status.fault.path == folder.file("data"));
  CHECK(blocks.held() == 0);
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
