#include "crc32c.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

using iio::crc32c;
using iio::crc32cTable;

namespace {
struct Known {
  std::string bytes;
  uint32_t crc;
};

// RFC 3720, B.4, and the check value of the catalogue of CRCs.
std::vector<Known> knownVectors() {
  std::string up(32, '\0'), down(32, '\0');
  for (int i = 0; i < 32; ++i) {
    up[size_t(i)] = char(i);
    down[size_t(i)] = char(31 - i);
  }
  std::string read(48, '\0');
  read[0] = 0x01;
  read[1] = char(0xc0);
  read[16] = 0x14;
  read[22] = 0x04;
  read[27] = 0x14;
  read[31] = 0x18;
  read[32] = 0x28;
  read[40] = 0x02;
  return {{"123456789", 0xE3069283},
          {std::string(32, '\0'), 0x8A9136AA},
          {std::string(32, '\xff'), 0x62A8AB43},
          {up, 0x46DD794E},
          {down, 0x113FDB5C},
          {read, 0xD9963A56},
          {"", 0}};
}

std::vector<uint8_t> noise(size_t bytes) {
  std::vector<uint8_t> out(bytes);
  uint64_t state = 88172645463325252ull;
  for (auto& byte : out) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = uint8_t(state >> 24);
  }
  return out;
}
}  // namespace

TEST_CASE("crc32c gives the published values, by instruction and by table") {
  for (const auto& known : knownVectors()) {
    CHECK(crc32c(0, known.bytes.data(), known.bytes.size()) == known.crc);
    CHECK(crc32cTable(0, known.bytes.data(), known.bytes.size()) == known.crc);
  }
}

TEST_CASE(
    "crc32c by three streams equals the table at every length around its strides and any "
    "alignment") {
  const auto data = noise(40000);
  for (size_t length :
       {1u, 7u, 8u, 255u, 767u, 768u, 769u, 1535u, 12287u, 12288u, 12289u, 13057u, 24576u, 39000u})
    for (size_t offset : {0u, 1u, 3u, 8u, 61u}) {
      CAPTURE(length);
      CAPTURE(offset);
      CHECK(crc32c(0, data.data() + offset, length) ==
            crc32cTable(0, data.data() + offset, length));
    }
}

TEST_CASE("crc32c chains over any cut") {
  const auto data = noise(30000);
  const uint32_t whole = crc32c(0, data.data(), data.size());
  for (size_t cut : {0u, 1u, 4095u, 12288u, 29999u, 30000u})
    CHECK(crc32c(crc32c(0, data.data(), cut), data.data() + cut, data.size() - cut) == whole);
}

TEST_CASE("CRCs of two parts join to that of both, whatever their lengths") {
  const auto data = noise(70000);
  for (size_t length : {0u, 1u, 7u, 4096u, 65536u, 69999u, 70000u})
    for (size_t cut = 0; cut <= length; cut += length / 3 + 1) {
      const uint32_t a = crc32c(0, data.data(), cut);
      const uint32_t b = crc32c(0, data.data() + cut, length - cut);
      CHECK(iio::crc32cJoin(a, b, length - cut) == crc32c(0, data.data(), length));
    }
}
