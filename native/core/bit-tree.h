// BitTree: a set of small numbers that finds the next one in either direction by looking at one
// word of 64 bits a level: three levels up to 262,144.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace iio {

class BitTree {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // One more than asked for, so that `size` itself has a place to look down from.
  explicit BitTree(uint32_t size) {
    ++size;
    do {
      size = (size + 63) / 64;
      levels_.emplace_back(size, 0);
    } while (size > 1);
  }

  bool test(uint32_t i) const { return levels_[0][i / 64] >> (i % 64) & 1; }

  void set(uint32_t i) {
    for (auto& words : levels_) {
      words[i / 64] |= uint64_t{1} << (i % 64);
      i /= 64;
    }
  }

  void clear(uint32_t i) {
    for (auto& words : levels_) {
      words[i / 64] &= ~(uint64_t{1} << (i % 64));
      if (words[i / 64] != 0)
        return;  // the levels above say "something there", and that stays true
      i /= 64;
    }
  }

  void reset() {
    for (auto& words : levels_) std::fill(words.begin(), words.end(), 0);
  }

  // The smallest that is at least `i`, or kNone.
  uint32_t firstFrom(uint32_t i) const {
    for (size_t level = 0; level < levels_.size(); ++level, i = i / 64 + 1) {
      if (i / 64 >= levels_[level].size()) return kNone;
      const uint64_t word = levels_[level][i / 64] >> (i % 64) << (i % 64);
      if (word == 0) continue;
      i = i / 64 * 64 + static_cast<uint32_t>(std::countr_zero(word));
      while (level-- > 0) i = i * 64 + static_cast<uint32_t>(std::countr_zero(levels_[level][i]));
      return i;
    }
    return kNone;
  }

  // The largest below `i`, or kNone.
  uint32_t lastBefore(uint32_t i) const {
    for (size_t level = 0; level < levels_.size(); ++level, i /= 64) {
      if (i % 64 == 0) continue;  // nothing before it in its word
      const uint64_t word = levels_[level][i / 64] & ((uint64_t{1} << (i % 64)) - 1);
      if (word == 0) continue;
      i = i / 64 * 64 + last(word);
      while (level-- > 0) i = i * 64 + last(levels_[level][i]);
      return i;
    }
    return kNone;
  }

 private:
  static uint32_t last(uint64_t word) { return 63 - static_cast<uint32_t>(std::countl_zero(word)); }

  std::vector<std::vector<uint64_t>> levels_;
};

}  // namespace iio
