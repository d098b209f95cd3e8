// What a recording says of its gaps, and what it claims to be able to say.
#include <doctest/doctest.h>

#include "recorder-support.h"

using namespace iio;
using test::at;
using test::Blocks;
using test::checkSegments;
using test::Folder;
using test::specOf;

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
