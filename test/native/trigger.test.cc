#include "trigger.h"

#include <doctest/doctest.h>

#include "error.h"
#include "summary-support.h"

using namespace summary;

namespace {

// The rule as its header states it, sample by sample.
class Plain {
 public:
  explicit Plain(const TriggerSpec& spec) : spec_(spec) {}
  void disarm() { armed_ = false; }
  void add(int64_t scan, double value, std::vector<Crossing>& found) {
    const double sign = spec_.rising ? 1 : -1;
    const double level = sign * spec_.level, x = sign * value;
    if (std::isnan(x)) {
      armed_ = false;
    } else if (armed_ && x >= level) {
      const double fraction = (spec_.level - before_) / (value - before_);
      found.push_back({scan - 1, fraction >= 0 && fraction <= 1 ? fraction : 1});
      armed_ = false;
    } else if (!armed_) {
      const double edge =
          spec_.rising ? spec_.level - spec_.hysteresis : spec_.level + spec_.hysteresis;
      armed_ = x < level && x <= sign * edge;
    }
    before_ = value;
  }

 private:
  TriggerSpec spec_;
  bool armed_ = false;
  double before_ = 0;
};

// Searches the scans in strips of random lengths, some with a gap before, and compares.
void compare(const ScanLayout& layout, const std::vector<std::byte>& bytes, const TriggerSpec& spec,
             Random& random, double tolerance = 0) {
  const auto lanes = std::make_shared<const LaneSet>(layout);
  PyramidBuilder builder(lanes, kRecordScans);
  TriggerSearch search(lanes, spec);
  Plain plain(spec);
  std::vector<Crossing> found, expected;
  const auto total = static_cast<uint32_t>(bytes.size() / layout.scanBytes);
  int64_t scan = 5000;
  for (uint32_t at = 0; at < total;) {
    const uint32_t n = std::min(1 + below(random, below(random, 3) ? 1500 : 3), total - at);
    if (below(random, 6) == 0) {
      scan += below(random, 9);
      search.disarm();
      plain.disarm();
    }
    const std::byte* scans = bytes.data() + size_t{at} * layout.scanBytes;
    const auto records = below(random, 4) == 0 ? nullptr : builder.build(scans, n);
    search.search(scans, n, scan, records.get(), found);
    for (uint32_t i = 0; i < n; ++i)
      plain.add(scan + i, traceValue(scans + i * layout.scanBytes, layout, spec.trace), expected);
    at += n;
    scan += n;
  }
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].scan == expected[i].scan);
    REQUIRE(std::abs(found[i].fraction - expected[i].fraction) <= tolerance);
  }
}

// Slow waves with noise on top, so that some records cross often, some once and some never.
std::vector<std::byte> waves(const ScanLayout& layout, uint32_t scans, double top, Random& random) {
  auto bytes = randomBytes(random, size_t{layout.scanBytes} * scans);
  for (uint32_t i = 0; i < scans; ++i)
    for (const ScanElement& e : layout.elements) {
      const double wave = std::sin(i * 0.0021 + e.offsetBytes) * (i / 3000 % 2 ? 0.9 : 0.2);
      const double noise = i / 1000 % 3 ? 0.002 : 0.2;
      double x = top * (wave + noise * (static_cast<double>(random() % 2001) / 1000 - 1));
      x = std::clamp(x, -top, top);
      std::byte* scan = bytes.data() + size_t{i} * layout.scanBytes;
      if (e.kind == NumberKind::Float) {
        const auto f = static_cast<float>(x);
        put(scan, e, std::bit_cast<uint32_t>(random() % 500 ? f : std::nanf("")));
      } else {
        const double middle = e.kind == NumberKind::Unsigned ? top : 0;
        put(scan, e, static_cast<uint64_t>(static_cast<int64_t>(x + middle)));
      }
    }
  return bytes;
}

TriggerSpec spec(double level, double hysteresis, bool rising, double scale = 1,
                 double offset = 0) {
  TriggerSpec s;
  s.level = level;
  s.hysteresis = hysteresis;
  s.rising = rising;
  s.trace.scale = scale;
  s.trace.offset = offset;
  return s;
}

}  // namespace

TEST_CASE("the trigger finds every crossing of integer channels, across borders and gaps") {
  Random random(31);
  const ScanLayout layouts[] = {
      uniform(1, NumberKind::Signed, 16, 16), uniform(3, NumberKind::Signed, 12, 16, 4, true),
      uniform(2, NumberKind::Unsigned, 16, 16), uniform(2, NumberKind::Signed, 24, 24),
      uniform(1, NumberKind::Unsigned, 32, 32, 0, true)};
  for (const auto& layout : layouts) {
    const double top = std::ldexp(1, layout.elements[0].bits - 1) - 1;
    const double middle = layout.elements[0].kind == NumberKind::Unsigned ? top : 0;
    const auto bytes = waves(layout, 20000, top, random);
    for (const bool rising : {true, false})
      for (const double hysteresis : {0.0, 0.01, 0.3})
        for (const double level : {0.0, 0.1, -0.55}) {
          auto s = spec(middle + level * top, hysteresis * top, rising);
          s.trace.element = static_cast<uint32_t>(layout.elements.size()) - 1;
          compare(layout, bytes, s, random);
        }
  }
}

