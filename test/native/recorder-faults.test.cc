// A recorder whose disk fails or does not answer.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <csignal>
#include <future>

#include "recorder-fixture.h"
#include "recorder.h"

using namespace iio;
using test::at;
using test::Blocks;
using test::Folder;

namespace {

// A disk that does not tell its free space until it is let.
struct {
  std::atomic<bool> hangs{false}, asked{false};
} disk;

// One whose writes of samples wait, or fail from this offset on.
struct {
  std::atomic<bool> holds{false};
  std::atomic<int64_t> failsFrom{INT64_MAX};
} slow;

RecorderSpec specOf(const Folder& folder) {
  RecorderSpec spec;
  spec.layout.scanBytes = 4;
  spec.layout.elements = {{0, 32, 32, 0, 1, NumberKind::Unsigned, false}};
  spec.outputs.push_back({folder.file("data"), true, {}});
  spec.journalPath = folder.file("journal");
  spec.blockCount = 4;
  return spec;
}

// Whether `work` ends; what does not is left behind when the disk answers again.
bool ends(const std::shared_ptr<std::future<void>>& work) {
  return work->wait_for(std::chrono::seconds(20)) == std::future_status::ready;
}

std::shared_ptr<std::future<void>> elsewhere(std::function<void()> work) {
  return std::make_shared<std::future<void>>(std::async(std::launch::async, std::move(work)));
}

}  // namespace

// In place of the C library's, which it calls.
extern "C" int fstatvfs(int fd, struct statvfs* out) {
  while (disk.hangs) {
    disk.asked = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  static const auto real =
      reinterpret_cast<int (*)(int, struct statvfs*)>(::dlsym(RTLD_NEXT, "fstatvfs"));
  return real(fd, out);
}

extern "C" ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  while (slow.holds) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (offset >= slow.failsFrom) {
    errno = EIO;
    return -1;
  }
  static const auto real = reinterpret_cast<ssize_t (*)(int, const struct iovec*, int, off_t)>(
      ::dlsym(RTLD_NEXT, "pwritev"));
  return real(fd, parts, count, offset);
}

TEST_CASE("a disk that does not answer holds up neither the blocks nor those who ask") {
  for (const bool ending : {false, true}) {
    const Folder folder;
    Blocks blocks(4, 4096, 4);
    auto spec = specOf(folder);
    spec.payloadBytes = 6000;  // gathered: written, and the disk asked, when that is due
    const auto recorder = Recorder::create(spec, blocks);
    REQUIRE(blocks.complete(*recorder, 1024));
    REQUIRE(test::eventually([&] { return recorder->status().scans == 1024; }));
    disk.asked = false;
    disk.hangs = true;
    const auto finishing = elsewhere([&] {
      if (ending) recorder->finish();
    });
    if (!ending) blocks.complete(*recorder, 1024);
    CHECK(test::eventually([] { return disk.asked.load(); }));
    const auto asking = elsewhere([&] {
      recorder->status();
      recorder->appendEvent(test::bytesOf("note"));
      blocks.complete(*recorder, 1024);
    });
    CHECK(ends(asking));
    disk.hangs = false;
    finishing->wait();
    asking->wait();
    CHECK(recorder->finish().state == RecorderState::Done);
  }
}

