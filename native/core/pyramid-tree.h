// The tree over strips: one lane's record of each strip, and merged records of 16, 256, … strips.
// Strips are appended at the end and dropped from the front, or set in any order (a file's).
// Indices count strips from the first ever appended.
#pragma once
#include <deque>
#include <vector>

#include "pyramid.h"

namespace iio {

template <typename K>
class LaneTree {
 public:
  struct Node {
    Record<K> record;
    bool nan = false;
  };

  uint64_t begin() const { return levels_[0].base; }
  uint64_t end() const { return levels_[0].base + levels_[0].nodes.size(); }

  void append(const Node& leaf) {
    uint64_t index = end();
    levels_[0].nodes.push_back(leaf);
    for (size_t k = 1; k <= levels_.size(); ++k) {
      index /= kFanout;
      if (k == levels_.size()) {
        if (levels_[k - 1].nodes.size() < 2) return;  // nothing to gather yet
        levels_.emplace_back();
        rebuild(k);
        continue;
      }
      Level& level = levels_[k];
      if (level.nodes.empty()) level.base = index;
      if (index < level.base + level.nodes.size()) {
        join(level.nodes.back(), leaf);
      } else {
        level.nodes.push_back(leaf);
      }
    }
  }

  void set(uint64_t index, const Node& leaf) {
    levels_[0].nodes[index - levels_[0].base] = leaf;
    for (size_t k = 1; k < levels_.size(); ++k) {
      index /= kFanout;
      levels_[k].nodes[index - levels_[k].base] = gathered(k, index);
    }
  }

  void dropFront() {
    levels_[0].nodes.pop_front();
    uint64_t front = ++levels_[0].base;
    for (size_t k = 1; k < levels_.size(); ++k) {
      front /= kFanout;  // a node goes when all it covers has gone
      Level& level = levels_[k];
      while (!level.nodes.empty() && level.base < front) {
        level.nodes.pop_front();
        ++level.base;
      }
    }
  }

  // Strips [from, to) as one. Only nodes that lie wholly inside are used, so those whose front was
  // dropped never are.
  Node fold(uint64_t from, uint64_t to) const {
    Node sum{neutralRecord<K>(), false};
    sum.record.first = leaf(from).record.first;
    sum.record.last = leaf(to - 1).record.last;
    for (size_t k = 0; from < to; ++k) {
      const uint64_t low = (from + kFanout - 1) / kFanout, high = to / kFanout;
      if (k + 1 == levels_.size() || low >= high) {
        take(sum, k, from, to);
        break;
      }
      take(sum, k, from, low * kFanout);
      take(sum, k, high * kFanout, to);
      from = low;
      to = high;
    }
    return sum;
  }

 private:
  struct Level {
    std::deque<Node> nodes;
    uint64_t base = 0;
  };

  const Node& leaf(uint64_t index) const { return levels_[0].nodes[index - levels_[0].base]; }

  static void join(Node& a, const Node& b) {
    widen(a.record, b.record);
    a.record.last = b.record.last;
    a.nan = a.nan || b.nan;
  }

  void take(Node& sum, size_t k, uint64_t from, uint64_t to) const {
    const Level& level = levels_[k];
    for (uint64_t i = from; i < to; ++i) {
      const Node& node = level.nodes[i - level.base];
      widen(sum.record, node.record);
      sum.nan = sum.nan || node.nan;
    }
  }

  Node gathered(size_t k, uint64_t index) const {
    const Level& below = levels_[k - 1];
    const uint64_t from = std::max(index * kFanout, below.base);
    const uint64_t to = std::min((index + 1) * kFanout, below.base + below.nodes.size());
    Node sum = below.nodes[from - below.base];
    for (uint64_t i = from + 1; i < to; ++i) join(sum, below.nodes[i - below.base]);
    return sum;
  }

  void rebuild(size_t k) {
    const Level& below = levels_[k - 1];
    levels_[k].base = below.base / kFanout;
    const uint64_t last = (below.base + below.nodes.size() - 1) / kFanout;
    for (uint64_t i = levels_[k].base; i <= last; ++i) levels_[k].nodes.push_back(gathered(k, i));
  }

  std::vector<Level> levels_{1};
};

}  // namespace iio
