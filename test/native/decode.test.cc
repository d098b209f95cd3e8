#include "decode.h"

#include <doctest/doctest.h>

#include "error.h"
#include "summary-support.h"

using namespace summary;

namespace {

uint64_t asBits(const SampleValues& values, size_t i) {
  return std::visit(
      [&](const auto& v) {
        using Value = typename std::decay_t<decltype(v)>::value_type;
        if constexpr (std::is_same_v<Value, double>) {
          return uint64_t{0};
        } else {
          return static_cast<uint64_t>(static_cast<int64_t>(v[i]));
        }
      },
      values);
}

void checkElement(const ScanElement& e, Random& random) {
  const ScanLayout layout = layoutOf({e}, true, below(random, 5));
  constexpr uint32_t kScans = 37;
  const auto bytes = randomBytes(random, layout.scanBytes * kScans);
  const ScanElement& placed = layout.elements[0];
  CAPTURE(e.storageBits);
  CAPTURE(e.bits);
  CAPTURE(e.shift);
  CAPTURE(e.bigEndian);
  CAPTURE(static_cast<int>(e.kind));
  SampleValues samples = emptySamples(placed);
  appendSamples(placed, bytes.data(), layout.scanBytes, kScans, samples);
  for (uint32_t c = 0; c < e.repeat; ++c) {
    const ValueFormat f = valueFormat(placed, c);
    double raw[kScans], scaled[kScans];
    decodeRaw(f, bytes.data(), layout.scanBytes, kScans, raw);
    decodeScaled(f, bytes.data(), layout.scanBytes, kScans, 3, -0.5, scaled);
    Expected expected;
    for (uint32_t i = 0; i < kScans; ++i) {
      const std::byte* scan = bytes.data() + i * layout.scanBytes;
      const double value = rawValue(scan, placed, c);
      REQUIRE(same(rawAt(f, scan), value));
      REQUIRE(same(raw[i], value));
      REQUIRE(same(scaled[i], (value + 3) * -0.5));
      expected.add(value);
      if (e.kind == NumberKind::Float) {
        REQUIRE(same(std::get<std::vector<double>>(samples)[i * e.repeat + c], value));
      } else {
        REQUIRE(static_cast<uint64_t>(keyAt(f, scan)) + f.bias == rawBits(scan, placed, c));
        const uint64_t exact = asBits(samples, i * e.repeat + c);
        REQUIRE(exact == rawBits(scan, placed, c));
      }
    }
    const RunBounds b = boundsOfRun(f, bytes.data(), layout.scanBytes, kScans);
    const auto value = [&](int64_t key, double x) { return f.isFloat() ? x : f.rawOfKey(key); };
    CHECK(same(value(b.firstKey, b.first), expected.first));
    CHECK(same(value(b.minKey, b.minimum), expected.minimum));
    CHECK(same(value(b.maxKey, b.maximum), expected.maximum));
    CHECK(same(value(b.lastKey, b.last), expected.last));
    CHECK(b.nan == expected.nan);
  }
}

}  // namespace

TEST_CASE("decode reads every storage, width, shift, sign and endianness as the bits say") {
  Random random(1);
  for (const uint16_t storage : {8, 16, 24, 32, 64})
    for (const bool bigEndian : {false, true})
      for (const NumberKind kind : {NumberKind::Signed, NumberKind::Unsigned})
        for (uint16_t bits = 1; bits <= storage;
             bits = static_cast<uint16_t>(bits + (storage > 24 ? 5 : 1)))
          for (uint16_t shift = 0; shift + bits <= storage;
               shift = static_cast<uint16_t>(shift + std::max(1, (storage - bits) / 3)))
            checkElement(element(0, kind, bits, storage, shift, bigEndian), random);
}

TEST_CASE("decode reads half, single and double floats in both endiannesses") {
  Random random(2);
  for (const uint16_t storage : {16, 32, 64})
    for (const bool bigEndian : {false, true})
      for (int i = 0; i < 20; ++i)
        checkElement(element(0, NumberKind::Float, storage, storage, 0, bigEndian), random);
}

TEST_CASE("decode reads each component of a repeated element") {
  Random random(3);
  checkElement(element(0, NumberKind::Signed, 16, 32, 4, true, 4), random);
  checkElement(element(0, NumberKind::Float, 32, 32, 0, false, 3), random);
}

TEST_CASE("samples come in the narrowest type that holds the element") {
  const auto typeOf = [](NumberKind kind, uint16_t bits, uint16_t storage) {
    return emptySamples(element(0, kind, bits, storage)).index();
  };
  CHECK(typeOf(NumberKind::Signed, 12, 16) == 0);
  CHECK(typeOf(NumberKind::Unsigned, 16, 16) == 0);
  CHECK(typeOf(NumberKind::Signed, 32, 32) == 0);
  CHECK(typeOf(NumberKind::Unsigned, 32, 32) == 1);
  CHECK(typeOf(NumberKind::Signed, 33, 64) == 2);
  CHECK(typeOf(NumberKind::Unsigned, 63, 64) == 2);
  CHECK(typeOf(NumberKind::Unsigned, 64, 64) == 3);
  CHECK(typeOf(NumberKind::Float, 32, 32) == 4);
}

TEST_CASE("a layout that can't be executed is refused with a sentence") {
  const auto refused = [](ScanElement e, uint32_t scanBytes = 8) {
    ScanLayout layout;
    layout.scanBytes = scanBytes;
    layout.elements.push_back(e);
    try {
      checkLayout(layout);
    } catch (const CoreError& error) {
      return error.fault.err == EINVAL && error.fault.message.back() == '.';
    }
    return false;
  };
  CHECK(refused(element(0, NumberKind::Signed, 12, 12)));
  CHECK(refused(element(0, NumberKind::Signed, 0, 16)));
  CHECK(refused(element(0, NumberKind::Signed, 12, 16, 5)));
  CHECK(refused(element(0, NumberKind::Float, 8, 8)));
  CHECK(refused(element(0, NumberKind::Float, 24, 32)));
  CHECK(refused(element(7, NumberKind::Signed, 16, 16)));
  CHECK(refused(element(0, NumberKind::Signed, 16, 16, 0, false, 0)));
  CHECK(refused(element(0, NumberKind::Signed, 16, 16), 0));
  CHECK(refused(element(0, NumberKind::Signed, 16, 16), 1 << 24));
  CHECK_FALSE(refused(element(6, NumberKind::Signed, 16, 16)));
}