TEST_CASE("a converted write that fails within a block journals what was begun and nothing else") {
  const Folder folder;
  constexpr uint32_t kSegments = 100,
                     kEach = 60'000;  // 24 MB converted: more than lie ready to be written
  Blocks blocks(2, kSegments * kEach * 4, 4);
  auto spec = specOf(folder);
  spec.outputs[0] = {folder.file("data"), false, {{0, OutputType::U32}}};
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto recorder = Recorder::create(spec, blocks);
  const rlimit small{1'000'004, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  REQUIRE(blocks.complete(*recorder, kSegments * kEach, [](BlockHeader& header) {
    const Segment whole = header.segments[0];
    header.segments.clear();
    for (uint32_t i = 0; i < kSegments; ++i)
      header.segments.push_back({i * kEach,
                                 kEach,
                                 whole.scan + i * (kEach + 1),
                                 whole.sample + i * kEach,
                                 i > 0,
                                 {Grade::Exact, GapCause::Counter, 1, 1, 1}});
  }));
  const auto status = recorder->finish();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(status.state == RecorderState::Failed);
  CHECK(status.fault.err == EFBIG);
  CHECK(blocks.held() == 0);
  CHECK(test::holdsCount(folder.file("data"), 4, status.scans));
  const auto records = test::readJournal(folder.file("journal"));
  const auto ends = test::ofType(records, 4), segments = test::ofType(records, 2);
  REQUIRE(ends.size() == 1);
  CHECK(at<int64_t>(ends[0].payload, 0) == status.scans);
  REQUIRE(segments.size() > 10);
  REQUIRE(segments.size() < kSegments);
  CHECK(int64_t(segments.size()) * kEach >= status.scans);
  std::vector<std::byte> scans(size_t{kEach} * 4);
  for (uint32_t s = 0; s + 1 < segments.size(); ++s) {  // the last was being converted
    for (uint32_t i = 0; i < kEach; ++i) Blocks::fill(&scans[size_t{i} * 4], 4, s * kEach + i);
    CHECK(at<uint32_t>(segments[s].payload, 28) == crc32c(0, scans.data(), scans.size()));
  }
}

TEST_CASE("a block is given back and journaled when its write is done, and not before") {
  const Folder folder;
  Blocks blocks(16, 65536, 4);
  auto spec = specOf(folder);
  spec.payloadBytes = 65536;
  spec.blockCount = 16;
  slow.holds = true;
  const auto recorder = Recorder::create(spec, blocks);
  for (int i = 0; i < 6; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
  CHECK(test::eventually([&] { return recorder->status().writesInFlight == 2; }));
  auto status = recorder->status();
  CHECK(status.scans == 0);
  CHECK(status.backlogBlocks == 6);
  CHECK(blocks.held() == 6);
  CHECK(test::ofType(test::readJournal(folder.file("journal")), 2).empty());
  const auto finishing = elsewhere([&] { recorder->finish(); });  // while they are under way
  slow.holds = false;
  finishing->wait();
  status = recorder->finish();
  CHECK(status.state == RecorderState::Done);
  CHECK(status.scans == 6 * blocks.fullBlock());
  CHECK(status.writesInFlight == 0);
  CHECK(blocks.held() == 0);
  CHECK(test::holdsCount(folder.file("data"), 4, status.scans));
  CHECK(test::ofType(test::readJournal(folder.file("journal")), 2).size() == 6);
}

TEST_CASE(
    "a write that fails stops the recording before more is written, and tells the way it went") {
  const Folder folder;
  Blocks blocks(16, 65536, 4);
  auto spec = specOf(folder);
  spec.payloadBytes = 65536;
  spec.blockCount = 16;
  slow.failsFrom = 4 * 65536;
  const auto recorder = Recorder::create(spec, blocks);
  while (blocks.complete(*recorder, blocks.fullBlock())) {
  }
  const auto status = recorder->finish();
  slow.failsFrom = INT64_MAX;
  CHECK(status.state == RecorderState::Failed);
  CHECK(status.fault.err == EIO);
  CHECK(blocks.held() == 0);
  CHECK(status.scans > 0);
  CHECK(status.scans <= 5 * blocks.fullBlock());  // the last write before it may be of two blocks
  CHECK(test::holdsCount(folder.file("data"), 4, status.scans));
  CHECK(status.directWrites == (status.writeWay.way != WriteWay::Buffered));
  CHECK_FALSE(status.writeWay.why.empty());
  const auto ends = test::ofType(test::readJournal(folder.file("journal")), 4);
  REQUIRE(ends.size() == 1);
  CHECK(at<int64_t>(ends[0].payload, 0) == status.scans);
}

TEST_CASE("a recorder that has ended already tells so to whoever asks to be told") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder), blocks);
  recorder->finish();
  int news = 0;
  recorder->onNews([&] { ++news; });
  CHECK(news == 1);
  recorder->onNews({});
}
