#include "overwrite-proof.h"

#include <algorithm>
#include <cstring>

namespace iio {
namespace {

// As long as a cache line: what goes missing goes missing in whole ones.
constexpr size_t kLine = 64;

// splitmix64: no signal looks like eight of them in a row.
uint64_t patternWord(BlockIndex block, size_t word) {
  uint64_t x = (uint64_t{block} << 40) + word + 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void patternLine(BlockIndex block, size_t line, std::byte (&out)[kLine]) {
  for (size_t i = 0; i < kLine / 8; ++i) {
    const uint64_t word = patternWord(block, line * (kLine / 8) + i);
    std::memcpy(out + i * 8, &word, 8);
  }
}

}  // namespace

void OverwriteProof::fill(BlockIndex block, std::byte* data, size_t bytes) {
  std::byte line[kLine];
  for (size_t at = 0; at < bytes; at += kLine) {
    patternLine(block, at / kLine, line);
    std::memcpy(data + at, line, std::min(kLine, bytes - at));
  }
  waiting_.at(block) = true;
}

bool OverwriteProof::look(BlockIndex block, const std::byte* data, size_t bytes) {
  if (!waiting_.at(block)) return true;
  waiting_[block] = false;
  ++count_.blocks;
  uint64_t stale = 0;
  std::byte line[kLine];
  // A shorter rest at the end is too little to tell.
  for (size_t at = 0; at + kLine <= bytes; at += kLine) {
    const uint64_t first = patternWord(block, at / 8);
    if (std::memcmp(data + at, &first, 8) != 0) continue;
    patternLine(block, at / kLine, line);
    if (std::memcmp(data + at, line, kLine) == 0) stale += kLine;
  }
  count_.staleBytes += stale;
  return stale == 0;
}

}  // namespace iio
