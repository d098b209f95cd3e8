#include "timeline.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "summary-support.h"

using namespace summary;

namespace {

// A timeline over scans of its own, with all that was appended beside it.
struct World {
  const ScanLayout layout =
      layoutOf({element(0, NumberKind::Unsigned, 16, 16), element(0, NumberKind::Float, 32, 32)});
  std::shared_ptr<const LaneSet> lanes;
  Timeline timeline;
  std::vector<Strip> strips;
  std::vector<std::vector<std::byte>> bytes;
  int64_t sample = 0;

  explicit World(uint32_t grain = kRecordScans)
      : lanes(std::make_shared<const LaneSet>(layout)), timeline(lanes, grain) {}

  std::shared_ptr<StripRecords> records(size_t index) {
    return PyramidBuilder(lanes, timeline.grain()).build(bytes[index].data(), strips[index].scans);
  }

  void add(Random& random, int64_t scan, uint32_t scans, bool gap, bool summarised) {
    Strip strip;
    strip.scan = scan;
    strip.sample = sample;
    strip.scans = scans;
    strip.hasGap = gap;
    strip.gap.lost = gap && !strips.empty() ? scan - strips.back().end() : 0;
    bytes.push_back(randomBytes(random, size_t{layout.scanBytes} * scans));
    strips.push_back(strip);
    if (summarised) strip.records = records(strips.size() - 1);
    sample += scans;
    timeline.append(strip);
  }

  Expected expect(uint32_t lane, uint64_t from, uint64_t to, bool onlySummarised) const {
    Expected e;
    for (uint64_t s = from; s < to; ++s) {
      if (onlySummarised && !timeline[s].records) continue;
      for (uint32_t i = 0; i < strips[s].scans; ++i)
        e.add(rawValue(bytes[s].data() + i * layout.scanBytes, layout.elements[lane]));
    }
    return e;
  }
};

void checkFolds(const World& world, Random& random, int rounds) {
  const Timeline& t = world.timeline;
  for (int i = 0; i < rounds; ++i) {
    const uint64_t from = t.begin() + below(random, t.end() - t.begin());
    const uint64_t to = from + 1 + below(random, t.end() - from);
    const auto a = t.fold<int16_t>(0, from, to);
    const Expected e = world.expect(0, from, to, true);
    const bool ends = t[from].records && t[to - 1].records;
    if (!e.any) continue;
    const auto raw = [&](int16_t key) { return (*world.lanes)[0].format.rawOfKey(key); };
    REQUIRE(raw(a.record.min) == e.minimum);
    REQUIRE(raw(a.record.max) == e.maximum);
    if (ends) REQUIRE(raw(a.record.first) == e.first);
    if (ends) REQUIRE(raw(a.record.last) == e.last);
    const auto b = t.fold<float>(1, from, to);
    const Expected f = world.expect(1, from, to, true);
    REQUIRE(same(static_cast<double>(b.record.min), f.minimum));
    REQUIRE(same(static_cast<double>(b.record.max), f.maximum));
    REQUIRE(b.nan == f.nan);
  }
}

}  // namespace

TEST_CASE("a timeline finds the strip of every scan, and the one after a gap") {
  Random random(21);
  World world;
  int64_t scan = 1000;
  for (int i = 0; i < 300; ++i) {
    const bool gap = below(random, 4) == 0;
    if (gap) scan += below(random, 3);  // a gap of unknown loss may have none
    const uint32_t scans = 1 + below(random, 40);
    world.add(random, scan, scans, gap, true);
    scan += scans;
  }
  const Timeline& t = world.timeline;
  CHECK(t.fromScan() == world.strips.front().scan);
  CHECK(t.toScan() == scan);
  for (int64_t at = t.fromScan() - 3; at < scan + 3; ++at) {
    uint64_t expected = 0;
    while (expected < t.end() && world.strips[expected].end() <= at) ++expected;
    REQUIRE(t.find(at) == expected);
  }
}

