// Inside of FrameBuilder, shared by the frame-*.cc files.
#pragma once
#include <cmath>
#include <limits>
#include <unordered_map>

#include "frame.h"

namespace iio {

inline constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Bounds of one trace in one column: raw values of a single element, values of a pair. NaN: nothing
// yet.
struct ColumnBounds {
  double first = kNothing, minimum = kNothing, maximum = kNothing, last = kNothing;
  bool top = false, bottom = false, nan = false, missing = false;
};

inline void widen(ColumnBounds& b, double minimum, double maximum) {
  if (minimum < b.minimum || std::isnan(b.minimum)) b.minimum = minimum;
  if (maximum > b.maximum || std::isnan(b.maximum)) b.maximum = maximum;
}

// What a part of a column sets: minima and maxima may come in any order, first and last not.
struct Ends {
  bool first = false, last = false;
};

struct Column {
  int64_t first = 0, end = 0;  // scans [first, end)
  bool blank = false;          // a gap; `from` and `to` are its edges
  double from = 0, to = 0;
};

// Samples that a column still needs.
struct SampleRead {
  uint32_t ref = 0, at = 0, count = 0;
  uint32_t column = 0;
  uint16_t trace = 0;
  Ends ends;
};

// A timestamp still to be read.
struct TimeRead {
  uint32_t ref = 0, at = 0;
  size_t index = 0;  // into FrameTimes::values; kOrigin and the one after: of the zero
  static constexpr size_t kOrigin = SIZE_MAX - 1;
};

// Timestamps of the frame's x values (columns form: as far as records know them, the rest by
// `reads`), and of its zero: of the origin and the scan after it.
struct FrameTimes {
  std::vector<int64_t> values;
  std::vector<bool> known;
  std::vector<TimeRead> reads;
  int64_t origin[2] = {};
  bool originKnown[2] = {};
};

// A run of scans of the samples form.
struct SampleRun {
  uint32_t ref = 0, at = 0, count = 0;
  int64_t scan = 0;
  bool apart = false;  // a gap or a hole before it
  int64_t endBefore = 0;
};

struct FrameWork {
  FrameSetup setup;
  FrameData data;
  std::vector<Column> columns;
  std::vector<RecordNeed> needs;                  // sorted by strip
  int64_t ragged = 0;                             // scans that may be read in place of them
  std::vector<std::vector<ColumnBounds>> bounds;  // [trace][column]
  std::vector<SampleRead> reads;
  std::vector<SampleRun> runs;
  std::vector<SampleRef> refs;
  std::unordered_map<uint64_t, uint32_t> refOfStrip;
  FrameTimes times;
  int64_t extra = 0;  // scans of a trace that may still be read in place of records

  explicit FrameWork(FrameSetup s) : setup(std::move(s)) {}

  uint32_t scanBytes() const { return setup.lanes->scanBytes(); }
  uint32_t refOf(const Timeline& timeline, uint64_t strip);

  // frame-columns.cc: where columns begin and end
  void planColumns(const Timeline& timeline, const StripSamples& samples);
  void noteNeeds(const Timeline& timeline, uint32_t level);
  // frame-fold.cc: what records say of them
  void foldColumns(const Timeline& timeline, const StripSamples& samples);
  // frame-samples.cc: the samples form
  bool wantsSamples(const Timeline& timeline, const StripSamples& samples) const;
  void planSamples(const Timeline& timeline);
  bool readSamples(StripSamples& samples);
  void addGapPoint(const SampleRun& run);
  void addPoints(int64_t scan, const std::byte* scans, uint32_t count);
  void countTouches(size_t trace, const std::byte* scans, uint32_t count);
  // frame-time.cc
  void planTimes(const Timeline& timeline, const StripSamples& samples);
  void setTime(size_t index, int64_t key);
  void readTimes(StripSamples& samples);
  void finishTimes();
  // frame.cc
  void planGaps(const Timeline& timeline);
  bool readColumns(StripSamples& samples);
  void finishColumns();
};

}  // namespace iio
