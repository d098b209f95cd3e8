#include "continuity.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace iio;

namespace {

ScanElement element(uint32_t offset, uint16_t storage, uint16_t bits, uint16_t shift = 0,
                    bool big = false) {
  ScanElement e;
  e.offsetBytes = offset;
  e.storageBits = storage;
  e.bits = bits;
  e.shift = shift;
  e.bigEndian = big;
  return e;
}

// A 16-bit sample of the counter's low half, its high half, and an s64 timestamp: 16 bytes a scan.
ScanLayout layout() {
  ScanLayout l;
  l.scanBytes = 16;
  l.elements = {element(0, 16, 16), element(2, 16, 16), element(8, 64, 64)};
  l.timestamp = 2;
  return l;
}

struct Source {
  ScanLayout shape = layout();
  uint64_t scan = 0;  // of the device, lost ones included
  double periodNs = 1000;
  std::vector<std::byte> bytes;
  std::mt19937 random{5};

  void put(uint64_t count, int64_t stamp) {
    size_t at = bytes.size();
    bytes.resize(at + shape.scanBytes);
    auto low = static_cast<uint16_t>(count), high = static_cast<uint16_t>(count >> 16);
    std::memcpy(&bytes[at], &low, 2);
    std::memcpy(&bytes[at + 2], &high, 2);
    std::memcpy(&bytes[at + 8], &stamp, 8);
  }
  // The next `scans` scans; before each scan index of `losses` so many are lost.
  void block(uint32_t scans, std::vector<std::pair<uint32_t, uint32_t>> losses = {},
             double jitterNs = 0) {
    std::normal_distribution<double> jitter(0, 1);
    bytes.clear();
    for (uint32_t i = 0; i < scans; ++i) {
      for (auto [at, lost] : losses)
        if (at == i) scan += lost;
      double late = jitterNs == 0 ? 0 : jitterNs * std::clamp(jitter(random), -2.5, 2.5);
      put(scan, std::llround(static_cast<double>(scan) * periodNs + late));
      ++scan;
    }
  }
};

Completion ok(int64_t timeNs = 1) {
  Completion c;
  c.timeNs = timeNs;
  return c;
}
Completion withGap(Grade grade, int64_t lost, int64_t least, int64_t most) {
  Completion c = ok();
  c.hasGap = true;
  c.gap = {
      .grade = grade, .cause = GapCause::DryQueue, .lost = lost, .lostMin = least, .lostMax = most};
  return c;
}

struct Run {
  Source source;
  Continuity continuity;
  explicit Run(ContinuitySpec spec) : continuity(std::move(spec)) {}
  std::vector<Segment> next(uint32_t scans, std::vector<std::pair<uint32_t, uint32_t>> losses = {},
                            const Completion& completion = ok(), double jitterNs = 0) {
    source.block(scans, std::move(losses), jitterNs);
    return continuity.split(completion, source.bytes.data(), scans);
  }
};

ContinuitySpec plain(Grade grade = Grade::Unknown) {
  ContinuitySpec spec;
  spec.layout = layout();
  spec.lossGrade = grade;
  return spec;
}
ContinuitySpec counted(std::vector<uint32_t> elements) {
  ContinuitySpec spec = plain();
  spec.counter = std::move(elements);
  return spec;
}
ContinuitySpec stamped(double rateHz) {
  ContinuitySpec spec = plain(Grade::Estimated);
  spec.timestampGaps = true;
  spec.rateHz = rateHz;
  return spec;
}

void checkGap(const Segment& segment, Grade grade, GapCause cause, int64_t lost, int64_t least,
              int64_t most) {
  REQUIRE(segment.hasGap);
  CHECK(segment.gap.grade == grade);
  CHECK(segment.gap.cause == cause);
  CHECK(segment.gap.lost == lost);
  CHECK(segment.gap.lostMin == least);
  CHECK(segment.gap.lostMax == most);
}

}  // namespace

TEST_CASE(
    "continuity: blocks without loss are one segment each and their scans follow each other") {
  Run run(counted({0, 1}));
  for (int64_t i = 0; i < 5; ++i) {
    auto segments = run.next(100);
    REQUIRE(segments.size() == 1);
    CHECK_FALSE(segments[0].hasGap);
    CHECK(segments[0].scan == 100 * i);
    CHECK(segments[0].sample == 100 * i);
  }
  CHECK(run.continuity.totals().grade == Grade::Exact);
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().endScan == 500);
}

