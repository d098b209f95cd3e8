// Times of a frame: each x by the timestamp element, and the zero.
#include <algorithm>

#include "frame-builder.h"

namespace iio {
namespace {

constexpr double kNanosecond = 1e-9;

class TimePlan {
 public:
  TimePlan(FrameWork& frame, const Timeline& timeline, const StripSamples& samples)
      : frame_(frame),
        timeline_(timeline),
        samples_(samples),
        laneIndex_(static_cast<size_t>(frame.setup.timestampLane)) {}

  void want(int64_t scan, size_t index) {
    const uint64_t at = timeline_.find(scan);
    if (at == timeline_.end() || timeline_[at].scan > scan) return;
    const Strip& strip = timeline_[at];
    const auto offset = static_cast<uint32_t>(scan - strip.scan);
    if (strip.records && fromRecord(*strip.records, offset, index)) return;
    if (samples_.has(strip))
      frame_.times.reads.push_back({frame_.refOf(timeline_, at), offset, index});
  }

 private:
  // A record holds the timestamps of its first and last scan.
  bool fromRecord(const StripRecords& records, uint32_t offset, size_t index) {
    const int64_t grain = records.heldGrain();
    const int64_t r = offset / grain;
    const int64_t last = std::min((r + 1) * grain, int64_t{records.scans()}) - 1;
    const bool isFirst = offset == r * grain;
    if (!isFirst && offset != last) return false;
    const Lane& lane = timeline_.lanes()[laneIndex_];
    withKey(lane.format.key, [&](auto key) {
      const auto& record = records.level<decltype(key)>(lane, records.held())[r];
      frame_.setTime(index, static_cast<int64_t>(isFirst ? record.first : record.last));
    });
    return true;
  }

  FrameWork& frame_;
  const Timeline& timeline_;
  const StripSamples& samples_;
  const size_t laneIndex_;
};

// Unknown times by the line through the known ones on both sides; beyond them by `secondsPerScan`.
void fillTimes(const std::vector<double>& x, std::vector<double>& t, double secondsPerScan) {
  size_t known = t.size();  // the last known so far
  for (size_t i = 0; i < t.size(); ++i) {
    if (std::isnan(t[i])) continue;
    const size_t from = known == t.size() ? 0 : known + 1;
    for (size_t k = from; k < i; ++k) {
      const double slope = known == t.size() ? secondsPerScan
                           : x[i] > x[known] ? (t[i] - t[known]) / (x[i] - x[known])
                                             : 0;
      t[k] = t[i] - (x[i] - x[k]) * slope;
    }
    known = i;
  }
  if (known == t.size()) return;
  for (size_t k = known + 1; k < t.size(); ++k)
    t[k] = t[known] + (x[k] - x[known]) * secondsPerScan;
}

}  // namespace

int64_t timeOfScan(const Timeline& timeline, double scan, double rateHz) {
  if (timeline.empty()) return -1;
  const uint64_t found = timeline.find(static_cast<int64_t>(std::floor(scan)));
  const uint64_t index = std::min(found, timeline.end() - 1);
  const Strip& strip = timeline[index];
  const TimeMark mark = timeline.timeMark(index, static_cast<int64_t>(std::floor(scan)));
  if (mark.timeNs < 0) return -1;
  double nsPerScan = rateHz > 0 ? 1e9 / rateHz : 0;
  if (nsPerScan == 0 && index > timeline.begin()) {  // no rate: by the block before
    const Strip& before = timeline[index - 1];
    if (before.timeNs >= 0 && strip.timeScan > before.timeScan)
      nsPerScan = static_cast<double>(strip.timeNs - before.timeNs) /
                  static_cast<double>(strip.timeScan - before.timeScan);
  }
  const double ns = (scan - static_cast<double>(mark.scan)) * nsPerScan;
  return mark.timeNs + static_cast<int64_t>(std::llround(ns));
}

void FrameWork::setTime(size_t index, int64_t key) {
  const ValueFormat& f = (*setup.lanes)[static_cast<size_t>(setup.timestampLane)].format;
  const auto value = static_cast<int64_t>(static_cast<uint64_t>(key) + f.bias);
  if (index >= TimeRead::kOrigin) {
    times.origin[index - TimeRead::kOrigin] = value;
    times.originKnown[index - TimeRead::kOrigin] = true;
  } else {
    times.values[index] = value;
    times.known[index] = true;
  }
}

void FrameWork::planTimes(const Timeline& timeline, const StripSamples& samples) {
  data.zeroTimeNs = timeOfScan(
      timeline, static_cast<double>(setup.range.origin) + setup.range.zeroFraction, setup.rateHz);
  if (setup.timestampLane < 0) return;
  TimePlan plan(*this, timeline, samples);
  plan.want(setup.range.origin, TimeRead::kOrigin);
  plan.want(setup.range.origin + 1, TimeRead::kOrigin + 1);
  times.values.resize(columns.size() * 2);
  times.known.resize(columns.size() * 2);
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].blank) continue;
    plan.want(columns[c].first, 2 * c);
    plan.want(columns[c].end - 1, 2 * c + 1);
  }
}

void FrameWork::readTimes(StripSamples& samples) {
  if (setup.timestampLane < 0) return;
  const ValueFormat& f = (*setup.lanes)[static_cast<size_t>(setup.timestampLane)].format;
  std::sort(times.reads.begin(), times.reads.end(), [](const TimeRead& a, const TimeRead& b) {
    return a.ref != b.ref ? a.ref < b.ref : a.at < b.at;
  });
  for (const TimeRead& read : times.reads) {
    uint32_t got = 0;
    const std::byte* scan = samples.read(refs[read.ref], read.at, 1, got);
    if (scan != nullptr) setTime(read.index, keyAt(f, scan));
  }
}

// Exact differences of the integers first, then seconds.
void FrameWork::finishTimes() {
  if (setup.timestampLane < 0 || data.x.empty()) return;
  const auto firstKnown = std::find(times.known.begin(), times.known.end(), true);
  if (firstKnown == times.known.end()) return;
  const auto lastKnown = std::find(times.known.rbegin(), times.known.rend(), true);
  const auto first = static_cast<size_t>(firstKnown - times.known.begin());
  const auto last = static_cast<size_t>(times.known.rend() - lastKnown) - 1;
  double secondsPerScan = setup.rateHz > 0 ? 1 / setup.rateHz : 0;
  if (data.x[last] > data.x[first])
    secondsPerScan = static_cast<double>(times.values[last] - times.values[first]) * kNanosecond /
                     (data.x[last] - data.x[first]);
  int64_t origin = times.origin[0];
  if (!times.originKnown[0])
    origin = times.values[first] - std::llround(data.x[first] * secondsPerScan / kNanosecond);
  double step = secondsPerScan;
  if (times.originKnown[0] && times.originKnown[1])
    step = static_cast<double>(times.origin[1] - times.origin[0]) * kNanosecond;
  const double zero = data.zeroFraction * step;
  data.t.assign(data.x.size(), kNothing);
  for (size_t i = 0; i < data.t.size(); ++i)
    if (times.known[i])
      data.t[i] = static_cast<double>(times.values[i] - origin) * kNanosecond - zero;
  fillTimes(data.x, data.t, secondsPerScan);
  data.zeroTimeNs = origin + std::llround(zero / kNanosecond);
  data.zeroTimeFromTimestamp = true;
}

}  // namespace iio
