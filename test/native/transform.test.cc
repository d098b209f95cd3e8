#include "transform.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

using namespace iio;

namespace {

ScanElement element(uint32_t offset, uint16_t storage, uint16_t bits, uint16_t shift,
                    NumberKind kind, bool bigEndian = false, uint16_t repeat = 1) {
  return {offset, storage, bits, shift, repeat, kind, bigEndian};
}

// Reads a value bit by bit: the slow truth.
int64_t readElement(const ScanElement& e, const std::byte* scan, uint32_t repetition) {
  const uint32_t bytes = e.storageBits / 8u;
  const std::byte* p = scan + e.offsetBytes + repetition * bytes;
  uint64_t word = 0;
  for (uint32_t i = 0; i < bytes; ++i)
    word |= uint64_t(p[e.bigEndian ? bytes - 1 - i : i]) << (8 * i);
  word >>= e.shift;
  if (e.bits < 64) word &= (uint64_t{1} << e.bits) - 1;
  if (e.kind == NumberKind::Signed && e.bits < 64 && (word >> (e.bits - 1) & 1))
    word |= ~uint64_t{0} << e.bits;
  return int64_t(word);
}

template <class T>
T valueAt(const std::vector<std::byte>& bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

int64_t readOutput(const std::vector<std::byte>& out, size_t offset, OutputType type) {
  switch (type) {
    case OutputType::I8:
      return valueAt<int8_t>(out, offset);
    case OutputType::U8:
      return valueAt<uint8_t>(out, offset);
    case OutputType::I16:
      return valueAt<int16_t>(out, offset);
    case OutputType::U16:
      return valueAt<uint16_t>(out, offset);
    case OutputType::I32:
      return valueAt<int32_t>(out, offset);
    case OutputType::U32:
      return valueAt<uint32_t>(out, offset);
    case OutputType::I64As2U32:
      return int64_t(valueAt<uint32_t>(out, offset) | uint64_t(valueAt<uint32_t>(out, offset + 4))
                                                          << 32);
    default:
      return 0;
  }
}

std::vector<std::byte> noise(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> out(bytes);
  for (auto& b : out) b = std::byte(random());
  return out;
}

OutputType narrowest(const ScanElement& e) {
  const bool isSigned = e.kind == NumberKind::Signed;
  if (e.bits <= 8) return isSigned ? OutputType::I8 : OutputType::U8;
  if (e.bits <= 16) return isSigned ? OutputType::I16 : OutputType::U16;
  if (e.bits <= 32) return isSigned ? OutputType::I32 : OutputType::U32;
  return OutputType::I64As2U32;
}

void checkAgainstTruth(const ScanLayout& layout, const std::vector<OutputElement>& outputs,
                       size_t scans) {
  const auto in = noise(layout.scanBytes * scans + 1, uint32_t(scans));
  const Transform transform(layout, outputs);
  std::vector<std::byte> out(transform.outputScanBytes() * scans);
  transform.run(in.data() + 1, scans, out.data());  // unaligned on purpose
  size_t at = 0;
  bool same = true;
  for (size_t n = 0; n < scans; ++n)
    for (const auto& output : outputs) {
      const ScanElement& e = layout.elements[output.element];
      for (uint32_t r = 0; r < e.repeat; ++r, at += outputBytes(e, output.as))
        same &= readOutput(out, at, output.as) ==
                readElement(e, in.data() + 1 + n * layout.scanBytes, r);
    }
  CHECK(same);
  CHECK(at == out.size());
}

}  // namespace

TEST_CASE(
    "every storage, sign, order and shift comes out right in the narrowest type and in a wider "
    "one") {
  for (uint16_t storage : {8, 16, 24, 32, 64})
    for (bool bigEndian : {false, true})
      for (NumberKind kind : {NumberKind::Signed, NumberKind::Unsigned})
        for (int cut : {0, 1, 4, 7})
          for (int shift : {0, 1, 4}) {
            if (cut + shift >= storage) continue;
            const auto e = element(3, storage, uint16_t(storage - cut - shift), uint16_t(shift),
                                   kind, bigEndian);
            const ScanLayout layout{16, {e}, -1};
            CAPTURE(storage);
            CAPTURE(e.bits);
            checkAgainstTruth(layout, {{0, narrowest(e)}}, 37);
            checkAgainstTruth(layout, {{0, OutputType::I64As2U32}}, 5);
          }
}

TEST_CASE("packed scans of one format go through in one run, over many chunks") {
  ScanLayout layout{4, {}, -1};
  for (uint32_t c = 0; c < 2; ++c)
    layout.elements.push_back(element(2 * c, 16, 12, 4, NumberKind::Signed));
  checkAgainstTruth(layout, {{0, OutputType::I16}, {1, OutputType::I16}}, 10001);
}

TEST_CASE("mixed widths, padding, repeat, another order and a subset keep their places") {
  const ScanLayout layout{
      40,
      {element(0, 16, 12, 4, NumberKind::Unsigned, true), element(4, 32, 24, 8, NumberKind::Signed),
       element(8, 32, 32, 0, NumberKind::Signed, true, 4),
       element(24, 8, 5, 1, NumberKind::Unsigned), element(32, 64, 64, 0, NumberKind::Signed)},
      4};
  checkAgainstTruth(layout,
                    {{4, OutputType::I64As2U32},
                     {2, OutputType::I32},
                     {0, OutputType::I32},
                     {3, OutputType::I16}},
                    1234);
  checkAgainstTruth(layout, {{1, OutputType::I32}}, 3);
}

TEST_CASE(
    "stored words come as they are, out of padding and other elements, in the order asked for") {
  const ScanLayout layout{
      16,
      {element(0, 16, 12, 4, NumberKind::Signed, true),
       element(2, 16, 12, 0, NumberKind::Signed, true), element(4, 32, 24, 8, NumberKind::Signed),
       element(8, 24, 20, 2, NumberKind::Unsigned, false, 2)},
      -1};
  const size_t scans = 3001;
  const auto in = noise(layout.scanBytes * scans, 7);
  const Transform transform(layout, {{2, OutputType::Stored},
                                     {0, OutputType::Stored},
                                     {1, OutputType::Stored},
                                     {3, OutputType::Stored}});
  REQUIRE(transform.outputScanBytes() == 14);
  std::vector<std::byte> out(14 * scans);
  transform.run(in.data(), scans, out.data());
  bool same = true;
  for (size_t n = 0; n < scans; ++n) {
    const std::byte* scan = in.data() + n * 16;
    const std::byte* to = out.data() + n * 14;
    same &= std::memcmp(to, scan + 4, 4) == 0 && std::memcmp(to + 4, scan, 4) == 0 &&
            std::memcmp(to + 8, scan + 8, 6) == 0;
  }
  CHECK(same);
}

TEST_CASE("an unsigned 32-bit timestamp half keeps its low word first") {
  const ScanLayout layout{8, {element(0, 64, 64, 0, NumberKind::Signed, true)}, 0};
  std::vector<std::byte> in;
  for (int i = 1; i <= 8; ++i) in.push_back(std::byte(i));
  const Transform transform(layout, {{0, OutputType::I64As2U32}});
  std::vector<std::byte> out(8);
  transform.run(in.data(), 1, out.data());
  CHECK(valueAt<uint32_t>(out, 0) == 0x05060708);
  CHECK(valueAt<uint32_t>(out, 4) == 0x01020304);
}

TEST_CASE("floats keep their value, NaN included, and whole numbers become floats that hold them") {
  const ScanLayout layout{
      16,
      {element(0, 32, 32, 0, NumberKind::Float, true), element(8, 64, 64, 0, NumberKind::Float),
       element(4, 16, 12, 4, NumberKind::Signed)},
      -1};
  std::vector<std::byte> in(32), out;
  const uint32_t swapped = __builtin_bswap32(std::bit_cast<uint32_t>(-1.5f));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const int16_t raw = int16_t(-100 * 16 + 7);
  for (int n = 0; n < 2; ++n) {
    std::memcpy(in.data() + 16 * n, &swapped, 4);
    std::memcpy(in.data() + 16 * n + 4, &raw, 2);
    std::memcpy(in.data() + 16 * n + 8, &nan, 8);
  }
  const Transform transform(layout,
                            {{0, OutputType::F64}, {1, OutputType::F64}, {2, OutputType::F32}});
  out.resize(2 * transform.outputScanBytes());
  transform.run(in.data(), 2, out.data());
  CHECK(transform.outputScanBytes() == 20);
  CHECK(valueAt<double>(out, 20) == -1.5);
  CHECK(valueAt<double>(out, 28) != valueAt<double>(out, 28));
  CHECK(valueAt<float>(out, 36) == -100.f);
}

TEST_CASE("half floats become floats of the same value: each of them, in both orders") {
  for (const bool bigEndian : {false, true}) {
    const ScanLayout layout{2, {element(0, 16, 16, 0, NumberKind::Float, bigEndian)}, -1};
    std::vector<std::byte> in(size_t{2} << 16), out(size_t{12} << 16);
    for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
      const auto half = uint16_t(bigEndian ? bits << 8 | bits >> 8 : bits);
      std::memcpy(in.data() + 2 * bits, &half, 2);
    }
    const Transform transform(layout, {{0, OutputType::F32}, {0, OutputType::F64}});
    REQUIRE(transform.outputScanBytes() == 12);
    transform.run(in.data(), 1 << 16, out.data());
    bool same = true;
    for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
      const int exponent = int(bits >> 10 & 31), fraction = int(bits & 1023);
      double truth =
          exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
      if (exponent == 31) truth = fraction ? std::nan("") : HUGE_VAL;
      if (bits & 0x8000) truth = -truth;
      const float single = valueAt<float>(out, size_t{12} * bits);
      const double wide = valueAt<double>(out, size_t{12} * bits + 4);
      const bool nan = truth != truth;
      same &= nan ? single != single && wide != wide : single == truth && wide == truth;
      same &= nan || std::signbit(single) == std::signbit(truth);
    }
    CHECK(same);
  }
}

