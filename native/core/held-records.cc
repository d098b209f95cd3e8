#include "held-records.h"

namespace iio {

void HeldRecords::Part::put(Key key, size_t size) {
  erase(key);
  if (size == 0) return;
  places[key] = order.insert(order.end(), {key, size});
  bytes += size;
}

void HeldRecords::Part::touch(Key key) {
  const auto it = places.find(key);
  if (it != places.end()) order.splice(order.end(), order, it->second);
}

void HeldRecords::Part::erase(Key key) {
  const auto it = places.find(key);
  if (it == places.end()) return;
  bytes -= it->second->second;
  order.erase(it->second);
  places.erase(it);
}

void HeldRecords::hold(Key key, const StripRecords& records) {
  const auto there = [&](RecordPart part) {
    return records.has(part) && records.held() <= records.firstLevel(part) ? records.partBytes(part)
                                                                           : 0;
  };
  middle_.put(key, there(RecordPart::Middle));
  fine_.put(key, there(RecordPart::Fine));
}

void HeldRecords::touch(Key key) {
  middle_.touch(key);
  fine_.touch(key);
}

void HeldRecords::forget(uint32_t lane) {
  for (Part* part : {&middle_, &fine_})
    for (auto it = part->places.begin(); it != part->places.end();) {
      const Key key = (it++)->first;
      if (key.second == lane) part->erase(key);
    }
}

std::optional<HeldRecords::Victim> HeldRecords::victim() {
  if (bytes() <= budget_) return std::nullopt;
  Part& part = fine_.order.empty() ? middle_ : fine_;
  const Victim victim{part.order.front().first,
                      &part == &fine_ ? RecordPart::Middle : RecordPart::Coarse};
  part.erase(victim.key);
  return victim;
}

}  // namespace iio
