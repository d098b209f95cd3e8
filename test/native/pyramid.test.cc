#include "pyramid.h"

#include <doctest/doctest.h>

#include "pyramid-bench.h"
#include "pyramid-derived.h"
#include "simd.h"
#include "summary-support.h"

using namespace summary;

namespace {

const VectorPath kPaths[] = {VectorPath::Baseline, VectorPath::Avx2, VectorPath::Avx512bw};

class OnPath {
 public:
  explicit OnPath(VectorPath path) : before_(vectorPath()), runs_(useVectorPath(path)) {}
  ~OnPath() { useVectorPath(before_); }
  bool runs() const { return runs_; }

 private:
  VectorPath before_;
  bool runs_;
};

template <typename K>
double valueOf(const ValueFormat& f, K key) {
  if constexpr (std::is_floating_point_v<K>) {
    return static_cast<double>(key);
  } else {
    return f.rawOfKey(key);
  }
}

Expected expect(const std::vector<std::byte>& bytes, const ScanLayout& layout, const Lane& lane,
                uint32_t from, uint32_t to) {
  Expected e;
  for (uint32_t i = from; i < to; ++i)
    e.add(rawValue(bytes.data() + size_t{i} * layout.scanBytes, layout.elements[lane.element],
                   lane.component));
  return e;
}

template <typename K>
bool matches(const ValueFormat& f, const Record<K>& r, const Expected& e) {
  return same(valueOf(f, r.first), e.first) && same(valueOf(f, r.min), e.minimum) &&
         same(valueOf(f, r.max), e.maximum) && same(valueOf(f, r.last), e.last);
}

// Every record of every level, and some folds, against the samples.
void checkStrip(const StripRecords& strip, const LaneSet& set, const ScanLayout& layout,
                const std::vector<std::byte>& bytes, uint32_t count, Random& random) {
  REQUIRE(strip.count(strip.levels() - 1) == 1);
  for (const Lane& lane : set.lanes()) {
    CAPTURE(lane.element);
    withKey(lane.format.key, [&](auto key) {
      using K = decltype(key);
      uint64_t width = strip.grain();
      for (uint32_t level = 0; level < strip.levels(); ++level, width *= kFanout)
        for (uint32_t i = 0; i < strip.count(level); ++i) {
          const auto to = static_cast<uint32_t>(std::min<uint64_t>((i + 1) * width, count));
          const Expected e = expect(bytes, layout, lane, static_cast<uint32_t>(i * width), to);
          REQUIRE(matches(lane.format, strip.level<K>(lane, level)[i], e));
          if constexpr (std::is_floating_point_v<K>)
            REQUIRE((strip.nans(lane, level)[i] != 0) == e.nan);
        }
      for (int k = 0; k < 6; ++k) {
        const uint32_t from = below(random, strip.count(0));
        const uint32_t to = from + 1 + below(random, strip.count(0) - from);
        bool nan = false;
        const auto record = strip.fold<K>(lane, from, to, nan);
        const Expected e =
            expect(bytes, layout, lane, from * strip.grain(), std::min(to * strip.grain(), count));
        REQUIRE(matches(lane.format, record, e));
        if (std::is_floating_point_v<K>) REQUIRE(nan == e.nan);
      }
    });
  }
}

void checkLayoutOf(const ScanLayout& layout, uint32_t count, uint32_t grain, Random& random) {
  auto bytes = randomBytes(random, size_t{layout.scanBytes} * count);
  const auto set = std::make_shared<const LaneSet>(layout);
  for (const VectorPath path : kPaths) {
    OnPath on(path);
    if (!on.runs()) continue;
    PyramidBuilder builder(set, grain);
    checkStrip(*builder.build(bytes.data(), count), *set, layout, bytes, count, random);
    builder.begin(count);
    for (uint32_t at = 0; at < count;) {
      const uint32_t n = std::min((1 + below(random, 5)) * kRecordScans, count - at);
      builder.add(bytes.data() + size_t{at} * layout.scanBytes, n);
      at += n;
    }
    checkStrip(*builder.finish(), *set, layout, bytes, count, random);
  }
}

}  // namespace

TEST_CASE("records hold first, minimum, maximum and last of 1 to 17 interleaved 16-bit channels") {
  Random random(11);
  for (uint32_t channels = 1; channels <= 17; ++channels)
    checkLayoutOf(uniform(channels, NumberKind::Signed, 16, 16), 700 + below(random, 600), 256,
                  random);
}

TEST_CASE(
    "records are right for shifted, unsigned, swapped and mixed formats on the vector paths") {
  Random random(12);
  for (const bool bigEndian : {false, true}) {
    checkLayoutOf(uniform(2, NumberKind::Signed, 12, 16, 4, bigEndian), 1000, 256, random);
    checkLayoutOf(uniform(3, NumberKind::Unsigned, 12, 16, 0, bigEndian), 1027, 256, random);
    checkLayoutOf(uniform(4, NumberKind::Unsigned, 16, 16, 0, bigEndian), 512, 256, random);
    checkLayoutOf(uniform(3, NumberKind::Signed, 24, 32, 8, bigEndian), 600, 256, random);
    checkLayoutOf(uniform(2, NumberKind::Unsigned, 32, 32, 0, bigEndian), 777, 256, random);
    checkLayoutOf(uniform(1, NumberKind::Unsigned, 64, 64, 0, bigEndian), 777, 256, random);
    checkLayoutOf(uniform(2, NumberKind::Signed, 48, 64, 9, bigEndian), 300, 256, random);
    checkLayoutOf(uniform(5, NumberKind::Unsigned, 7, 8, 1, bigEndian), 900, 256, random);
    checkLayoutOf(uniform(2, NumberKind::Signed, 24, 24, 0, bigEndian), 600, 256, random);
    auto mixed = uniform(3, NumberKind::Signed, 16, 16, 0, bigEndian);
    mixed.elements.push_back(element(8, NumberKind::Signed, 64, 64, 0, !bigEndian));
    mixed.elements[1].bigEndian = !bigEndian;
    mixed.elements[2].bits = 10;
    mixed.scanBytes = 16;
    checkLayoutOf(mixed, 800, 256, random);
  }
}