TEST_CASE("a timeline places a break where strips don't continue each other, and only there") {
  Random random(22);
  World world;
  world.add(random, 0, 10, false, true);
  world.add(random, 10, 10, false, true);
  world.add(random, 25, 10, true, true);   // five lost
  world.add(random, 35, 10, true, true);   // loss unknown
  world.add(random, 50, 10, false, true);  // never summarised, no loss known
  const auto& breaks = world.timeline.breaks();
  REQUIRE(breaks.size() == 3);
  CHECK(breaks[0].endBefore == 20);
  CHECK(breaks[0].scan == 25);
  CHECK(breaks[0].strip == 2);
  REQUIRE(breaks[0].gap);
  CHECK(breaks[0].gap->gap.lost == 5);
  CHECK(breaks[0].gap->sample == 20);
  CHECK(breaks[1].endBefore == 35);
  CHECK(breaks[1].scan == 35);
  CHECK_FALSE(breaks[2].gap);
  CHECK(world.timeline.breakAfter(24) == 0);
  CHECK(world.timeline.breakAfter(25) == 1);
  CHECK(world.timeline.breakAfter(50) == 3);
}

TEST_CASE("a timeline refuses strips that go back in time or hold nothing") {
  Random random(23);
  World world;
  world.add(random, 100, 10, false, true);
  CHECK_THROWS_AS(world.add(random, 109, 10, false, true), std::logic_error);
  CHECK_THROWS_AS(world.add(random, 200, 0, false, false), std::logic_error);
}

TEST_CASE("the tree over strips gives the bounds of any run of them while strips come and go") {
  Random random(24);
  World world;
  int64_t scan = 0;
  for (int i = 0; i < 900; ++i) {
    const uint32_t scans = 1 + below(random, 20);
    world.add(random, scan, scans, false, below(random, 50) != 0);
    scan += scans;
    if (i > 300 && below(random, 3) != 0) world.timeline.dropFront();
    if (i % 20 == 0) checkFolds(world, random, 8);
  }
  while (world.timeline.end() - world.timeline.begin() > 2) {
    world.timeline.dropFront();
    checkFolds(world, random, 1);
  }
}

TEST_CASE("records may be set in any order, as a file's are") {
  Random random(25);
  World world(4096);
  int64_t scan = 0;
  constexpr uint64_t kStrips = 290;
  for (uint64_t i = 0; i < kStrips; ++i, scan += 30) world.add(random, scan, 30, false, false);
  Timeline& t = world.timeline;
  CHECK(t.scansSummarised() == 0);
  CHECK(t.incomplete(5, 20) == 5);
  std::vector<uint64_t> order(kStrips);
  for (uint64_t i = 0; i < kStrips; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  for (size_t k = 0; k < order.size(); ++k) {
    t.setRecords(order[k], world.records(order[k]));
    CHECK(t.scansSummarised() == static_cast<int64_t>(k + 1) * 30);
    if (k % 16 == 0) checkFolds(world, random, 6);
  }
  CHECK(t.incomplete(0, kStrips) == kStrips);
  checkFolds(world, random, 50);
}

TEST_CASE("scans without records are counted within any range") {
  Random random(26);
  World world;
  int64_t scan = 0;
  std::vector<bool> bare;
  for (int i = 0; i < 100; ++i) {
    const uint32_t scans = 1 + below(random, 9);
    const bool summarised = below(random, 3) != 0;
    world.add(random, scan, scans, false, summarised);
    bare.insert(bare.end(), scans, !summarised);
    scan += scans;
  }
  for (int i = 0; i < 200; ++i) {
    const auto from = static_cast<int64_t>(below(random, static_cast<uint64_t>(scan)));
    const auto to =
        from + 1 + static_cast<int64_t>(below(random, static_cast<uint64_t>(scan - from)));
    REQUIRE(world.timeline.scansIncomplete(from, to) ==
            std::count(bare.begin() + from, bare.begin() + to, true));
  }
}

TEST_CASE("memory is counted when strips and lanes come and given back when they go") {
  Random random(27);
  World world;
  const size_t before = world.timeline.bytes();
  for (int i = 0; i < 40; ++i) world.add(random, i * 300, 300, false, i % 7 != 0);
  const size_t full = world.timeline.bytes();
  CHECK(full > before + 40 * 2 * 300 / 256 * 24);
  auto lane = std::make_shared<StripRecords>(LaneSet::derived(), 300, kRecordScans);
  world.timeline.setDerived(3, 1, lane);
  world.timeline.setDerived(4, 1, lane);
  CHECK(world.timeline.bytes() == full + 2 * lane->bytes());
  CHECK(world.timeline[3].derivedRecords(1) == lane.get());
  world.timeline.forgetDerived(1);
  CHECK(world.timeline.bytes() == full);
  for (int i = 0; i < 40; ++i) world.timeline.dropFront();
  CHECK(world.timeline.bytes() == before);
  CHECK(world.timeline.empty());
}
