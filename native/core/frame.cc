#include "frame.h"

#include <algorithm>

#include "continuity-gap.h"
#include "frame-builder.h"

namespace iio {
namespace {

void touch(ColumnBounds& b, const ValueFormat& f, const RunBounds& run) {
  b.top = b.top || run.maxKey == f.topKey();
  b.bottom = b.bottom || run.minKey == f.bottomKey();
}

void addRun(ColumnBounds& b, const ValueFormat& f, const RunBounds& run, Ends ends) {
  const auto raw = [&](int64_t key, double value) { return f.isFloat() ? value : f.rawOfKey(key); };
  if (ends.first) b.first = raw(run.firstKey, run.first);
  if (ends.last) b.last = raw(run.lastKey, run.last);
  widen(b, raw(run.minKey, run.minimum), raw(run.maxKey, run.maximum));
  b.nan = b.nan || run.nan;
  if (!f.isFloat()) touch(b, f, run);
}

void addSamples(ColumnBounds& b, const TraceSource& source, const std::byte* scans, size_t stride,
                uint32_t count, Ends ends) {
  if (!source.isPair())
    return addRun(b, source.i, boundsOfRun(source.i, scans, stride, count), ends);
  const ValueBounds pair = pairBounds(source, scans, stride, count);
  if (ends.first) b.first = pair.first;
  if (ends.last) b.last = pair.last;
  widen(b, pair.minimum, pair.maximum);
  b.nan = b.nan || pair.nan;
  for (const ValueFormat* f : {&source.i, &source.q})
    if (!f->isFloat()) touch(b, *f, boundsOfRun(*f, scans, stride, count));
}

// What was only not recorded gives way, also by its place: it would make the loss look like none.
void joinGap(PlacedGap& into, const PlacedGap& gap) {
  if (!isLoss(into.gap) && isLoss(gap.gap))
    into = gap;
  else
    mergeGap(into.gap, gap.gap);
}

}  // namespace

FrameBuilder::FrameBuilder(FrameSetup setup)
    : work_(std::make_unique<FrameWork>(std::move(setup))) {}
FrameBuilder::~FrameBuilder() = default;

void FrameBuilder::plan(const Timeline& timeline, const StripSamples& samples) {
  work_ = std::make_unique<FrameWork>(std::move(work_->setup));
  FrameWork& w = *work_;
  const FrameRange& range = w.setup.range;
  w.data.originScan = range.origin;
  w.data.zeroFraction = range.zeroFraction;
  w.data.trigger = range.trigger;
  w.data.fromScan = static_cast<int64_t>(std::floor(range.from));
  w.data.toScan = static_cast<int64_t>(std::ceil(range.to));
  w.data.traces.resize(w.setup.traces.size());
  if (range.empty || timeline.empty()) return;
  if (w.wantsSamples(timeline, samples)) {
    w.planSamples(timeline);
  } else {
    w.planColumns(timeline, samples);
    w.bounds.assign(w.setup.traces.size(), std::vector<ColumnBounds>(w.columns.size()));
    w.foldColumns(timeline, samples);
  }
  w.planTimes(timeline, samples);
  w.planGaps(timeline);
}

const std::vector<RecordNeed>& FrameBuilder::needs() const { return work_->needs; }

bool FrameBuilder::read(StripSamples& samples) {
  const bool complete =
      work_->data.columns ? work_->readColumns(samples) : work_->readSamples(samples);
  work_->readTimes(samples);
  return complete;
}

FrameData FrameBuilder::finish() {
  if (work_->data.columns) work_->finishColumns();
  work_->finishTimes();
  return std::move(work_->data);
}

// All gaps in the range; if they are many more than columns, those of one column's width as one of
// all their loss.
void FrameWork::planGaps(const Timeline& timeline) {
  const auto& breaks = timeline.breaks();
  const size_t from = timeline.breakAfter(data.fromScan - 1);
  size_t to = timeline.breakAfter(data.toScan);
  if (to < breaks.size() && breaks[to].endBefore < data.toScan) ++to;  // reaches out of the range
  const bool join = to - from > size_t{4} * setup.columns;
  const double width = (setup.range.to - setup.range.from) / setup.columns;
  int64_t slot = 0;
  for (size_t i = from; i < to; ++i) {
    if (!breaks[i].gap) continue;
    const auto at =
        static_cast<int64_t>(static_cast<double>(breaks[i].scan - data.fromScan) / width);
    if (join && !data.gaps.empty() && at == slot) {
      joinGap(data.gaps.back(), *breaks[i].gap);
    } else {
      data.gaps.push_back(*breaks[i].gap);
    }
    slot = at;
  }
}

bool FrameWork::readColumns(StripSamples& samples) {
  std::sort(reads.begin(), reads.end(), [](const SampleRead& a, const SampleRead& b) {
    return a.ref != b.ref ? a.ref < b.ref : a.at < b.at;
  });
  bool complete = true;
  for (const SampleRead& read : reads) {
    ColumnBounds& b = bounds[read.trace][read.column];
    for (uint32_t done = 0, got = 0; done < read.count && !b.missing; done += got) {
      const std::byte* scans = samples.read(refs[read.ref], read.at + done, read.count - done, got);
      if (scans == nullptr) {
        b.missing = true;
        complete = false;
        break;
      }
      const Ends ends{read.ends.first && done == 0, read.ends.last && done + got == read.count};
      addSamples(b, setup.traces[read.trace].source, scans, scanBytes(), got, ends);
    }
  }
  return complete;
}

void FrameWork::finishColumns() {
  const auto origin = static_cast<double>(data.originScan);
  for (const Column& c : columns) {
    data.x.push_back((c.blank ? c.from : static_cast<double>(c.first)) - origin);
    data.x.push_back((c.blank ? c.to : static_cast<double>(c.end - 1)) - origin);
  }
  size_t missing = 0;
  for (size_t t = 0; t < bounds.size(); ++t) {
    const TraceSource& source = setup.traces[t].source;
    FrameTraceData& trace = data.traces[t];
    trace.y.reserve(4 * columns.size());
    for (const ColumnBounds& b : bounds[t]) {
      double y[4] = {b.first, b.minimum, b.maximum, b.last};
      missing += b.missing;
      for (double& value : y) {
        if (b.missing) value = kNothing;
        if (!source.isPair()) value = source.scaled(value);
      }
      if (y[1] > y[2]) std::swap(y[1], y[2]);  // a negative scale
      trace.y.insert(trace.y.end(), y, y + 4);
      trace.touchesTop += b.top;
      trace.touchesBottom += b.bottom;
      trace.hasNaN = trace.hasNaN || b.nan;
    }
  }
  if (missing > 0)
    data.summarised =
        1 - static_cast<double>(missing) / static_cast<double>(columns.size() * bounds.size());
}

}  // namespace iio
