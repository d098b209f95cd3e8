#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "simulator-fill.h"
#include "simulator-support.h"

using namespace simulated;

namespace {

std::vector<std::byte> filled(const ScanLayout& layout,
                              const std::vector<SimulatedElement>& elements, int64_t first,
                              uint32_t count, double rateHz = 1000, uint64_t seed = 1,
                              int64_t realtimeNs = 0) {
  std::vector<std::byte> out(size_t{count} * layout.scanBytes);
  ScanFiller(layout, elements, rateHz, seed).fill(out.data(), first, count, realtimeNs);
  return out;
}

std::vector<int64_t> values(const SimulatedElement& element, int64_t first, uint32_t count,
                            double rateHz = 1000, uint64_t seed = 1) {
  ScanLayout layout = one(format(0, 16, 16));
  auto bytes = filled(layout, {element}, first, count, rateHz, seed);
  std::vector<int64_t> out(count);
  for (uint32_t i = 0; i < count; ++i) out[i] = readSigned(&bytes[i * 2], layout.elements[0]);
  return out;
}

// One element of each waveform over a layout of every width.
ScanLayout mixedLayout() {
  ScanLayout layout;
  layout.scanBytes = 64;
  layout.elements = {
      format(0, 8, 8),
      format(2, 16, 12, 4),
      format(4, 16, 16, 0, NumberKind::Signed, true),
      format(6, 24, 24),
      format(9, 24, 20, 2, NumberKind::Unsigned, true),
      format(12, 32, 24, 8),
      format(16, 32, 32, 0, NumberKind::Float),
      format(24, 64, 64),
      format(32, 64, 64, 0, NumberKind::Float, true),
      format(40, 16, 16, 0, NumberKind::Unsigned, false, 4),
      format(48, 64, 64),
  };
  layout.timestamp = 10;
  return layout;
}

std::vector<SimulatedElement> mixedWaves() {
  std::vector<SimulatedElement> out;
  for (Waveform waveform : {Waveform::Sine, Waveform::Square, Waveform::Triangle, Waveform::Sweep,
                            Waveform::Noise, Waveform::Pulses, Waveform::Sine, Waveform::Counter,
                            Waveform::Sweep, Waveform::Constant, Waveform::Timestamp}) {
    SimulatedElement element = wave(waveform, 37.3, 90, 10);
    element.frequencyEndHz = 120;
    element.sweepSeconds = 1.7;
    element.glitchEvery = 5;
    element.noise = 2;
    out.push_back(element);
  }
  return out;
}

}  // namespace

TEST_CASE("simulator: a sine is the sine of its scan index, rounded, hours into the run") {
  for (int64_t first : {int64_t{0}, int64_t{777}, int64_t{1} << 40}) {
    auto got = values(wave(Waveform::Sine, 125, 30000, 100), first, 3000);
    for (uint32_t i = 0; i < got.size(); ++i) {
      double cycles = static_cast<double>((first + i) % 8) / 8;
      REQUIRE(std::abs(static_cast<double>(got[i]) - (100 + 30000 * std::sin(kTurn * cycles))) <=
              0.51);
    }
  }
  SimulatedElement shifted = wave(Waveform::Sine, 125, 30000);
  shifted.phase = 0.25;
  CHECK(values(shifted, 0, 1)[0] == 30000);
}

