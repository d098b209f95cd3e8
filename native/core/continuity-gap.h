// Sums of loss.
#pragma once
#include <algorithm>
#include <cstdint>

#include "block.h"

namespace iio {

// Loss before scan `offset` of a block.
struct Jump {
  uint32_t offset = 0;
  Gap gap;
};

// What is known of the loss since the last delivered scan before the samples themselves were asked.
struct PendingLoss {
  Gap all;            // everything, guesses included
  Gap known;          // the part of it that is exact: nothing can make the loss smaller than that
  bool told = false;  // whether the transport would tell of a loss: without it, no gap means little
  // By the time since the last block: the most there was room for, and what is likely, loss within
  // this block included; -1: not known.
  int64_t room = -1, likely = -1;
};

inline Gap exactGap(GapCause cause, int64_t scans) {
  return {.grade = Grade::Exact, .cause = cause, .lost = scans, .lostMin = scans, .lostMax = scans};
}

// False if the gap says that nothing was lost.
inline bool isLoss(const Gap& gap) { return gap.lost != 0 || gap.lostMax != 0; }

// The sum of two upper bounds; -1: there is none.
inline int64_t addMost(int64_t a, int64_t b) { return a < 0 || b < 0 ? -1 : a + b; }

// Adds loss to loss: sums and bounds add up, the weaker grade holds, the greater loss names the
// cause. A gap in which nothing was lost gives way to one of loss.
inline void mergeGap(Gap& into, const Gap& gap) {
  if (!isLoss(gap)) return;
  if (!isLoss(into)) {
    into = gap;
    return;
  }
  if (gap.lost > into.lost) into.cause = gap.cause;
  into.grade = std::max(into.grade, gap.grade);
  into.lost += gap.lost;
  into.lostMin += gap.lostMin;
  into.lostMax = addMost(into.lostMax, gap.lostMax);
}

// Adds up gaps. What a counter told is kept apart: if it is given up, it proves nothing.
class LossSum {
 public:
  void add(const Gap& gap);
  void doubtCounter();

  uint64_t gaps = 0;
  int64_t lost = 0, lostMin = 0, lostMax = 0;  // lostMax -1: no bound
  Grade grade = Grade::Exact;                  // the worst

 private:
  int64_t counted_ = 0, countedMin_ = 0;  // of `lost` and `lostMin`, by the counter
  bool anyCounted_ = false;
};

inline void LossSum::add(const Gap& gap) {
  ++gaps;
  lost += gap.lost;
  lostMin += gap.lostMin;
  lostMax = addMost(lostMax, gap.lostMax);
  grade = std::max(grade, gap.grade);
  if (gap.cause != GapCause::Counter) return;
  anyCounted_ = true;
  counted_ += gap.lost;
  countedMin_ += gap.lostMin;
}

inline void LossSum::doubtCounter() {
  if (!anyCounted_) return;
  lost -= counted_;
  lostMin -= countedMin_;
  lostMax = -1;
  grade = Grade::Unknown;
  counted_ = countedMin_ = 0;
  anyCounted_ = false;
}

}  // namespace iio
