// SimulatorClock: what a converter that runs on does to the blocks queued for it. Decides which
// scans fall into which block and which into none. No thread and no time of its own: the transport
// says how many scans have passed.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>

#include "block.h"

namespace iio {

class SimulatorClock {
 public:
  struct Entry {
    BlockIndex block = kNoBlock;
    uint32_t scans = 0;
    int64_t first = 0;  // scan index of its first scan
    int64_t lost = 0;   // before it
    bool mayDrop = true;
  };

  // A block joins the queue when `passed` scans have gone by. What passed while no block was there
  // is lost.
  void enqueue(BlockIndex block, uint32_t scans, int64_t passed) {
    Entry entry{block, scans, std::max(end_, passed), std::max<int64_t>(0, passed - end_)};
    end_ = entry.first + scans;
    queue_.push_back(entry);
  }

  bool empty() const { return queue_.empty(); }
  const Entry& front() const { return queue_.front(); }
  // The scan at whose end the oldest block is complete.
  int64_t due() const { return queue_.front().first + queue_.front().scans; }

  Entry pop() {
    Entry entry = queue_.front();
    queue_.pop_front();
    return entry;
  }

  // Loses `scans` before the oldest block begins; everything behind it moves.
  void lose(int64_t scans) {
    if (scans <= 0 || queue_.empty()) return;
    queue_.front().lost += scans;
    for (Entry& entry : queue_) entry.first += scans;
    end_ += scans;
  }

  // Drops whole blocks before every fifth one: one, two or three in turn.
  void dropSome() {
    if (queue_.empty() || !queue_.front().mayDrop) return;
    queue_.front().mayDrop = false;
    uint32_t turn = drops_++;
    if (turn % 5 == 0) lose(int64_t{queue_.front().scans} * (1 + turn / 5 % 3));
  }
  void startDropping() { drops_ = 0; }

 private:
  std::deque<Entry> queue_;
  int64_t end_ = 0;  // of the newest queued block
  uint32_t drops_ = 0;
};

}  // namespace iio
