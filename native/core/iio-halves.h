// The kernel's own double buffering behind read() on a DMA buffer (iio_dma_buffer_read of 6.12):
// `length` is split in two halves; a read() takes the next half whole or in pieces, and a half goes
// back to the hardware when its last byte was read. Two things follow, and this keeps the books for
// both:
//
// 1. Which half is read next survives a run. After an odd number of halves the next run delivers
//    its first two swapped, whoever reads. We leave the next run a straight start (owesOne), and we
//    don't trust what was left to us: right after the first scan of a run was read, the other half
//    must still be empty, else the order is not known and the first two halves are dropped (they
//    come before the first sample, so nothing counts as lost). A read that finds nothing although
//    poll promised data shows the swapped order at once.
// 2. If the other half is full already when one goes back, the hardware had nowhere to write: a dry
//    queue.
//
// Values only: no fd, no clock of its own. Times are CLOCK_MONOTONIC.
#pragma once
#include <cstdint>

#include "block.h"
#include "iio-run-rate.h"

namespace iio {

class HalfBooks {
 public:
  // rateHz 0: not known. halfBytes: half of `length`, 0 if not known. alignBytes:
  // length_align_bytes, 0 if there is none: the engine fills whole units of that, or whole scans.
  // Its other limits may make a half shorter yet, which a short read shows.
  HalfBooks(double rateHz, uint32_t scanBytes, uint64_t halfBytes, uint64_t alignBytes,
            int64_t enabledNs);

  // The most to ask for in the next read(), a multiple of the scan: it ends with the half at the
  // latest.
  uint64_t limit() const;
  // poll, begun at `nowNs`, found nothing: no half was full by then, and none is begun: one that
  // was thought to be has ended.
  void idle(int64_t nowNs);
  // poll promised data at `nowNs`.
  void ready(int64_t nowNs) { readyNs_ = nowNs; }
  // … and read() found none: the order is swapped.
  void starved() { swapped_ = true; }

  enum class Use : uint8_t {
    Keep,  // what was read is data
    Ask,   // tell order() how much the kernel says is available, then it is known
    Drop,  // it is not data to deliver
  };
  // A read of `asked` bytes that took `taken` (> 0); the clock before and after it.
  Use took(uint64_t asked, uint64_t taken, int64_t beforeNs, int64_t afterNs);
  // `available`: bytes by the buffer's data_available, which counts a begun half whole; below 0:
  // not known.
  Use order(int64_t available);

  // Whether a half is begun: poll is ready at once then, or the half was shorter than thought.
  bool begun() const { return position_ != 0; }
  // Whether the last read ended a half: then a poll without waiting tells otherFull().
  bool atBorder() const { return halves_ > 0 && position_ == 0; }
  void otherFull(bool full);
  // At a border: whether the hardware paused before the half that comes now, and what was lost.
  bool gapHere(Gap& gap) const;

  uint64_t halves() const { return halves_; }  // begun in this run
  // Whether one more half has to be taken after disable, so that the next run begins straight (if
  // the order of this one was never known, so that it begins no worse).
  bool owesOne() const;

 private:
  void begin();
  // When the half after one that ended then began to be filled.
  double startOf(double endBefore) const;
  void end();
  double durationNs() const;

  double rateHz_;
  uint32_t scanBytes_;
  uint64_t configured_;
  uint64_t half_;
  uint64_t position_ = 0;  // bytes read of the half that is begun; 0: none is
  uint64_t halves_ = 0;
  uint64_t dropped_ = 0;  // halves to drop, from the first on
  bool swapped_ = false;

  RunRate run_;
  int64_t readyNs_ = 0;
  int64_t foundNs_ = 0;  // when the half begun last was found
  uint32_t steady_ = 0;  // so many in a row were found in the rhythm of the samples
  int64_t idleNs_ = 0;   // since the last border; 0: poll never had to wait
  // When the last two halves went back, newest first: the hardware fills them again no earlier.
  int64_t backNs_[2] = {0, 0};
  int64_t borderNs_ = 0;
  int64_t readNs_[2] = {0, 0};  // the clock before and after the last read
  // Of the half begun last: the earliest and the likely time of its last scan.
  double endLowNs_;
  double endLikelyNs_;
  bool hasHere_ = false, hasNext_ = false;
  Gap here_, next_;
};

}  // namespace iio
