#include "journal.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>

#include "error.h"
#include "recorder-fixture.h"

using namespace iio;
using test::at;

namespace {
JournalSegment someSegment() {
  JournalSegment s;
  s.sequence = 0x0102030405060708;
  s.segment = {7, 100, 5000, 4000, true, {Grade::Estimated, GapCause::DryQueue, 12, 10, -1}};
  s.crc = 0xdeadbeef;
  s.timeNs = 123456789012345;
  return s;
}
}  // namespace

TEST_CASE("a journal file is laid out as documented, to the byte") {
  const test::Folder folder;
  const auto path = folder.file("a.journal");
  {
    Journal journal(path);
    journal.header(test::bytesOf("{}"));
    journal.end(4100, 99, 28);
    journal.flush();
  }
  const auto bytes = test::contentOf(path);
  CHECK(bytes.size() == 16 + 24 + 40);
  CHECK(std::memcmp(bytes.data(), "IIOJRNL1\1\0\0\0\0\0\0\0", 16) == 0);
  CHECK(std::memcmp(bytes.data() + 16, "\1\0\0\0\2\0\0\0{}\0\0\0\0\0\0", 16) == 0);
  CHECK(at<uint32_t>(bytes, 32) == crc32c(0, "\1\0\0\0\2\0\0\0{}", 10));
  CHECK(at<uint32_t>(bytes, 36) == 0);
  CHECK(at<uint32_t>(bytes, 40) == 4);
  CHECK(at<uint32_t>(bytes, 44) == 24);
  CHECK(at<int64_t>(bytes, 48) == 4100);
  CHECK(at<int64_t>(bytes, 56) == 99);
  CHECK(at<uint32_t>(bytes, 64) == 28);
}

TEST_CASE("a proof has its 16 bytes in the documented order") {
  const test::Folder folder;
  const auto path = folder.file("a.journal");
  {
    Journal journal(path);
    journal.proof(0x0102030405060708, {Grade::Estimated, Evidence::Counter});
    journal.flush();
  }
  const auto records = test::readJournal(path);
  REQUIRE(records.size() == 1);
  CHECK(records[0].type == 5);
  REQUIRE(records[0].payload.size() == 16);
  CHECK(at<int64_t>(records[0].payload, 0) == 0x0102030405060708);
  CHECK(std::memcmp(records[0].payload.data() + 8, "\1\2\0\0\0\0\0\0", 8) == 0);
}

TEST_CASE("a segment has its 80 bytes in the documented order") {
  const auto p = journalSegmentPayload(someSegment());
  REQUIRE(p.size() == 80);
  CHECK(at<uint64_t>(p, 0) == 0x0102030405060708);
  CHECK(at<int64_t>(p, 8) == 5000);
  CHECK(at<int64_t>(p, 16) == 4000);
  CHECK(at<uint32_t>(p, 24) == 100);
  CHECK(at<uint32_t>(p, 28) == 0xdeadbeef);
  CHECK(at<int64_t>(p, 32) == 123456789012345);
  CHECK(std::memcmp(p.data() + 40, "\1\1\0\0\0\0\0\0", 8) == 0);
  CHECK(at<int64_t>(p, 48) == 12);
  CHECK(at<int64_t>(p, 56) == 10);
  CHECK(at<int64_t>(p, 64) == -1);
  CHECK(at<uint64_t>(p, 72) == 7);
}

TEST_CASE("a segment without a gap carries zeros for it") {
  auto s = someSegment();
  s.segment.hasGap = false;
  const auto p = journalSegmentPayload(s);
  for (size_t i = 40; i < 72; ++i) CHECK(p[i] == std::byte{0});
}

TEST_CASE("events carry their sample, their time and the host's bytes") {
  const test::Folder folder;
  {
    Journal journal(folder.file("a"));
    journal.event(77, 88, test::bytesOf("{\"gain\":3}"));
    journal.flush();
  }
  const auto records = test::readJournal(folder.file("a"));
  REQUIRE(records.size() == 1);
  CHECK(records[0].type == 3);
  CHECK(at<int64_t>(records[0].payload, 0) == 77);
  CHECK(at<int64_t>(records[0].payload, 8) == 88);
  CHECK(std::vector<std::byte>(records[0].payload.begin() + 16, records[0].payload.end()) ==
        test::bytesOf("{\"gain\":3}"));
}

TEST_CASE("a journal that is there already is left alone") {
  const test::Folder folder;
  { std::ofstream(folder.file("a")) << "mine"; }
  try {
    Journal journal(folder.file("a"));
    FAIL("was created over an existing file");
  } catch (const CoreError& error) {
    CHECK(error.fault.err == EEXIST);
    CHECK(error.fault.path == folder.file("a"));
  }
  CHECK(test::contentOf(folder.file("a")) == test::bytesOf("mine"));
}

TEST_CASE(
    "a flush that the disk cuts short leaves whole records, and what failed goes out when there is "
    "room") {
  const test::Folder folder;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  Journal journal(folder.file("a"));
  journal.header(test::bytesOf("{}"));
  journal.flush();
  for (int i = 0; i < 100; ++i) journal.segment(someSegment());
  const rlimit small{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_AS(journal.flush(), CoreError);
  const auto cut = test::readJournal(folder.file("a"));
  const auto cutBytes = test::contentOf(folder.file("a")).size();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(cut.size() == 1);
  CHECK(cutBytes == 40);
  journal.end(1, 2, 27);
  journal.sync();
  CHECK(test::readJournal(folder.file("a")).size() == 102);
}