TEST_CASE("level and hysteresis are in the trace's units, also with a negative scale") {
  Random random(32);
  const auto layout = uniform(2, NumberKind::Signed, 12, 16);
  const auto bytes = waves(layout, 20000, 2047, random);
  for (const bool rising : {true, false})
    for (const double scale : {0.00123, -0.00123, 1e-9, -77.7})
      for (const double hysteresis : {0.0, 0.1}) {
        const double offset = 17;
        compare(layout, bytes,
                spec((300.25 + offset) * scale, hysteresis * 2047 * std::abs(scale), rising, scale,
                     offset),
                random);
      }
}

TEST_CASE("a float channel triggers, and a NaN disarms") {
  Random random(33);
  const auto layout = uniform(2, NumberKind::Float, 32, 32);
  const auto bytes = waves(layout, 30000, 1.5, random);
  for (const bool rising : {true, false})
    for (const double scale : {1.0, -2.5})
      for (const double hysteresis : {0.0, 0.2})
        compare(layout, bytes, spec(0.125 * scale, hysteresis, rising, scale), random);
}

TEST_CASE("magnitude and phase trigger as their values say") {
  Random random(34);
  const auto layout = uniform(2, NumberKind::Signed, 12, 16, 4);
  const auto bytes = waves(layout, 20000, 2047, random);
  for (const bool rising : {true, false})
    for (const double hysteresis : {0.0, 0.15}) {
      auto s = spec(700.1 * 0.5, hysteresis * 1000, rising, 0.5);
      s.trace.part = TracePart::Magnitude;
      s.trace.elementQ = 1;
      s.trace.scaleQ = 0.5;
      compare(layout, bytes, s, random, 1e-9);
      s.trace.part = TracePart::Phase;
      s.level = 0.5123;
      s.hysteresis = hysteresis;
      compare(layout, bytes, s, random, 1e-9);
    }
}

TEST_CASE("the crossing is where a straight line between two samples meets the level") {
  const auto layout = uniform(1, NumberKind::Signed, 16, 16);
  const int16_t values[] = {-10, -4, 12, 3, -4, 4};
  std::vector<std::byte> bytes(sizeof values);
  std::memcpy(bytes.data(), values, sizeof values);
  const auto lanes = std::make_shared<const LaneSet>(layout);
  std::vector<Crossing> found;
  // Split between -4 and 12: the crossing lies between two blocks.
  TriggerSearch search(lanes, spec(0, 3, true));
  search.search(bytes.data(), 2, 100, nullptr, found);
  search.search(bytes.data() + 4, 4, 102, nullptr, found);
  REQUIRE(found.size() == 2);
  CHECK(found[0].scan == 101);
  CHECK(found[0].fraction == doctest::Approx(0.25));
  CHECK(found[1].scan == 104);
  CHECK(found[1].fraction == doctest::Approx(0.5));
}

TEST_CASE("levels that no sample can reach, and constants, never trigger") {
  Random random(35);
  const auto layout = uniform(1, NumberKind::Signed, 8, 8);
  const auto bytes = randomBytes(random, 3000);
  for (const double level : {127.5, -128.0, -129.0, 1e9, -1e9})
    for (const bool rising : {true, false}) compare(layout, bytes, spec(level, 0, rising), random);
  const auto lanes = std::make_shared<const LaneSet>(layout);
  for (const auto& s : {spec(std::nan(""), 0, true), spec(0, -1, true), spec(0, 0, true, 0)}) {
    std::vector<Crossing> found;
    TriggerSearch(lanes, s).search(bytes.data(), 3000, 0, nullptr, found);
    CHECK(found.empty());
  }
}

TEST_CASE("a trigger on a channel that is not there is refused") {
  const auto lanes = std::make_shared<const LaneSet>(uniform(2, NumberKind::Signed, 16, 16));
  auto s = spec(0, 0, true);
  s.trace.element = 2;
  CHECK_THROWS_AS(TriggerSearch(lanes, s), CoreError);
}

TEST_CASE("the ring answers the newest trigger whose span is complete, and counts all") {
  TriggerRing ring(16, 8);
  CHECK_FALSE(ring.newestComplete(0, 1000));
  for (int64_t i = 0; i < 10; ++i) ring.push({i * 100, 0.5});
  CHECK(ring.total() == 10);
  const auto point = ring.newestComplete(49.5, 850);
  REQUIRE(point);
  CHECK(point->scan == 700);  // of the one at 800 scan 850 is still missing
  CHECK(point->number == 8);
  CHECK(ring.newestComplete(49.5, 851)->scan == 800);
  CHECK(ring.newest()->scan == 900);
  CHECK(ring.firstComplete(300, 49.5, 851)->scan == 400);
  CHECK(ring.firstComplete(-1, 0, 851)->scan == 0);
  CHECK_FALSE(ring.firstComplete(800, 49.5, 950));
  CHECK_FALSE(ring.firstComplete(900, 0, 5000));
  ring.clear();
  CHECK(ring.total() == 0);
  CHECK_FALSE(ring.newest());
}

TEST_CASE("a trigger far more frequent than the view is long still finds one far enough back") {
  TriggerRing ring(64, 16);
  constexpr int64_t kCount = 60000;
  for (int64_t i = 0; i < kCount; ++i) ring.push({i * 10, 0});
  CHECK(ring.total() == kCount);
  for (const double post : {100.0, 5000.0, 40000.0, 300000.0}) {
    const auto point = ring.newestComplete(post, kCount * 10);
    REQUIRE(point);
    const double back = static_cast<double>(kCount * 10 - point->scan);
    CHECK(back > post);
    CHECK(back < 17 * post + 200);
    CHECK(point->scan == (static_cast<int64_t>(point->number) - 1) * 10);
  }
}