TEST_CASE("continuity: the counter's first value is no loss") {
  Run run(counted({0, 1}));
  run.source.scan = 123456;
  CHECK_FALSE(run.next(10, {}, withGap(Grade::Estimated, 50, 0, 100))[0].hasGap);
  CHECK(run.continuity.totals().lost == 0);
}

TEST_CASE(
    "continuity: a counter finds loss between blocks, exactly, across its wrap and its two "
    "halves") {
  Run run(counted({0, 1}));
  run.source.scan = 0xFFFFFFFFu - 50;
  run.next(100);
  run.source.scan += 70000;
  auto segments = run.next(100);
  REQUIRE(segments.size() == 1);
  checkGap(segments[0], Grade::Exact, GapCause::Counter, 70000, 70000, 70000);
  CHECK(segments[0].scan == 70100);
  CHECK(segments[0].sample == 100);
}

TEST_CASE("continuity: jumps inside a block are located, each as a segment of its own") {
  Run run(counted({0, 1}));
  run.next(64);
  auto segments = run.next(1000, {{1, 5}, {500, 70000}, {999, 1}});
  REQUIRE(segments.size() == 4);
  CHECK(segments[0].scanCount == 1);
  CHECK(segments[1].offsetScans == 1);
  CHECK(segments[1].scanCount == 499);
  checkGap(segments[1], Grade::Exact, GapCause::Counter, 5, 5, 5);
  CHECK(segments[2].offsetScans == 500);
  checkGap(segments[2], Grade::Exact, GapCause::Counter, 70000, 70000, 70000);
  CHECK(segments[3].offsetScans == 999);
  CHECK(segments[3].scanCount == 1);
  CHECK(segments[3].sample == 64 + 999);
  CHECK(segments[3].scan == 64 + 999 + 70006);
  CHECK(run.continuity.totals().lost == 70006);
  CHECK(run.continuity.totals().gaps == 3);
}

TEST_CASE("continuity: a counter is read with its endianness, shift and bits") {
  ContinuitySpec spec;
  spec.layout.scanBytes = 4;
  spec.layout.elements = {element(0, 32, 12, 4, true)};
  spec.counter = {0};
  Continuity continuity(spec);
  std::vector<std::byte> bytes;
  auto put = [&](uint32_t count) {
    uint32_t word = __builtin_bswap32((count & 0xFFF) << 4 | 0xABC0000F);
    size_t at = bytes.size();
    bytes.resize(at + 4);
    std::memcpy(&bytes[at], &word, 4);
  };
  for (uint32_t i = 0; i < 10; ++i) put(4090 + i);
  CHECK(continuity.split(ok(), bytes.data(), 10).size() == 1);
  bytes.clear();
  for (uint32_t i = 0; i < 10; ++i) put(4107 + i);
  checkGap(continuity.split(ok(), bytes.data(), 10)[0], Grade::Exact, GapCause::Counter, 7, 7, 7);
}

