// BlockList: blocks in the order they came, each in at most one list of those that share links; any
// of them leaves in one step.
#pragma once
#include <cstdint>
#include <vector>

#include "block.h"

namespace iio {

class BlockLinks {
 public:
  explicit BlockLinks(uint32_t blockCount) : links_(blockCount) {}

 private:
  friend class BlockList;
  struct Link {
    BlockIndex before = kNoBlock, after = kNoBlock;
  };
  std::vector<Link> links_;
};

class BlockList {
 public:
  uint32_t size() const { return size_; }
  BlockIndex front() const { return front_; }  // kNoBlock if there is none

  void pushBack(BlockLinks& links, BlockIndex block) {
    links.links_[block] = {back_, kNoBlock};
    (back_ == kNoBlock ? front_ : links.links_[back_].after) = block;
    back_ = block;
    ++size_;
  }

  void remove(BlockLinks& links, BlockIndex block) {
    const auto [before, after] = links.links_[block];
    (before == kNoBlock ? front_ : links.links_[before].after) = after;
    (after == kNoBlock ? back_ : links.links_[after].before) = before;
    --size_;
  }

  std::vector<BlockIndex> all(const BlockLinks& links) const {
    std::vector<BlockIndex> out;
    for (BlockIndex i = front_; i != kNoBlock; i = links.links_[i].after) out.push_back(i);
    return out;
  }

 private:
  BlockIndex front_ = kNoBlock, back_ = kNoBlock;
  uint32_t size_ = 0;
};

}  // namespace iio
