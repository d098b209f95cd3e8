// TimestampTrack: period, jitter and loss by the timestamp element.
//
// A step of more than 1.5 periods is a gap of round(step / period) - 1 scans. The model behind the
// grade: the device's clock is periodic, a stamp is that clock plus a latency which does not add
// up. Then a step of r periods is uncertain by u = 4 σ / period + r ε, σ the rms jitter of the
// steps seen, ε the error of the period measured from them. The loss is exact if every step within
// r ± u rounds to the same count; otherwise it is estimated, and r ± u gives the bounds.
//
// Steps below half a period (stamps made in bursts by a FIFO, a stamp that came early) are set off
// against a long step right before or after them: a late stamp that the next one makes up for is no
// gap, nor is the pause between the bursts of a FIFO, as long as all of it adds up to the period.
//
// What it proves: with steps that spread by less than an eighth of the period (rms) no lost scan
// hides within 1.5 periods. With more, in the middle of a burst, and where the period itself was
// found wrong on the way, loss is only estimated. A step that was never judged proves nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "continuity-gap.h"
#include "decode.h"
#include "layout.h"

namespace iio {

class TimestampTrack {
 public:
  struct Finding {
    bool judged = false;  // whether the step from the last block was judged: `before` holds then
    Gap before;           // of 0 scans if there is no gap
    std::vector<Jump> inside;
  };

  // rateHz 0: the period is learned from the first steps (16 at least); until then nothing is
  // judged.
  TimestampTrack(const ScanLayout& layout, double rateHz);

  Finding block(const std::byte* data, uint32_t scans);
  // False while stamps stand still: from the first one on, or for longer than a device's own FIFO
  // makes them.
  bool usable() const { return stillScans_ < (moved_ ? kStillAtMost : kToLearn); }
  enum class Trust : uint8_t {
    None,   // a step was not judged: there was no period yet, or the clock was set back
    Loose,  // a lost scan may hide among steps that spread so far
    Firm,   // every lost scan would show
  };
  Trust trust() const;
  double periodNs() const { return period_; }
  double jitterSeconds() const;  // rms deviation of the steps from their mean; 0 before two stamps

 private:
  static constexpr size_t kWindow = 64, kToLearn = 16, kStillAtMost = 16384;
  // Scans that a FIFO holds at most: so many short steps in a row may be one burst.
  static constexpr double kDeepest = 4096;

  int64_t stamp(const std::byte* data, uint32_t scan) const;
  void learn(const std::byte* data, uint32_t scans);
  bool fillWindow(const std::byte* data, uint32_t scans);
  void learnFirst(double median, double mean, size_t longSteps);
  void watchUnlearned(const std::byte* data, uint32_t scans);
  void setPeriod(double periodNs);
  void usePeriod(double periodNs);
  void count(double deviation);
  void refine();
  void forget();
  // A step within 0.5 … 1.5 periods behind odd ones.
  void even(int64_t step, Finding& finding);
  // A step outside 0.5 … 1.5 periods, before scan `offset`.
  void odd(int64_t step, uint32_t offset, Finding& finding);
  // Ends the run of odd steps: what is left of a long one is a gap.
  void settle(Finding& finding);
  void addGap(uint32_t offset, double excess, double credit, Finding& finding);
  // Of a step that is `ratio` periods long, or that is left of `span` periods after a burst.
  Gap gapOf(double ratio, double span) const;
  double sigma() const;
  double jitter() const;       // in periods
  double periodError() const;  // relative
  // Whether the short steps so far owe more than one early stamp does.
  bool inBurst(double credit) const { return credit >= 0.9 * period_; }
  bool spreadsLittle() const { return 4 * jitter() < 0.5; }

  ValueFormat format_;
  uint32_t scanBytes_;
  double period_ = 0;           // as refined, ns
  double reference_ = 0;        // deviations are taken from here, so that their squares stay small
  int64_t low_ = 0, high_ = 0;  // 0.5 and 1.5 periods
  double steps_ = 0, sum_ = 0, squares_ = 0, runs_ = 1;
  double credit_ = 0;     // ns by which the short steps just before fell short
  bool refined_ = false;  // whether the period was measured
  bool long_ = false;     // a long step waits for what the short steps behind it say
  uint32_t longOffset_ = 0;
  double excess_ = 0;  // ns of it beyond one period
  bool hasLast_ = false;
  int64_t last_ = 0;
  bool moved_ = false;
  bool unjudged_ = false, loose_ = false;  // for good
  size_t stillScans_ = 0;  // in blocks that brought no other stamp than the one before them
  // Since the period was set: ns that passed, and the steps in them.
  double spanNs_ = 0, spanSteps_ = 0;
  int64_t longestUnlearned_ = 0;  // of the steps before there was a period
  std::vector<int64_t> window_;   // recent steps
  size_t contradicted_ = 0;       // so many of them in a row, up to now, did not fit the period
};

}  // namespace iio
