// Which strips hold more than their coarse records, in the order they were last asked for: so that
// what the views of a long file need fits a budget. Not thread safe.
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "pyramid.h"

namespace iio {

class HeldRecords {
 public:
  // A strip, and the number of the lane derived for a pair; 0: the strip's own records.
  using Key = std::pair<uint64_t, uint32_t>;

  explicit HeldRecords(size_t budget) : budget_(budget) {}

  // Notes what is there now, as the newest.
  void hold(Key key, const StripRecords& records);
  void touch(Key key);
  // Forgets a lane.
  void forget(uint32_t lane);

  size_t bytes() const { return middle_.bytes + fine_.bytes; }
  bool room(size_t bytes) const { return this->bytes() + bytes <= budget_; }
  // Over the budget: what has to go next, and down to which part. It is forgotten here.
  struct Victim {
    Key key;
    RecordPart downTo;
  };
  std::optional<Victim> victim();

 private:
  struct Part {
    std::list<std::pair<Key, size_t>> order;  // oldest first
    std::map<Key, std::list<std::pair<Key, size_t>>::iterator> places;
    size_t bytes = 0;

    void put(Key key, size_t size);
    void touch(Key key);
    void erase(Key key);
  };

  const size_t budget_;
  Part middle_, fine_;
};

}  // namespace iio