TEST_CASE("records leave NaN out of minimum and maximum and flag it") {
  Random random(13);
  for (const uint16_t bits : {16, 32, 64})
    for (const bool bigEndian : {false, true}) {
      const auto layout = uniform(3, NumberKind::Float, bits, bits, 0, bigEndian);
      checkLayoutOf(layout, 900, 256, random);
    }
  // A record of nothing but NaN.
  const auto layout = uniform(2, NumberKind::Float, 32, 32);
  std::vector<std::byte> bytes(layout.scanBytes * 600, std::byte{0xFF});
  for (uint32_t i = 256; i < 600; ++i) put(bytes.data() + i * 8, layout.elements[1], 0x3F800000);
  const auto set = std::make_shared<const LaneSet>(layout);
  for (const VectorPath path : kPaths) {
    OnPath on(path);
    if (on.runs())
      checkStrip(*PyramidBuilder(set, 256).build(bytes.data(), 600), *set, layout, bytes, 600,
                 random);
  }
}

TEST_CASE("records of random layouts match the samples, packed, padded and repeated") {
  Random random(14);
  for (int round = 0; round < 60; ++round) {
    std::vector<ScanElement> elements(1 + below(random, 6));
    for (auto& e : elements) e = randomElement(random);
    const auto layout = layoutOf(elements, below(random, 3) == 0, below(random, 3) * 2);
    checkLayoutOf(layout, 1 + below(random, 1500), below(random, 4) == 0 ? 4096 : 256, random);
  }
}

TEST_CASE("records of a long strip have levels that match the samples") {
  Random random(15);
  checkLayoutOf(uniform(2, NumberKind::Signed, 16, 16), 256 * 16 * 5 + 300, 256, random);
  checkLayoutOf(uniform(1, NumberKind::Float, 32, 32), 4096 * 17 + 77, 4096, random);
}

TEST_CASE(
    "records of 16-bit channels take 16-bit numbers, and more only where the format needs it") {
  const auto bytesOf = [](NumberKind kind, uint16_t bits, uint16_t storage) {
    return LaneSet(uniform(1, kind, bits, storage)).bytesPerRecord();
  };
  CHECK(bytesOf(NumberKind::Unsigned, 16, 16) == 8);
  CHECK(bytesOf(NumberKind::Signed, 12, 32) == 8);
  CHECK(bytesOf(NumberKind::Signed, 24, 32) == 16);
  CHECK(bytesOf(NumberKind::Unsigned, 64, 64) == 32);
  CHECK(bytesOf(NumberKind::Float, 32, 32) == 16);
}

TEST_CASE("magnitude and phase lanes match hypot and atan2 of every sample") {
  Random random(16);
  auto layout = uniform(3, NumberKind::Signed, 12, 16, 4);
  layout.elements.push_back(element(8, NumberKind::Float, 32, 32));
  layout.elements.push_back(element(12, NumberKind::Float, 32, 32));
  layout.scanBytes = 16;
  constexpr uint32_t kScans = 256 * 3 + 41;
  auto bytes = randomBytes(random, layout.scanBytes * kScans);
  for (uint32_t i = 0; i < kScans; i += 7)
    for (const uint32_t e : {0u, 2u})
      put(bytes.data() + i * layout.scanBytes, layout.elements[e], 0);
  const LaneSet set(layout);
  for (const VectorPath path : kPaths) {
    OnPath on(path);
    if (!on.runs()) continue;
    for (const TracePart part : {TracePart::Magnitude, TracePart::Phase})
      for (const uint32_t first : {0u, 3u}) {
        TraceSpec spec;
        spec.part = part;
        spec.element = first;
        spec.elementQ = first == 0 ? 2 : 4;
        spec.scale = 0.25;
        spec.offset = first == 0 ? 0 : 1;
        const TraceSource source = traceSource(set, spec);
        DerivedBuilder builder(source, layout.scanBytes, 256, kScans);
        builder.add(bytes.data(), 512);
        builder.add(bytes.data() + 512 * layout.scanBytes, kScans - 512);
        const auto strip = builder.finish();
        const Lane& lane = derivedLanes()[0];
        for (uint32_t r = 0; r < strip->count(0); ++r) {
          Expected e;
          for (uint32_t i = r * 256; i < std::min((r + 1) * 256, kScans); ++i)
            e.add(traceValue(bytes.data() + i * layout.scanBytes, layout, spec));
          const auto& record = strip->level<double>(lane, 0)[r];
          CAPTURE(r);
          CAPTURE(static_cast<int>(part));
          CHECK(near(record.first, e.first));
          CHECK(near(record.min, e.minimum));
          CHECK(near(record.max, e.maximum));
          CHECK(near(record.last, e.last));
          CHECK((strip->nans(lane, 0)[r] != 0) == e.nan);
        }
      }
  }
}

TEST_CASE("benches answer for any whole number of scans") {
  Random random(17);
  const auto layout = uniform(2, NumberKind::Signed, 16, 16);
  const auto bytes = randomBytes(random, 4 * 3000);
  CHECK(benchPyramid(bytes.data(), bytes.size(), layout, 2) > 0);
  TriggerSpec trigger;
  const TriggerBench bench = benchTrigger(bytes.data(), bytes.size(), layout, trigger, 2);
  CHECK(bench.found > 500);
  CHECK(bench.found < 1500);
}
