#include "iio-halves.h"

#include <algorithm>
#include <cmath>

namespace iio {
namespace {
constexpr double kSecond = 1e9;
// Halves that are found in the rhythm of the samples are found soon after their last one: see
// iio-flight.cc.
constexpr uint32_t kSteady = 8;
constexpr double kLatencyNs = 5e6;
constexpr double kRhythm = 0.1;
constexpr double kJitterNs = 100e3;
}  // namespace

HalfBooks::HalfBooks(double rateHz, uint32_t scanBytes, uint64_t halfBytes, uint64_t alignBytes,
                     int64_t enabledNs)
    : rateHz_(rateHz),
      scanBytes_(std::max(1u, scanBytes)),
      configured_(halfBytes),
      half_(halfBytes - halfBytes % (alignBytes ? alignBytes : scanBytes_)),
      run_(rateHz),
      endLowNs_(static_cast<double>(enabledNs)),
      endLikelyNs_(static_cast<double>(enabledNs)) {}

double HalfBooks::durationNs() const {
  return rateHz_ > 0 ? static_cast<double>(half_ / scanBytes_) * kSecond / rateHz_ : 0;
}

// The first read of a run takes one scan only, so that the order can be asked while its half is
// still begun. Less than a scan can't be asked for (EINVAL); the kernel ends the read with the half
// anyway.
uint64_t HalfBooks::limit() const {
  if (halves_ == 0) return scanBytes_;
  if (half_ == 0) return UINT64_MAX / scanBytes_ * scanBytes_;
  const uint64_t rest = half_ - position_;
  return (rest + scanBytes_ - 1) / scanBytes_ * scanBytes_;
}

void HalfBooks::idle(int64_t nowNs) {
  if (position_ != 0) end();
  idleNs_ = nowNs;
}

// A half that was given back in time goes on where the one before it ends, otherwise where it was
// given back; it ends its duration later, and not after the poll that found it.
void HalfBooks::begin() {
  ++halves_;
  const double ready = static_cast<double>(readyNs_);
  const double duration = durationNs();
  const double off = std::abs(ready - static_cast<double>(foundNs_) - duration);
  const bool inRhythm =
      idleNs_ != 0 && duration > 2 * kJitterNs && off <= std::max(kRhythm * duration, kJitterNs);
  steady_ = inRhythm ? steady_ + 1 : 0;
  foundNs_ = readyNs_;
  if (hasHere_) run_.end();
  run_.add(readyNs_, half_ / scanBytes_, idleNs_ != 0);
  endLowNs_ = startOf(endLowNs_) + duration * (1 - run_.tolerance());
  if (steady_ >= kSteady) endLowNs_ = std::max(endLowNs_, ready - kLatencyNs);
  endLowNs_ = std::min(endLowNs_, ready);
  endLikelyNs_ =
      std::min(std::max(startOf(endLikelyNs_) + duration, static_cast<double>(idleNs_)), ready);
}

double HalfBooks::startOf(double endBefore) const {
  return hasHere_ ? std::max(endBefore, static_cast<double>(backNs_[1])) : endBefore;
}

void HalfBooks::end() {
  half_ = position_;
  position_ = 0;
  idleNs_ = 0;
  backNs_[1] = backNs_[0];
  backNs_[0] = readNs_[0];
  borderNs_ = readNs_[1];
  hasHere_ = hasNext_;
  here_ = next_;
  hasNext_ = false;
}

HalfBooks::Use HalfBooks::took(uint64_t asked, uint64_t taken, int64_t beforeNs, int64_t afterNs) {
  const bool first = halves_ == 0;
  readNs_[0] = beforeNs;
  readNs_[1] = afterNs;
  // Less than a scan is only the rest of a half that was longer than thought.
  const bool rest = position_ == 0 && taken < scanBytes_ && !first;
  if (position_ == 0 && !rest) begin();
  if (!rest) position_ += taken;
  const bool ended = taken < asked || (half_ != 0 && position_ >= half_);
  if (ended && !rest) end();
  if (halves_ <= dropped_) return Use::Drop;
  return first ? Use::Ask : Use::Keep;
}

// Swapped halves are both full when the first read finds the later one.
HalfBooks::Use HalfBooks::order(int64_t available) {
  // A half of a single scan has gone back by now: then anything available is the other one.
  const uint64_t both = position_ == 0 ? configured_ : 2 * configured_;
  const bool straight =
      available >= 0 && configured_ != 0 && static_cast<uint64_t>(available) < both;
  if (straight) return Use::Keep;
  dropped_ = 2;
  return Use::Drop;
}

// The half after the present border was full before the one just read went back: the hardware
// paused after it, and began again when that one went back, between backNs_[0] and borderNs_.
void HalfBooks::otherFull(bool full) {
  if (!full) return;
  hasNext_ = true;
  next_ = {
      .grade = Grade::Unknown, .cause = GapCause::DryQueue, .lost = 0, .lostMin = 0, .lostMax = -1};
  if (rateHz_ <= 0) return;
  const double duration = durationNs();
  const double low = startOf(endLowNs_) + duration * (1 - run_.tolerance());
  const double likely = startOf(endLikelyNs_) + duration;
  const double perNs = rateHz_ / kSecond;
  const double most = (static_cast<double>(borderNs_) - low) * perNs * (1 + run_.tolerance());
  next_.grade = Grade::Estimated;
  next_.lostMax = std::max<int64_t>(0, static_cast<int64_t>(std::ceil(most)));
  next_.lost = std::clamp<int64_t>(std::llround((static_cast<double>(backNs_[0]) - likely) * perNs),
                                   0, next_.lostMax);
}

bool HalfBooks::owesOne() const {
  const bool odd = halves_ % 2 != 0;
  return swapped_ ? !odd : odd;
}

bool HalfBooks::gapHere(Gap& gap) const {
  if (hasHere_) gap = here_;
  return hasHere_;
}

}  // namespace iio
