// Where the columns of a frame begin and end.
#include <algorithm>

#include "frame-builder.h"

namespace iio {
namespace {

// Which records' borders columns of a width are snapped to.
struct Snap {
  bool exact = false;  // to none, where there are samples
  uint32_t level = 0;
  int64_t grain = kRecordScans;  // scans of a record of that level
};

Snap snapOf(double width, uint32_t grain, const FrameSetup& setup) {
  constexpr double kLeast = 16, kLeastOverBudget = 4;
  Snap snap{width < kLeast * grain, 0, grain};
  const auto next = [&] { return static_cast<double>(snap.grain * kFanout); };
  const auto records = [&] {
    return setup.columns * (width / static_cast<double>(snap.grain)) *
           setup.lanes->bytesPerRecord();
  };
  while (!snap.exact && snap.level + 1 < RecordShape::kLevels &&
         (width >= kLeast * next() || (width >= kLeastOverBudget * next() &&
                                       records() > static_cast<double>(setup.recordBytes)))) {
    snap.grain *= kFanout;
    ++snap.level;
  }
  return snap;
}

class ColumnPlan {
 public:
  ColumnPlan(const Timeline& timeline, const StripSamples& samples, Snap snap,
             std::vector<Column>& out)
      : timeline_(timeline), samples_(samples), snap_(snap), out_(out) {}

  // Column over [from, to): what there is in it, cut at the first gap after its first scan.
  void add(int64_t from, int64_t to) {
    from = std::max(from, timeline_.fromScan());
    to = std::min(to, timeline_.toScan());
    const auto& breaks = timeline_.breaks();
    size_t next = timeline_.breakAfter(from);
    if (next < breaks.size() && breaks[next].endBefore <= from) from = breaks[next++].scan;
    if (from >= to) return;
    const bool broken = next < breaks.size() && breaks[next].endBefore < to;
    put(from, broken ? breaks[next].endBefore : to, next);
    if (broken && breaks[next].scan < to) {
      const size_t last = timeline_.breakAfter(to - 1);
      const bool cut = last < breaks.size() && breaks[last].endBefore < to;
      put(breaks[next].scan, cut ? breaks[last].endBefore : to, next + 1, last);
    }
  }

  // The true edge at or before a nominal one; `outward` takes that at or after it.
  int64_t edge(int64_t scan, bool outward) const {
    const uint64_t index = timeline_.find(scan);
    if (index == timeline_.end() || timeline_[index].scan >= scan) return scan;
    const Strip& strip = timeline_[index];
    if (snap_.exact && samples_.has(strip)) return scan;
    const int64_t offset = (scan - strip.scan) / snap_.grain * snap_.grain;
    if (!outward || offset == scan - strip.scan) return strip.scan + offset;
    return std::min(strip.scan + offset + snap_.grain, strip.end());
  }

 private:
  // `span` counts the breaks before the column's first scan, `lastSpan` those before its last.
  void put(int64_t from, int64_t to, size_t span, size_t lastSpan) {
    if (from >= to) return;
    if (!out_.empty() && span != span_) {
      Column gap;
      gap.blank = true;
      const int64_t before = out_.back().end;
      gap.from = before < from ? static_cast<double>(before) : static_cast<double>(from) - 0.5;
      gap.to = before < from ? static_cast<double>(from - 1) : gap.from;
      out_.push_back(gap);
    }
    Column column;
    column.first = from;
    column.end = to;
    out_.push_back(column);
    span_ = lastSpan;
  }
  void put(int64_t from, int64_t to, size_t span) { put(from, to, span, span); }

  const Timeline& timeline_;
  const StripSamples& samples_;
  Snap snap_;
  std::vector<Column>& out_;
  size_t span_ = 0;
};

}  // namespace

void FrameWork::planColumns(const Timeline& timeline, const StripSamples& samples) {
  const FrameRange& range = setup.range;
  const double width = (range.to - range.from) / setup.columns;
  const Snap snap = snapOf(width, timeline.grain(), setup);
  ColumnPlan plan(timeline, samples, snap, columns);
  // Rolling columns lie on a grid of their own width from scan 0 on, so that they don't flicker as
  // time goes on.
  const double start = range.rolling ? std::floor(range.from / width) : 0;
  const auto nominal = [&](uint32_t i) {
    const double at = range.rolling ? (start + i) * width : range.from + i * width;
    return static_cast<int64_t>(std::floor(std::clamp(at, range.from, range.to)));
  };
  const uint32_t count = setup.columns + (range.rolling ? 1 : 0);
  int64_t from = plan.edge(nominal(0), false);
  for (uint32_t i = 1; i <= count; ++i) {
    const bool last = i == count;
    const int64_t to = last ? plan.edge(static_cast<int64_t>(std::ceil(range.to)), true)
                            : plan.edge(nominal(i), false);
    if (to <= from) continue;
    plan.add(from, to);
    from = to;
  }
  noteNeeds(timeline, snap.level);
}

// Strips that a column cuts need the records of the level it is snapped to; of the others, the one
// record of the tree says it all.
void FrameWork::noteNeeds(const Timeline& timeline, uint32_t level) {
  uint64_t noted = timeline.end();
  const auto note = [&](int64_t edge) {
    const uint64_t index = timeline.find(edge);
    if (index == timeline.end() || timeline[index].scan >= edge) return;
    const auto need = [&](const StripRecords* records, uint32_t lane) {
      if (records == nullptr || records->held() <= level) return;
      ragged += records->heldGrain();
      if (index != noted) needs.push_back({index, lane, level});
    };
    need(timeline[index].records.get(), 0);
    for (const FrameTrace& trace : setup.traces)
      if (trace.derived != 0) need(timeline[index].derivedRecords(trace.derived), trace.derived);
    noted = index;
  };
  for (const Column& column : columns) {
    if (column.blank) continue;
    note(column.first);
    note(column.end);
  }
}

}  // namespace iio