TEST_CASE(
    "simulator: blocks join without a seam wherever they are cut, in every waveform and format") {
  ScanLayout layout = mixedLayout();
  ScanFiller filler(layout, mixedWaves(), 1000, 9);
  constexpr uint32_t scans = 7000;
  constexpr int64_t first = 1'000'003;
  std::vector<std::byte> whole(scans * layout.scanBytes), cut(whole.size());
  filler.fill(whole.data(), first, scans, 5'000'000'000);
  std::mt19937 random(1);
  for (uint32_t at = 0; at < scans;) {
    uint32_t some = std::min<uint32_t>(scans - at, 1 + random() % 2500);
    filler.fill(&cut[at * layout.scanBytes], first + at, some, 5'000'000'000);
    at += some;
  }
  CHECK(whole == cut);
}

TEST_CASE("simulator: every width, byte order, shift and repeat holds the same values") {
  SimulatedElement element = wave(Waveform::Triangle, 10, 100, 5);
  auto expected = values(element, 0, 500);
  CHECK(expected[25] == 105);
  CHECK(expected[75] == -95);
  for (const ScanElement& f :
       {format(0, 8, 8), format(0, 16, 12, 4), format(0, 16, 12, 4, NumberKind::Signed, true),
        format(0, 24, 24), format(0, 24, 20, 3, NumberKind::Signed, true), format(0, 32, 24, 8),
        format(0, 32, 32, 0, NumberKind::Signed, true), format(0, 64, 40, 7),
        format(0, 64, 64, 0, NumberKind::Signed, true)}) {
    ScanLayout layout = one(f);
    for (uint32_t padding : {0u, 5u}) {
      layout.scanBytes = f.storageBits / 8u + padding;
      auto bytes = filled(layout, {element}, 0, 500);
      for (uint32_t i = 0; i < 500; ++i)
        REQUIRE(readSigned(&bytes[i * layout.scanBytes], f) == expected[i]);
    }
  }
  ScanElement repeated = format(0, 16, 16, 0, NumberKind::Signed, false, 3);
  auto bytes = filled(one(repeated), {element}, 0, 500);
  for (uint32_t i = 0; i < 1500; ++i) REQUIRE(loadAs<int16_t>(&bytes[i * 2]) == expected[i / 3]);
}

TEST_CASE("simulator: floating-point formats hold the value itself") {
  SimulatedElement element = wave(Waveform::Constant, 0, 0, 1.25e6 + 0.375);
  auto narrow = filled(one(format(0, 32, 32, 0, NumberKind::Float)), {element}, 0, 3);
  CHECK(loadAs<float>(&narrow[4]) == 1.25e6f + 0.375f);
  auto wide = filled(one(format(0, 64, 64, 0, NumberKind::Float)), {element}, 0, 3);
  CHECK(loadAs<double>(&wide[8]) == 1.25e6 + 0.375);
}

TEST_CASE("simulator: values are clipped at the range of their format") {
  auto got = values(wave(Waveform::Sine, 10, 50000), 0, 100);
  CHECK(*std::max_element(got.begin(), got.end()) == 32767);
  CHECK(*std::min_element(got.begin(), got.end()) == -32768);
  ScanElement f = format(0, 16, 12, 4, NumberKind::Unsigned);
  auto bytes = filled(one(f), {wave(Waveform::Square, 10, 9000)}, 0, 100);
  CHECK(readBits(&bytes[0], f) == 4095);
  CHECK(readBits(&bytes[60 * 2], f) == 0);
}

TEST_CASE("simulator: a counter is the scan index modulo its bits, also beyond 32 of them") {
  ScanElement f = format(0, 16, 12, 4);
  auto bytes = filled(one(f), {wave(Waveform::Counter, 0, 0)}, (int64_t{1} << 33) + 4000, 3000);
  for (uint32_t i = 0; i < 3000; ++i) REQUIRE(readBits(&bytes[i * 2], f) == (4000 + i) % 4096);
  ScanElement wide = format(0, 64, 64);
  auto large = filled(one(wide), {wave(Waveform::Counter, 0, 0)}, (int64_t{1} << 50) + 1, 2000);
  CHECK(loadAs<int64_t>(&large[1999 * 8]) == (int64_t{1} << 50) + 2000);
}

TEST_CASE("simulator: timestamps are the ends of the scans in nanoseconds") {
  ScanElement f = format(0, 64, 64);
  auto bytes = filled(one(f), {wave(Waveform::Timestamp, 0, 0)}, 299, 3, 300, 1, 1'000'000'000'000);
  CHECK(loadAs<int64_t>(&bytes[0]) == 1'001'000'000'000);
  CHECK(loadAs<int64_t>(&bytes[8]) == 1'001'003'333'333);
}

TEST_CASE(
    "simulator: noise has the rms asked for, repeats with its seed and differs between seeds and "
    "channels") {
  SimulatedElement noise = wave(Waveform::Noise, 0, 500, 40);
  auto got = values(noise, 5000, 60000, 1000, 3);
  double sum = 0, squares = 0;
  for (int64_t v : got) {
    sum += static_cast<double>(v);
    squares += static_cast<double>(v) * static_cast<double>(v);
  }
  double mean = sum / 60000;
  CHECK(mean == doctest::Approx(40).epsilon(0.5));
  CHECK(std::sqrt(squares / 60000 - mean * mean) == doctest::Approx(500).epsilon(0.03));
  CHECK(values(noise, 5000, 60000, 1000, 3) == got);
  CHECK(values(noise, 5000, 60000, 1000, 4) != got);
  ScanLayout two;
  two.scanBytes = 4;
  two.elements = {format(0, 16, 16), format(2, 16, 16)};
  auto bytes = filled(two, {noise, noise}, 0, 100);
  uint32_t same = 0;
  for (uint32_t i = 0; i < 100; ++i)
    same += loadAs<int16_t>(&bytes[i * 4]) == loadAs<int16_t>(&bytes[i * 4 + 2]);
  CHECK(same < 20);
}

TEST_CASE("simulator: a square keeps its duty, and pulses have one glitch in so many") {
  SimulatedElement square = wave(Waveform::Square, 10, 1000);
  square.duty = 0.25;
  auto got = values(square, 0, 10000);
  CHECK(std::count(got.begin(), got.end(), 1000) == doctest::Approx(2500).epsilon(0.01));
  CHECK(std::count(got.begin(), got.end(), -1000) == doctest::Approx(7500).epsilon(0.01));

  SimulatedElement pulses = wave(Waveform::Pulses, 10, 1000, -50);
  pulses.duty = 0.2;
  pulses.glitchEvery = 10;
  got = values(pulses, 0, 10000);  // 100 cycles of 100 scans
  CHECK(std::count(got.begin(), got.end(), 950) == doctest::Approx(90 * 20).epsilon(0.01));
  CHECK(std::count(got.begin(), got.end(), 2950) == doctest::Approx(10 * 3).epsilon(0.4));
  for (uint32_t i = 0; i < got.size(); ++i)
    if (got[i] == 2950) CHECK(i / 100 % 10 == 9);
  pulses.frequencyHz = 499;  // shorter than a scan: each pulse and each glitch still shows
  got = values(pulses, 0, 10000);
  CHECK(std::count(got.begin(), got.end(), 2950) >= 499);
}

TEST_CASE("simulator: a sweep rises from one frequency to the other and begins again") {
  SimulatedElement sweep = wave(Waveform::Sweep, 10, 1000);
  sweep.frequencyEndHz = 110;
  sweep.sweepSeconds = 10;
  auto got = values(sweep, 0, 20000);
  auto rising = [&](uint32_t from, uint32_t to) {
    int count = 0;
    for (uint32_t i = from + 1; i < to; ++i) count += got[i - 1] < 0 && got[i] >= 0;
    return count;
  };
  CHECK(std::abs(rising(0, 1000) - 15) <= 1);       // 10 … 20 Hz
  CHECK(std::abs(rising(9000, 10000) - 105) <= 1);  // 100 … 110 Hz
  CHECK(std::equal(got.begin(), got.begin() + 10000, got.begin() + 10000));
  double cycles = 10 * 4.0 + 10 * 4.0 * 4.0 / 2;
  CHECK(std::abs(static_cast<double>(got[4000]) - 1000 * std::sin(kTurn * cycles)) < 25);
}