TEST_CASE(
    "continuity: a dry queue that lost nothing by the counter is no gap, and bounds choose among "
    "turns") {
  Run run(counted({0}));  // 16 bits
  run.next(100);
  CHECK_FALSE(run.next(100, {}, withGap(Grade::Estimated, 40, 0, 80))[0].hasGap);
  run.source.scan += 65536 + 12;
  auto segments = run.next(100, {}, withGap(Grade::Estimated, 66000, 60000, 70000));
  checkGap(segments[0], Grade::Exact, GapCause::Counter, 65548, 65548, 65548);
  run.source.scan += 12;
  segments = run.next(100, {}, withGap(Grade::Estimated, 66000, 0, 140000));
  checkGap(segments[0], Grade::Estimated, GapCause::Counter, 65548, 12, 131084);
  CHECK(run.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE(
    "continuity: a counter keeps what an unread block lost and adds what was lost beside it") {
  Run run(counted({0}));
  run.next(100);
  run.source.scan += 100;
  run.continuity.overrun(ok(), 100);
  checkGap(run.next(100)[0], Grade::Exact, GapCause::Overrun, 100, 100, 100);
  run.source.scan += 130;
  run.continuity.overrun(ok(), 100);
  checkGap(run.next(100)[0], Grade::Exact, GapCause::Counter, 130, 130, 130);
}

TEST_CASE("continuity: elements that don't count are given up, and no loss is made of them") {
  Run run(counted({0}));
  std::mt19937 random(3);
  std::vector<Segment> segments;
  for (int block = 0; block < 4; ++block) {
    run.source.bytes.clear();
    for (int i = 0; i < 1000; ++i) run.source.put(random(), 0);
    segments = run.continuity.split(ok(), run.source.bytes.data(), 1000);
    CHECK(segments.size() == 1);
  }
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().grade == Grade::Unknown);
}

TEST_CASE("continuity: elements that stand still are given up though their blocks are short") {
  for (uint32_t scans : {1u, 2u, 5u}) {
    Run run(counted({0}));
    for (int block = 0; block < 40; ++block) {
      run.source.bytes.clear();
      for (uint32_t i = 0; i < scans; ++i) run.source.put(77, 0);
      run.continuity.split(ok(), run.source.bytes.data(), scans);
    }
    const ContinuityTotals totals = run.continuity.totals();
    CHECK(totals.proof == Proof{Grade::Unknown, Evidence::Transport});
    CHECK(totals.grade == Grade::Unknown);
    CHECK(totals.gaps <= 3);
    CHECK(totals.lost == 0);  // what the counter told before is taken back
    CHECK(totals.lostMin == 0);
  }
}

TEST_CASE("continuity: says what its grade rests on") {
  auto proofOf = [](ContinuitySpec spec) {
    Run run(std::move(spec));
    for (int i = 0; i < 5; ++i) run.next(100);
    return run.continuity.totals().proof;
  };
  CHECK(proofOf(plain(Grade::Unknown)) == Proof{Grade::Unknown, Evidence::Transport});
  CHECK(proofOf(plain(Grade::Exact)) == Proof{Grade::Exact, Evidence::Transport});
  CHECK(proofOf(counted({0})) == Proof{Grade::Exact, Evidence::Counter});
  CHECK(proofOf(stamped(1e6)) == Proof{Grade::Exact, Evidence::Timestamps});
}

TEST_CASE("continuity: a wide counter that went back is a gap of unknown length") {
  Run run(counted({0, 1}));
  run.source.scan = 5000;
  run.next(100);
  run.source.scan = 0;
  checkGap(run.next(100)[0], Grade::Unknown, GapCause::Counter, 0, 0, -1);
  CHECK(run.continuity.totals().lostMax == -1);
  CHECK(run.continuity.totals().grade == Grade::Unknown);
}

TEST_CASE("continuity: more jumps than segments are kept apart still add up to what was lost") {
  Run run(counted({0, 1}));
  run.next(100000);
  run.next(100000);
  std::vector<std::pair<uint32_t, uint32_t>> losses;
  for (uint32_t i = 0; i < 5000; ++i) losses.push_back({10 + i * 3, 2});
  auto segments = run.next(20000, losses);
  CHECK(segments.size() == Continuity::kSegmentsAtMost);
  run.next(10);
  CHECK(run.continuity.totals().lost == 10000);
  CHECK(run.continuity.totals().endScan == 220010 + 10000);
}

TEST_CASE(
    "continuity: a timestamp step of more than 1.5 periods is a gap, exact while jitter is small") {
  Run run(stamped(1e6));
  run.next(500);
  auto segments = run.next(500, {{0, 3}, {250, 1}});
  REQUIRE(segments.size() == 2);
  checkGap(segments[0], Grade::Exact, GapCause::Timestamp, 3, 3, 3);
  checkGap(segments[1], Grade::Exact, GapCause::Timestamp, 1, 1, 1);
  CHECK(segments[1].scan == 754);
  CHECK(run.continuity.totals().grade == Grade::Exact);
  CHECK(run.continuity.totals().jitterSeconds == doctest::Approx(0));
}

TEST_CASE("continuity: timestamps overrule a guessed dry queue, and confirm an unread block") {
  Run run(stamped(1e6));
  run.next(500);
  CHECK_FALSE(run.next(500, {}, withGap(Grade::Estimated, 40, 0, 80))[0].hasGap);
  run.source.scan += 500;
  run.continuity.overrun(ok(), 500);
  checkGap(run.next(500)[0], Grade::Exact, GapCause::Overrun, 500, 500, 500);
  run.source.scan += 507;
  run.continuity.overrun(ok(), 500);
  checkGap(run.next(500)[0], Grade::Exact, GapCause::Timestamp, 507, 507, 507);
}

TEST_CASE(
    "continuity: the period is measured, so that a long gap is exact though the rate set is a "
    "little off") {
  Run run(stamped(1e6));
  run.source.periodNs = 1003.7;
  for (int i = 0; i < 50; ++i) run.next(1000);
  run.source.scan += 90000;
  checkGap(run.next(500)[0], Grade::Exact, GapCause::Timestamp, 90000, 90000, 90000);
}

TEST_CASE(
    "continuity: with jitter of an eighth of a period a gap is estimated and the truth lies within "
    "its bounds") {
  Run run(stamped(1e6));
  for (int i = 0; i < 8; ++i) run.next(1000, {}, ok(), 90);
  int64_t lost = run.continuity.totals().lost;
  CHECK(lost == 0);
  CHECK(run.continuity.totals().jitterSeconds == doctest::Approx(90e-9 * 1.414).epsilon(0.1));
  run.source.scan += 40;
  auto segments = run.next(1000, {}, ok(), 90);
  REQUIRE(segments[0].hasGap);
  CHECK(segments[0].gap.grade == Grade::Estimated);
  CHECK(segments[0].gap.lostMin <= 40);
  CHECK(segments[0].gap.lostMax >= 40);
  CHECK(segments[0].gap.lost >= 39);
  CHECK(segments[0].gap.lost <= 41);
  CHECK(run.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE(
    "continuity: without a rate the period is the median step, learned over blocks of one scan "
    "too") {
  for (uint32_t scans : {1u, 7u, 300u}) {
    Run run(stamped(0));
    run.source.periodNs = 12345;
    for (uint32_t i = 0; i < 60; ++i) CHECK(run.next(scans).size() == 1);
    run.source.scan += 9;
    checkGap(run.next(scans)[0], Grade::Exact, GapCause::Timestamp, 9, 9, 9);
    CHECK(run.continuity.totals().gaps == 1);
  }
}

TEST_CASE("continuity: a rate set wrong by far does not make every step a gap") {
  Run run(stamped(4e6));
  for (int i = 0; i < 5; ++i) CHECK(run.next(200).size() == 1);
  CHECK(run.continuity.totals().gaps == 0);
  run.source.scan += 2;
  checkGap(run.next(200)[0], Grade::Exact, GapCause::Timestamp, 2, 2, 2);
}

TEST_CASE(
    "continuity: stamps made in bursts, stamps that stand still and a clock set back lose "
    "nothing") {
  Run run(stamped(1e6));
  run.next(200);
  run.source.bytes.clear();
  for (uint32_t i = 0; i < 64; ++i) {  // four FIFO reads of 16, each stamped with its last scan
    run.source.put(0, static_cast<int64_t>(run.source.scan / 8 * 8 + 15) * 1000 - 8000);
    ++run.source.scan;
  }
  run.continuity.split(ok(), run.source.bytes.data(), 64);
  CHECK(run.continuity.totals().gaps == 0);
  run.source.scan = 0;
  CHECK_FALSE(run.next(100)[0].hasGap);

  Run still(stamped(0));
  still.source.periodNs = 0;
  for (int i = 0; i < 5; ++i) still.next(100);
  CHECK(still.continuity.totals().gaps == 0);
  CHECK(still.continuity.totals().grade == Grade::Estimated);
}

TEST_CASE(
    "continuity: stamps that stand still prove nothing, whatever the rate, and hide no dry queue") {
  Run run(stamped(1e6));
  run.source.periodNs = 0;
  run.next(4);
  CHECK(run.continuity.totals().grade == Grade::Exact);  // too few to tell
  run.next(100);
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Transport});
  auto segments = run.next(100, {}, withGap(Grade::Estimated, 40, 30, 80));
  checkGap(segments[0], Grade::Estimated, GapCause::DryQueue, 40, 30, 80);

  Run fifo(stamped(1e6));  // a FIFO of a thousand scans, each stamped with the read of all
  fifo.next(1000);
  for (int i = 0; i < 1000; ++i) std::memcpy(&fifo.source.bytes[i * 16 + 8], "\0\0\0\1\0\0\0", 8);
  fifo.source.scan += 1000;
  fifo.continuity.split(ok(), fifo.source.bytes.data(), 1000);
  CHECK(fifo.continuity.totals().proof.evidence == Evidence::Timestamps);
}

TEST_CASE("continuity: a clock that was set back leaves the transport's word") {
  Run run(stamped(1e6));
  for (int i = 0; i < 3; ++i) run.next(100);
  run.source.scan = 0;
  run.next(100);
  CHECK(run.continuity.totals().gaps == 0);
  CHECK(run.continuity.totals().proof == Proof{Grade::Estimated, Evidence::Transport});
  run.source.scan += 7;  // and is still good for what comes
  checkGap(run.next(100)[0], Grade::Exact, GapCause::Timestamp, 7, 7, 7);
}

TEST_CASE(
    "continuity: a late stamp that the next one makes up for is no gap, and does not lengthen "
    "one") {
  Run run(stamped(1e6));
  run.next(200);
  run.source.block(100, {{60, 2}});
  auto late = [&](uint32_t scan, int64_t ns) {
    int64_t stamp;
    std::memcpy(&stamp, &run.source.bytes[scan * 16 + 8], 8);
    stamp += ns;
    std::memcpy(&run.source.bytes[scan * 16 + 8], &stamp, 8);
  };
  late(20, 700);
  late(60, 700);
  auto segments = run.continuity.split(ok(), run.source.bytes.data(), 100);
  REQUIRE(segments.size() == 2);
  CHECK(segments[1].offsetScans == 60);
  checkGap(segments[1], Grade::Exact, GapCause::Timestamp, 2, 2, 2);
}

TEST_CASE("continuity: timestamps are not used for gaps unless allowed, but jitter is stated") {
  ContinuitySpec spec = plain();
  spec.rateHz = 1e6;
  Run run(spec);
  run.next(100);
  run.source.scan += 50;
  CHECK_FALSE(run.next(100, {}, ok(), 20)[0].hasGap);
  CHECK(run.continuity.totals().jitterSeconds > 0);
  CHECK(run.continuity.totals().grade == Grade::Unknown);
}

TEST_CASE(
    "continuity: without counter and stamps the transport's report passes through, and reports add "
    "up") {
  Run run(plain(Grade::Estimated));
  run.next(100);
  auto segments = run.next(100, {}, withGap(Grade::Estimated, 40, 0, 80));
  checkGap(segments[0], Grade::Estimated, GapCause::DryQueue, 40, 0, 80);
  CHECK(segments[0].scan == 140);
  run.continuity.overrun(withGap(Grade::Estimated, 10, 5, 20), 100);
  checkGap(run.next(100, {}, withGap(Grade::Unknown, 0, 0, -1))[0], Grade::Unknown,
           GapCause::Overrun, 110, 105, -1);
  ContinuityTotals totals = run.continuity.totals();
  CHECK(totals.lost == 150);
  CHECK(totals.lostMin == 105);
  CHECK(totals.lostMax == -1);
  CHECK(totals.gaps == 2);
  CHECK(totals.samples == 300);
  CHECK(totals.endScan == 450);
}

TEST_CASE(
    "continuity: a failed block is exact where the transport counts, else bounded by itself and "
    "the time") {
  Run exact(plain(Grade::Exact));
  exact.next(100);
  exact.continuity.failedBlock(ok(), 100);
  checkGap(exact.next(100)[0], Grade::Exact, GapCause::FailedBlock, 100, 100, 100);

  ContinuitySpec spec = plain(Grade::Estimated);
  Run unknownRate(spec);
  unknownRate.next(100);
  unknownRate.continuity.failedBlock(ok(), 100);
  checkGap(unknownRate.next(100)[0], Grade::Estimated, GapCause::FailedBlock, 100, 0, 100);

  spec.rateHz = 1e6;
  Run run(spec);
  run.next(100, {}, ok(1'000'000));
  run.continuity.failedBlock(ok(1'100'000), 100);
  checkGap(run.next(100, {}, ok(1'200'000))[0], Grade::Estimated, GapCause::FailedBlock, 100, 0,
           101);
  run.continuity.failedBlock(ok(1'200'000), 100);  // refused at once: the next block took over
  checkGap(run.next(100, {}, ok(1'300'000))[0], Grade::Estimated, GapCause::FailedBlock, 0, 0, 100);
  run.continuity.failedBlock(ok(1'400'000), 100);  // and the source stood still for two more blocks
  checkGap(run.next(100, {}, ok(1'700'000))[0], Grade::Estimated, GapCause::FailedBlock, 100, 0,
           303);
}

TEST_CASE(
    "continuity: loss before the first delivered block counts if the stream lost it, not if it "
    "came before") {
  Run run(plain(Grade::Estimated));
  run.continuity.overrun(withGap(Grade::Estimated, 10, 5, 20), 64);
  auto segments = run.next(10);
  checkGap(segments[0], Grade::Exact, GapCause::Overrun, 64, 64, 64);
  CHECK(segments[0].scan == 64);
}
