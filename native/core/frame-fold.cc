// What records say of a frame's columns, and which samples are needed beside them.
#include <algorithm>

#include "frame-builder.h"

namespace iio {
namespace {

template <typename K>
double rawOf(const ValueFormat& f, K key) {
  if constexpr (std::is_floating_point_v<K>) {
    return static_cast<double>(key);
  } else {
    return f.rawOfKey(key);
  }
}

template <typename K>
void touch(ColumnBounds& b, const ValueFormat& f, const Record<K>& record) {
  if constexpr (!std::is_floating_point_v<K>) {
    b.top = b.top || record.max == f.topKey();
    b.bottom = b.bottom || record.min == f.bottomKey();
  }
}

template <typename K>
void addRecord(ColumnBounds& b, const ValueFormat& f, const Record<K>& record, bool nan,
               Ends ends) {
  if (ends.first) b.first = rawOf(f, record.first);
  if (ends.last) b.last = rawOf(f, record.last);
  widen(b, rawOf(f, record.min), rawOf(f, record.max));
  b.nan = b.nan || nan;
  touch(b, f, record);
}

// One trace in one column: parts of strips from left to right.
class ColumnFold {
 public:
  ColumnFold(FrameWork& frame, const Timeline& timeline, const StripSamples& samples,
             uint32_t column, uint16_t trace)
      : frame_(frame),
        timeline_(timeline),
        samples_(samples),
        columnIndex_(column),
        traceIndex_(trace),
        column_(frame.columns[column]),
        trace_(frame.setup.traces[trace]),
        bounds_(frame.bounds[trace][column]) {}

  void run() {
    const uint64_t first = timeline_.find(column_.first), last = timeline_.find(column_.end - 1);
    if (trace_.source.isPair()) return runPair(first, last);
    const bool headWhole = column_.first <= timeline_[first].scan;
    const bool tailWhole = column_.end >= timeline_[last].end();
    if (first == last && !(headWhole && tailWhole)) return part(first);
    const uint64_t from = headWhole ? first : first + 1, to = tailWhole ? last + 1 : last;
    if (!headWhole) part(first);
    whole(from, to);
    if (!tailWhole && !bounds_.missing) part(last);
  }

 private:
  Ends endsOf(int64_t from, int64_t to) const { return {from <= column_.first, to >= column_.end}; }

  // In pieces, so that the traces of a frame take turns on the same few bytes.
  void needSamples(uint64_t index, uint32_t from, uint32_t to) {
    constexpr uint32_t kPiece = 16384;
    const int64_t scan = timeline_[index].scan;
    const uint32_t ref = frame_.refOf(timeline_, index);
    for (uint32_t at = from; at < to; at += kPiece) {
      const uint32_t end = std::min(to, at + kPiece);
      frame_.reads.push_back(
          {ref, at, end - at, columnIndex_, traceIndex_, endsOf(scan + at, scan + end)});
    }
  }

  // Samples in place of records: within the work budget.
  void needExtra(uint64_t index, uint32_t from, uint32_t to) {
    frame_.extra -= to - from;
    if (frame_.extra < 0 || !samples_.has(timeline_[index])) {
      bounds_.missing = true;
    } else {
      needSamples(index, from, to);
    }
  }

  // The part of a strip that lies in the column: records, and samples at its ragged ends.
  void part(uint64_t index) {
    const Strip& strip = timeline_[index];
    const auto from = static_cast<uint32_t>(std::max(column_.first - strip.scan, int64_t{0}));
    const auto to = static_cast<uint32_t>(std::min(column_.end, strip.end()) - strip.scan);
    if (!strip.records) return needExtra(index, from, to);
    recordsAndEnds(index, from, to, *strip.records, [&](uint32_t a, uint32_t b, Ends ends) {
      addRecords(trace_.source.lane, *strip.records, a, b, ends, true);
    });
  }

  template <typename Add>
  void recordsAndEnds(uint64_t index, uint32_t from, uint32_t to, const StripRecords& records,
                      Add add) {
    const int64_t grain = records.heldGrain();
    const auto low = static_cast<uint32_t>((from + grain - 1) / grain);
    const auto high =
        to == records.scans() ? records.count(records.held()) : static_cast<uint32_t>(to / grain);
    const auto rest = [&](int64_t a, int64_t b) {
      if (a < b) needRest(index, static_cast<uint32_t>(a), static_cast<uint32_t>(b), records);
    };
    if (low >= high) return rest(from, to);  // within a record or two
    const int64_t covered = std::min(high * grain, int64_t{records.scans()});
    rest(from, low * grain);
    const int64_t scan = timeline_[index].scan;
    add(low, high, endsOf(scan + low * grain, scan + covered));
    rest(covered, to);
  }