TEST_CASE("what would change a value is refused with a reason") {
  const auto signed16 = element(0, 16, 16, 0, NumberKind::Signed);
  const auto unsigned16 = element(2, 16, 16, 0, NumberKind::Unsigned);
  const auto signed32 = element(4, 32, 32, 0, NumberKind::Signed);
  const ScanLayout layout{8, {signed16, unsigned16, signed32}, -1};
  CHECK_THROWS_AS(Transform(layout, {{0, OutputType::U16}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(layout, {{1, OutputType::I16}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(layout, {{2, OutputType::F32}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(layout, {{2, OutputType::I16}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(layout, {{3, OutputType::I16}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(layout, {}), std::invalid_argument);
  CHECK_NOTHROW(
      Transform(layout, {{0, OutputType::F32}, {1, OutputType::U16}, {2, OutputType::F64}}));
  const ScanLayout floats{
      16,
      {element(0, 64, 64, 0, NumberKind::Float), element(8, 16, 16, 0, NumberKind::Float),
       element(10, 24, 24, 0, NumberKind::Float)},
      -1};
  CHECK_THROWS_AS(Transform(floats, {{0, OutputType::F32}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(floats, {{1, OutputType::I16}}), std::invalid_argument);
  CHECK_THROWS_AS(Transform(floats, {{2, OutputType::F32}}), std::invalid_argument);
  const ScanLayout beyond{6, {signed32}, -1};
  CHECK_THROWS_AS(Transform(beyond, {{0, OutputType::I32}}), std::invalid_argument);
}
