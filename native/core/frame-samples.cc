// The samples form: one point a scan.
#include <algorithm>

#include "decode.h"
#include "frame-builder.h"

namespace iio {
namespace {

constexpr double kScansPerColumn = 4;

}  // namespace

bool FrameWork::wantsSamples(const Timeline& timeline, const StripSamples& samples) const {
  const FrameRange& range = setup.range;
  if (range.to - range.from > kScansPerColumn * setup.columns) return false;
  const auto to = static_cast<int64_t>(std::ceil(range.to));
  for (uint64_t i = timeline.find(static_cast<int64_t>(std::floor(range.from))); i < timeline.end();
       ++i) {
    if (timeline[i].scan > to) break;
    if (!samples.has(timeline[i])) return false;
  }
  return true;
}

void FrameWork::planSamples(const Timeline& timeline) {
  data.columns = false;
  const auto from = static_cast<int64_t>(std::floor(setup.range.from));
  const auto end = static_cast<int64_t>(std::ceil(setup.range.to)) + 1;
  for (uint64_t i = timeline.find(from); i < timeline.end(); ++i) {
    const Strip& strip = timeline[i];
    if (strip.scan >= end) break;
    const int64_t first = std::max(from, strip.scan);
    SampleRun run;
    run.ref = refOf(timeline, i);
    run.at = static_cast<uint32_t>(first - strip.scan);
    run.count = static_cast<uint32_t>(std::min(end, strip.end()) - first);
    run.scan = first;
    if (i > timeline.begin()) run.endBefore = timeline[i - 1].end();
    run.apart = !runs.empty() && (strip.hasGap || run.endBefore != strip.scan);
    runs.push_back(run);
  }
}

void FrameWork::addGapPoint(const SampleRun& run) {
  const double middle =
      (static_cast<double>(run.endBefore - 1) + static_cast<double>(run.scan)) / 2;
  data.x.push_back(middle - static_cast<double>(data.originScan));
  for (auto& trace : data.traces) trace.y.push_back(kNothing);
  times.values.push_back(0);
  times.known.push_back(false);
}

void FrameWork::addPoints(int64_t scan, const std::byte* scans, uint32_t count) {
  const size_t size = data.x.size();
  for (uint32_t k = 0; k < count; ++k)
    data.x.push_back(static_cast<double>(scan + k - data.originScan));
  for (size_t t = 0; t < data.traces.size(); ++t) {
    FrameTraceData& trace = data.traces[t];
    trace.y.resize(size + count);
    double* y = trace.y.data() + size;
    traceValues(setup.traces[t].source, scans, scanBytes(), count, y);
    trace.hasNaN =
        trace.hasNaN || std::any_of(y, y + count, [](double v) { return std::isnan(v); });
    countTouches(t, scans, count);
  }
  times.values.resize(size + count);
  times.known.resize(size + count, setup.timestampLane >= 0);
  if (setup.timestampLane < 0) return;
  const ValueFormat& f = (*setup.lanes)[static_cast<size_t>(setup.timestampLane)].format;
  decodeKeys(f, scans, scanBytes(), count, times.values.data() + size);
  for (size_t i = size; i < size + count; ++i) times.values[i] += static_cast<int64_t>(f.bias);
}

bool FrameWork::readSamples(StripSamples& samples) {
  bool complete = true;
  for (const SampleRun& run : runs) {
    if (run.apart && !data.x.empty()) addGapPoint(run);
    for (uint32_t at = 0, got = 0; at < run.count; at += got) {
      const std::byte* scans = samples.read(refs[run.ref], run.at + at, run.count - at, got);
      if (scans == nullptr) {
        complete = false;
        break;
      }
      addPoints(run.scan + at, scans, got);
    }
  }
  return complete;
}

void FrameWork::countTouches(size_t trace, const std::byte* scans, uint32_t count) {
  const TraceSource& source = setup.traces[trace].source;
  const auto touches = [&](const ValueFormat& f, const std::byte* scan, bool& top, bool& bottom) {
    if (f.isFloat()) return;
    const int64_t key = keyAt(f, scan);
    top = top || key == f.topKey();
    bottom = bottom || key == f.bottomKey();
  };
  for (uint32_t k = 0; k < count; ++k) {
    bool top = false, bottom = false;
    touches(source.i, scans + size_t{k} * scanBytes(), top, bottom);
    if (source.isPair()) touches(source.q, scans + size_t{k} * scanBytes(), top, bottom);
    data.traces[trace].touchesTop += top;
    data.traces[trace].touchesBottom += bottom;
  }
}

}  // namespace iio