  // Ends that records don't give: a record's length or less where the lowest are there.
  void needRest(uint64_t index, uint32_t from, uint32_t to, const StripRecords& records) {
    const bool few = records.held() == 0 || to - from < 2 * records.grain();
    few&& samples_.has(timeline_[index]) ? needSamples(index, from, to)
                                         : needExtra(index, from, to);
  }

  void addRecords(uint32_t laneIndex, const StripRecords& records, uint32_t from, uint32_t to,
                  Ends ends, bool values) {
    const Lane& lane = timeline_.lanes()[laneIndex];
    withKey(lane.format.key, [&](auto key) {
      using K = decltype(key);
      bool nan = false;
      const auto record = records.fold<K>(lane, from, to, nan);
      if (values) {
        addRecord(bounds_, lane.format, record, nan, ends);
      } else {
        touch(bounds_, lane.format, record);
      }
    });
  }

  // Whole strips [from, to): the tree over them, but for those not summarised.
  void whole(uint64_t from, uint64_t to) {
    const Lane& lane = timeline_.lanes()[trace_.source.lane];
    while (from < to && !bounds_.missing) {
      const uint64_t gap = timeline_.incomplete(from, to);
      if (from < gap) {
        withKey(lane.format.key, [&](auto key) {
          const auto node = timeline_.fold<decltype(key)>(trace_.source.lane, from, gap);
          addRecord(bounds_, lane.format, node.record, node.nan,
                    endsOf(timeline_[from].scan, timeline_[gap - 1].end()));
        });
      }
      if (gap < to) needExtra(gap, 0, timeline_[gap].scans);
      from = gap + 1;
    }
  }

  // Magnitude and phase: strip by strip, from the records kept for the pair.
  void runPair(uint64_t first, uint64_t last) {
    for (uint64_t i = first; i <= last && !bounds_.missing; ++i) {
      const Strip& strip = timeline_[i];
      const auto from = static_cast<uint32_t>(std::max(column_.first - strip.scan, int64_t{0}));
      const auto to = static_cast<uint32_t>(std::min(column_.end, strip.end()) - strip.scan);
      const StripRecords* derived = strip.derivedRecords(trace_.derived);
      if (derived == nullptr) {
        const bool ragged = to - from < 2 * timeline_.grain() && samples_.has(strip);
        ragged ? needSamples(i, from, to) : needExtra(i, from, to);
        continue;
      }
      recordsAndEnds(i, from, to, *derived, [&](uint32_t a, uint32_t b, Ends ends) {
        const Lane& lane = derivedLanes()[0];
        bool nan = false;
        const auto record = derived->fold<double>(lane, a, b, nan);
        addRecord(bounds_, lane.format, record, nan, ends);
        if (strip.records)
          touchRecords(*strip.records, a * derived->heldGrain(), b * derived->heldGrain());
      });
    }
  }

  // Whether I or Q touched an end of its range in scans [from, to) of a strip.
  void touchRecords(const StripRecords& records, int64_t from, int64_t to) {
    const int64_t grain = records.heldGrain();
    const auto low = static_cast<uint32_t>((from + grain - 1) / grain);
    const auto high =
        to >= records.scans() ? records.count(records.held()) : static_cast<uint32_t>(to / grain);
    if (low >= high) return;
    addRecords(trace_.source.lane, records, low, high, {}, false);
    addRecords(trace_.source.laneQ, records, low, high, {}, false);
  }

  FrameWork& frame_;
  const Timeline& timeline_;
  const StripSamples& samples_;
  const uint32_t columnIndex_;
  const uint16_t traceIndex_;
  const Column& column_;
  const FrameTrace& trace_;
  ColumnBounds& bounds_;
};

}  // namespace

uint32_t FrameWork::refOf(const Timeline& timeline, uint64_t strip) {
  const auto [at, added] = refOfStrip.try_emplace(strip, static_cast<uint32_t>(refs.size()));
  if (added) refs.push_back(timeline[strip].samples);
  return at->second;
}

void FrameWork::foldColumns(const Timeline& timeline, const StripSamples& samples) {
  if (columns.empty()) return;
  const auto traces = static_cast<int64_t>(setup.traces.size());
  const int64_t bare =
      (timeline.scansIncomplete(columns.front().first, columns.back().end) + ragged) * traces;
  extra = bare <= setup.extraScans ? setup.extraScans : 0;
  for (uint32_t c = 0; c < columns.size(); ++c) {
    if (columns[c].blank) continue;
    for (uint16_t t = 0; t < setup.traces.size(); ++t)
      ColumnFold(*this, timeline, samples, c, t).run();
  }
}

}  // namespace iio
