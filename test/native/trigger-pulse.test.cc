#include "trigger-pulse.h"

#include <doctest/doctest.h>

#include "summary-support.h"

using namespace summary;

namespace {

TriggerSpec spec(double level, bool rising, double scale = 1) {
  TriggerSpec s;
  s.level = level;
  s.rising = rising;
  s.trace.scale = scale;
  return s;
}

// A wave with noise, so that some pulses last a few samples and some many records.
std::vector<std::byte> waves(const ScanLayout& layout, uint32_t scans, double top, Random& random) {
  std::vector<std::byte> bytes(size_t{layout.scanBytes} * scans);
  for (uint32_t i = 0; i < scans; ++i)
    for (const ScanElement& e : layout.elements) {
      const double wave = std::sin(i * 0.0011 + e.offsetBytes) * 0.7;
      const double noise = i / 5000 % 2 ? 0.001 : 0.3;
      const double x = top * (wave + noise * (static_cast<double>(random() % 2001) / 1000 - 1));
      std::byte* scan = bytes.data() + size_t{i} * layout.scanBytes;
      if (e.kind == NumberKind::Float) {
        const auto f = static_cast<float>(x);
        put(scan, e, std::bit_cast<uint32_t>(random() % 3000 ? f : std::nanf("")));
      } else {
        put(scan, e, static_cast<uint64_t>(static_cast<int64_t>(x)));
      }
    }
  return bytes;
}

struct Scans {
  const ScanLayout& layout;
  const std::vector<std::byte>& bytes;
  int64_t first;
  const std::byte* at(int64_t scan) const {
    return bytes.data() + static_cast<size_t>(scan - first) * layout.scanBytes;
  }
  int64_t end() const { return first + static_cast<int64_t>(bytes.size() / layout.scanBytes); }
};

// Sample by sample, up to `to`.
Pulse plain(const Scans& scans, const TriggerSpec& s, const Crossing& crossing, int64_t to) {
  Pulse pulse;
  double before = s.level;
  const auto width = [&](double until) {
    return until - static_cast<double>(crossing.scan) - crossing.fraction;
  };
  for (int64_t scan = crossing.scan + 1;; ++scan) {
    const double value = scan < to ? traceValue(scans.at(scan), scans.layout, s.trace) : NAN;
    if (std::isnan(value)) {
      pulse.cut = true;
      pulse.widthScans = std::max(0.0, width(static_cast<double>(scan - 1)));
      return pulse;
    }
    if (s.rising ? value < s.level : value > s.level) {
      const double fraction = (s.level - before) / (value - before);
      pulse.widthScans = width(static_cast<double>(scan - 1) + fraction);
      return pulse;
    }
    if (!(s.rising ? value <= pulse.peak : value >= pulse.peak)) pulse.peak = value;
    before = value;
  }
}

// Finds and measures the pulses strip by strip, each at most so many scans long, and compares.
size_t compare(const ScanLayout& layout, const std::vector<std::byte>& bytes, const TriggerSpec& s,
               Random& random, int64_t most) {
  const auto lanes = std::make_shared<const LaneSet>(layout);
  PyramidBuilder builder(lanes, kRecordScans);
  TriggerSearch search(lanes, s);
  PulseMeter meter(lanes, s);
  const Scans scans{layout, bytes, 7000};
  size_t compared = 0;
  Crossing current;
  const auto settle = [&](int64_t to) {
    meter.cut();
    const Pulse expected = plain(scans, s, current, to);
    REQUIRE(near(meter.pulse().peak, expected.peak));
    REQUIRE(near(meter.pulse().widthScans, expected.widthScans, 1e-9));
    REQUIRE(meter.pulse().cut == expected.cut);
    ++compared;
  };
  bool any = false;
  for (int64_t scan = scans.first; scan < scans.end();) {
    const auto n = static_cast<uint32_t>(
        std::min<int64_t>(1 + below(random, below(random, 3) ? 9000 : 3), scans.end() - scan));
    const auto records = below(random, 4) == 0 ? nullptr : builder.build(scans.at(scan), n);
    std::vector<Crossing> found;
    search.search(scans.at(scan), n, scan, records.get(), found);
    const auto measure = [&](int64_t to) {
      if (any)
        meter.measure(scans.at(scan), scan, records.get(), scan, std::min(to, current.scan + most));
    };
    for (const Crossing& crossing : found) {
      measure(crossing.scan + 1);
      if (any) settle(std::min(crossing.scan + 1, current.scan + most));
      current = crossing;
      any = true;
      meter.begin(crossing);
    }
    measure(scan + n);
    scan += n;
  }
  if (any) settle(std::min(scans.end(), current.scan + most));
  return compared;
}

}  // namespace

TEST_CASE("pulses are measured as sample by sample, across strips and records") {
  Random random(77);
  const ScanLayout layouts[] = {
      uniform(2, NumberKind::Signed, 16, 16), uniform(3, NumberKind::Signed, 12, 16, 4, true),
      uniform(1, NumberKind::Signed, 32, 32), uniform(2, NumberKind::Float, 32, 32)};
  for (const auto& layout : layouts) {
    const bool isFloat = layout.elements[0].kind == NumberKind::Float;
    const double top = isFloat ? 3.5 : std::ldexp(1, layout.elements[0].bits - 1) - 1;
    const auto bytes = waves(layout, 60'000, top * 0.9, random);
    for (const bool rising : {true, false})
      for (const double scale : {1.0, -0.25})
        for (const int64_t most : {int64_t{10}, int64_t{700}, int64_t{1} << 40}) {
          CAPTURE(rising);
          CAPTURE(scale);
          CAPTURE(most);
          auto s = spec(0.1 * top * scale, rising, scale);
          s.trace.element = static_cast<uint32_t>(layout.elements.size()) - 1;
          CHECK(compare(layout, bytes, s, random, most) > 100);
        }
  }
}

TEST_CASE("pulses of a magnitude are measured") {
  Random random(5);
  const auto layout = uniform(2, NumberKind::Signed, 16, 16);
  const auto bytes = waves(layout, 40'000, 30'000, random);
  auto s = spec(15'000, true);
  s.trace.part = TracePart::Magnitude;
  s.trace.elementQ = 1;
  CHECK(compare(layout, bytes, s, random, int64_t{1} << 40) > 20);
}
