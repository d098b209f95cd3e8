// What the tests of the side index share: a data file with gaps, its index as the recorder would
// write it, and a reader of an index written from docs/index.md alone.
#pragma once
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "crc32c.h"
#include "index-writer.h"
#include "recorder-fixture.h"
#include "summariser.h"
#include "summary-support.h"

namespace indexed {

using namespace iio;
using summary::below;
using summary::Random;

// A data file of random scans in runs, with gaps between them.
struct Recording {
  test::Folder folder;
  ScanLayout layout;
  std::vector<std::byte> bytes;
  std::vector<PlacedGap> captures;
  std::string data = folder.file("a.sigmf-data"), index = folder.file("a.iio-index");

  Recording(ScanLayout of, std::vector<uint32_t> runs, uint64_t seed) : layout(std::move(of)) {
    Random random(seed);
    int64_t sample = 0, scan = 1000;
    for (const uint32_t run : runs) {
      PlacedGap capture;
      capture.sample = sample;
      capture.scan = scan;
      if (sample > 0) capture.gap = {Grade::Exact, GapCause::Simulator, 77, 77, 77};
      captures.push_back(capture);
      sample += run;
      scan += run + 77;
    }
    bytes.resize(size_t(sample) * layout.scanBytes);
    for (size_t at = 0; at < bytes.size(); at += 8) {
      const uint64_t word = random();
      std::memcpy(bytes.data() + at, &word, std::min<size_t>(8, bytes.size() - at));
    }
    write(data, bytes);
  }

  static void write(const std::string& path, const std::vector<std::byte>& content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(content.data()), std::streamsize(content.size()));
  }

  int64_t scans() const { return int64_t(bytes.size() / layout.scanBytes); }

  // Feeds scans [from, to) in blocks of odd sizes, as segments of the stream.
  void feed(IndexWriter& writer, Random& random, int64_t from, int64_t to) const {
    for (size_t i = 0; i < captures.size(); ++i) {
      const int64_t end = i + 1 < captures.size() ? captures[i + 1].sample : scans();
      for (int64_t at = std::max(from, captures[i].sample); at < std::min(to, end);) {
        Segment segment;
        segment.scanCount =
            uint32_t(std::min<int64_t>(1 + below(random, 300000), std::min(to, end) - at));
        segment.sample = at;
        segment.scan = captures[i].scan + (at - captures[i].sample);
        segment.hasGap = i > 0 && at == captures[i].sample;
        if (segment.hasGap) segment.gap = captures[i].gap;
        writer.begin(segment);
        const size_t size = size_t{segment.scanCount} * layout.scanBytes;
        const std::byte* first = bytes.data() + at * layout.scanBytes;
        REQUIRE(writer.add(first, segment.scanCount) == crc32c(0, first, size));
        at += segment.scanCount;
      }
    }
  }

  void record(uint64_t seed) const {
    Random random(seed);
    IndexWriter writer(index, layout);
    feed(writer, random, 0, scans());
    writer.finish(scans());
    REQUIRE_FALSE(writer.fault());
  }

  FileStoreSpec spec(bool withIndex) const {
    FileStoreSpec s;
    s.path = data;
    s.layout = layout;
    s.rateHz = 1e6;
    s.captures = captures;
    s.firstTimeNs = 1'000'000'000;
    if (withIndex) s.indexPath = index;
    s.indexFromBytes = 0;
    return s;
  }
};

template <typename Until>
bool waitFor(Until until) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (!until()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

inline bool whole(const FileStore& store) {
  return waitFor([&] { return store.status().summarised == 1; });
}

// Whether two frames show the same, NaN for NaN.
inline bool alike(const FrameData& a, const FrameData& b) {
  const auto values = [](const std::vector<double>& p, const std::vector<double>& q) {
    return std::equal(p.begin(), p.end(), q.begin(), q.end(), summary::same);
  };
  bool alike = a.columns == b.columns && a.originScan == b.originScan && values(a.x, b.x) &&
               values(a.t, b.t) && a.zeroTimeNs == b.zeroTimeNs && a.gaps.size() == b.gaps.size() &&
               a.traces.size() == b.traces.size();
  for (size_t t = 0; alike && t < a.traces.size(); ++t)
    alike = values(a.traces[t].y, b.traces[t].y) &&
            a.traces[t].touchesTop == b.traces[t].touchesTop &&
            a.traces[t].touchesBottom == b.traces[t].touchesBottom &&
            a.traces[t].hasNaN == b.traces[t].hasNaN;
  return alike;
}

struct Entry {
  int64_t sample;
  uint32_t scans, crc;
  size_t at, bytes;
};

// Entries of an index, by their lengths; directories are checked against them on the way.
inline std::vector<Entry> entriesOf(const std::vector<std::byte>& file) {
  using test::at;
  std::vector<Entry> out;
  REQUIRE(file.size() >= 64);
  REQUIRE(std::memcmp(file.data(), "IIOINDX1", 8) == 0);
  REQUIRE(at<uint32_t>(file, 56) == crc32c(0, file.data(), 56));
  for (size_t p = 64; p < file.size();) {
    const uint64_t bytes = at<uint64_t>(file, p + 16);
    REQUIRE(p + bytes <= file.size());
    if (at<uint32_t>(file, p) == 1) {
      REQUIRE(at<uint32_t>(file, p + 40) == crc32c(0, file.data() + p, 40));
      out.push_back({at<int64_t>(file, p + 8), at<uint32_t>(file, p + 4),
                     at<uint32_t>(file, p + 24), p, bytes});
    } else {
      REQUIRE(at<uint32_t>(file, p) == 2);
      REQUIRE(at<uint32_t>(file, p + bytes - 8) == crc32c(0, file.data() + p, bytes - 8));
      size_t listed = p + 24;
      const uint32_t count = at<uint32_t>(file, p + 4);
      REQUIRE(at<uint64_t>(file, p + 8) + count == out.size());
      for (size_t i = out.size() - count; i < out.size(); ++i) {
        REQUIRE(std::memcmp(file.data() + listed, file.data() + out[i].at, 48) == 0);
        // What follows the head there is the beginning of the entry's records, of this CRC.
        size_t coarse = 0;
        while (crc32c(0, file.data() + out[i].at + 48, coarse) !=
               at<uint32_t>(file, out[i].at + 28))
          REQUIRE((coarse += 8) <= out[i].bytes);
        REQUIRE(std::memcmp(file.data() + listed + 48, file.data() + out[i].at + 48, coarse) == 0);
        listed += 48 + coarse;
      }
      REQUIRE(listed + 8 == p + bytes);
    }
    p += bytes;
  }
  return out;
}

// Whole entries of an index that may be growing under the eyes of the reader.
inline size_t wholeEntries(const std::vector<std::byte>& file) {
  size_t count = 0;
  for (size_t p = 64; p + 24 <= file.size();) {
    const uint64_t bytes = test::at<uint64_t>(file, p + 16);
    if (bytes == 0 || p + bytes > file.size()) break;
    if (test::at<uint32_t>(file, p) == 1) ++count;
    p += bytes;
  }
  return count;
}

}  // namespace indexed
