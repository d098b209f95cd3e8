#include "header-log.h"

#include <doctest/doctest.h>

using namespace iio;

namespace {
void offer(HeaderLog& log, uint64_t sequence, bool gap = false) {
  auto header = std::make_shared<BlockHeader>();
  header->sequence = sequence;
  header->bytes = 40;
  header->scanCount = 10;
  header->timeNs = int64_t(sequence) * 100;
  Segment segment{0, 10, int64_t(sequence) * 10, int64_t(sequence) * 10, gap, {}};
  segment.gap.lost = 3;
  header->segments.push_back(segment);
  CHECK_FALSE(log.offer(header, nullptr));
}
}  // namespace

TEST_CASE("headers come once, in order, and take no lease") {
  HeaderLog log;
  for (uint64_t i = 0; i < 3; ++i) offer(log, i);
  const auto batch = log.take();
  REQUIRE(batch.headers.size() == 3);
  CHECK(batch.headers[2].sequence == 2);
  CHECK(batch.headers[2].firstScan == 20);
  CHECK(batch.headers[2].timeNs == 200);
  CHECK(batch.coalescedBlocks == 0);
  CHECK(log.take().headers.empty());
}

TEST_CASE("beyond 256 the oldest become totals, their gaps stay") {
  HeaderLog log;
  offer(log, 0, true);
  for (uint64_t i = 1; i < 300; ++i) offer(log, i);
  const auto batch = log.take();
  REQUIRE(batch.headers.size() == 256);
  CHECK(batch.headers.front().sequence == 44);
  CHECK(batch.coalescedBlocks == 44);
  CHECK(batch.coalescedScans == 440);
  CHECK(batch.coalescedBytes == 44 * 40);
  REQUIRE(batch.gaps.size() == 1);
  CHECK(batch.gaps[0].gap.lost == 3);
  CHECK(log.take().coalescedBlocks == 0);
}

TEST_CASE("failures carry their sentence; a program that never asks does not fill the memory") {
  HeaderLog log;
  for (uint64_t i = 0; i < HeaderLog::kDetails + 5; ++i)
    log.blockFailed(i, {5, "", "", "It failed."});
  const auto batch = log.take();
  REQUIRE(batch.failures.size() == HeaderLog::kDetails);
  CHECK(batch.failures.back().sequence == HeaderLog::kDetails + 4);
  CHECK(batch.failures.back().message == "It failed.");
}
