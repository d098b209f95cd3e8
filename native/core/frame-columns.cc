// Where the columns of a frame begin and end.
#include <algorithm>

#include "frame-builder.h"

namespace iio {
namespace {

class ColumnPlan {
 public:
  ColumnPlan(const Timeline& timeline, const StripSamples& samples, bool exact,
             std::vector<Column>& out)
      : timeline_(timeline), samples_(samples), exact_(exact), out_(out) {}

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
    const bool records = strip.records != nullptr;
    if (records ? exact_ && samples_.has(strip) : samples_.has(strip)) return scan;
    const int64_t grain = timeline_.grain();
    const int64_t offset = (scan - strip.scan) / grain * grain;
    if (!outward || offset == scan - strip.scan) return strip.scan + offset;
    return std::min(strip.scan + offset + grain, strip.end());
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
  bool exact_;
  std::vector<Column>& out_;
  size_t span_ = 0;
};

}  // namespace

void FrameWork::planColumns(const Timeline& timeline, const StripSamples& samples) {
  const FrameRange& range = setup.range;
  const double width = (range.to - range.from) / setup.columns;
  const double grain = timeline.grain();
  const bool exact = width < (timeline.grain() == kRecordScans ? 16 : 4) * grain;
  ColumnPlan plan(timeline, samples, exact, columns);
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
}

}  // namespace iio
