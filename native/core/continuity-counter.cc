#include "continuity-counter.h"

#include <algorithm>

#include "continuity-sample.h"

namespace iio {

CounterTrack::CounterTrack(const ScanLayout& layout, const std::vector<uint32_t>& elements)
    : scanBytes_(layout.scanBytes) {
  for (uint32_t index : elements) {
    const ScanElement& element = layout.elements.at(index);
    if (bits_ >= 64) break;
    parts_.push_back({valueFormat(element), bits_});
    bits_ = static_cast<uint16_t>(std::min(64, bits_ + element.bits));
  }
  mask_ = maskOf(bits_);
}

uint64_t CounterTrack::value(const std::byte* data, uint32_t scan) const {
  const std::byte* at = data + size_t{scan} * scanBytes_;
  uint64_t sum = 0;
  for (const Part& part : parts_) sum |= readBits(at, part.format) << part.position;
  return sum & mask_;
}

// A wide counter that went back (the device was reset) does not say how much was lost: nearly 2^32
// is not believed.
Gap CounterTrack::lossOf(uint64_t step) const {
  uint64_t lost = (step - 1) & mask_;
  if (bits_ >= 32 && lost > mask_ / 2)
    return {.grade = Grade::Unknown,
            .cause = GapCause::Counter,
            .lost = 0,
            .lostMin = 0,
            .lostMax = -1};
  return exactGap(GapCause::Counter, static_cast<int64_t>(lost));
}

bool CounterTrack::countJump() {
  ++jumps_;
  const bool fromTheFirst = jumps_ >= 4 && jumps_ * 2 > scansSeen_;
  if (fromTheFirst || jumps_ > std::max<uint64_t>(64, scansSeen_ / 8)) usable_ = false;
  return usable_;
}

void CounterTrack::search(const std::byte* data, uint32_t a, uint64_t va, uint32_t b, uint64_t vb,
                          std::vector<Jump>& out) {
  if (!usable_ || ((vb - va - (b - a)) & mask_) == 0) return;
  if (b - a == 1) {
    if (countJump()) out.push_back({b, lossOf(vb - va)});
    return;
  }
  uint32_t middle = a + (b - a) / 2;
  uint64_t vm = value(data, middle);
  search(data, a, va, middle, vm, out);
  search(data, middle, vm, b, vb, out);
}

std::vector<Jump> CounterTrack::inside(const std::byte* data, uint32_t scans,
                                       const PendingLoss& pending) {
  std::vector<Jump> out;
  scansSeen_ += scans;
  if (!usable_ || scans < 2) return out;
  search(data, 0, value(data, 0), scans - 1, value(data, scans - 1), out);
  if (!usable_) out.clear();
  int64_t shown = 0;
  for (const Jump& jump : out) shown += jump.gap.lost;
  // Each of them may have been whole turns longer, for all that is known.
  for (Jump& jump : out) {
    if (jump.gap.grade != Grade::Exact) continue;
    PendingLoss rest{.all = {}, .known = {}, .told = false, .room = pending.room, .likely = -1};
    if (rest.room >= 0) rest.room = std::max<int64_t>(0, rest.room - (shown - jump.gap.lost));
    if (out.size() == 1) rest.likely = pending.likely;
    jump.gap = choose(jump.gap.lost, rest);
  }
  return out;
}

Gap CounterTrack::before(const std::byte* data, const PendingLoss& pending) {
  if (!hasLast_) return pending.all;
  Gap counted = lossOf(value(data, 0) - last_);
  if (counted.grade == Grade::Unknown) return countJump() ? counted : pending.all;
  uint64_t above =
      (static_cast<uint64_t>(counted.lost) - static_cast<uint64_t>(pending.known.lost)) & mask_;
  // A wide counter that shows less than what is known to be lost does not count: no turn of it is
  // believed.
  if (bits_ >= 32 && above > mask_ / 2) {
    countJump();
    return pending.all;
  }
  Gap gap = choose(pending.known.lost + static_cast<int64_t>(above), pending);
  if (gap.lost == 0 && !isLoss(pending.all)) {
    // Neither the counter nor the transport shows anything: no gap is made of what else may be.
    if (gap.lostMax != 0) sure_ = false;
    return Gap{};
  }
  if (gap.lost == pending.known.lost && isLoss(pending.known))
    gap.cause = pending.known.cause;
  else if (gap.lost != 0 && !countJump())
    return pending.all;
  return gap;
}

// The most that a loss of `smallest` can have been where there was room for so many scans (-1: not
// known); -1: no bound.
int64_t CounterTrack::most(int64_t smallest, int64_t room) const {
  if (bits_ >= 62 || (bits_ >= 32 && room < 0)) return smallest;
  if (room < 0) return -1;
  const int64_t turn = static_cast<int64_t>(mask_) + 1;
  return smallest + std::max<int64_t>(0, room - smallest) / turn * turn;
}

// `smallest`: the least loss that the counter allows. Whole turns of a narrow counter are added
// where the rest of what is known asks for them.
Gap CounterTrack::choose(int64_t smallest, const PendingLoss& pending) const {
  Gap gap = exactGap(GapCause::Counter, smallest);
  if (bits_ >= 62) return gap;
  const Gap& all = pending.all;
  const int64_t turn = static_cast<int64_t>(mask_) + 1;
  if (all.lostMin > smallest) gap.lostMin += (all.lostMin - smallest + turn - 1) / turn * turn;
  gap.lostMax = smallest + (all.lostMax - smallest) / turn * turn;
  // Bounds that hold none of the values the counter allows are none.
  const bool bounded = pending.told && all.lostMax >= smallest && gap.lostMin <= gap.lostMax;
  if (!bounded) {
    gap.lostMax = most(smallest, pending.room);
    if (gap.lostMax >= 0) gap.lostMin = std::min(gap.lostMin, gap.lostMax);
  }
  const bool timeTells = !bounded && smallest > 0;
  const int64_t likely = timeTells ? std::max(all.lost, pending.likely) : all.lost;
  if (likely > smallest) gap.lost += (likely - smallest + turn / 2) / turn * turn;
  gap.lost = std::max(gap.lost, gap.lostMin);
  if (gap.lostMax >= 0) gap.lost = std::min(gap.lost, gap.lostMax);
  if (gap.lostMin != gap.lostMax) gap.grade = Grade::Estimated;
  return gap;
}

void CounterTrack::advance(const std::byte* data, uint32_t scans) {
  if (scans == 0) return;
  last_ = value(data, scans - 1);
  hasLast_ = true;
}

}  // namespace iio
