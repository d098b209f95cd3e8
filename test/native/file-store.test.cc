#include "file-store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "summary-support.h"

using namespace summary;
using namespace std::chrono_literals;

namespace {

template <typename Until>
bool waitFor(Until until) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!until()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// A file of random scans with a header, gone with the object.
struct TestFile {
  std::string path;
  ScanLayout layout;
  std::vector<std::byte> bytes;
  static constexpr uint32_t kHeader = 13;

  TestFile(ScanLayout of, uint32_t scans, uint64_t seed, uint32_t rest = 0)
      : layout(std::move(of)) {
    path = std::filesystem::temp_directory_path() / "iio-file-store-XXXXXX";
    const int fd = ::mkstemp(path.data());
    REQUIRE(fd >= 0);
    Random random(seed);
    bytes = randomBytes(random, size_t{scans} * layout.scanBytes + rest);
    std::vector<std::byte> all(kHeader, std::byte{7});
    all.insert(all.end(), bytes.begin(), bytes.end());
    REQUIRE(::write(fd, all.data(), all.size()) == static_cast<ssize_t>(all.size()));
    ::close(fd);
  }
  ~TestFile() { std::filesystem::remove(path); }

  FileStoreSpec spec() const {
    FileStoreSpec s;
    s.path = path;
    s.headerBytes = kHeader;
    s.layout = layout;
    s.rateHz = 1e6;
    return s;
  }
  double value(int64_t sample, const TraceSpec& trace) const {
    return traceValue(bytes.data() + sample * layout.scanBytes, layout, trace);
  }
};

TraceSpec trace(uint32_t e) {
  TraceSpec t;
  t.element = e;
  return t;
}

PlacedGap capture(int64_t sample, int64_t scan, int64_t lost, Grade grade = Grade::Exact) {
  PlacedGap c;
  c.sample = sample;
  c.scan = scan;
  c.gap.lost = c.gap.lostMin = c.gap.lostMax = lost;
  c.gap.grade = grade;
  return c;
}

bool whole(FileStore& store) {
  return waitFor([&] { return store.status().summarised == 1; });
}

// Each drawn column against the file; `sampleOf` places scans. Returns how many were drawn.
template <typename SampleOf>
size_t checkFrame(const TestFile& file, const FrameData& frame,
                  const std::vector<TraceSpec>& traces, SampleOf sampleOf) {
  REQUIRE(frame.columns);
  size_t drawn = 0;
  for (size_t c = 0; c < frame.x.size() / 2; ++c) {
    const double* y = &frame.traces[0].y[4 * c];
    if (std::isnan(y[0])) continue;
    ++drawn;
    for (size_t t = 0; t < traces.size(); ++t) {
      Expected e;
      const auto from = sampleOf(frame.originScan + static_cast<int64_t>(frame.x[2 * c]));
      const auto to = sampleOf(frame.originScan + static_cast<int64_t>(frame.x[2 * c + 1]));
      for (int64_t s = from; s <= to; ++s) e.add(file.value(s, traces[t]));
      y = &frame.traces[t].y[4 * c];
      REQUIRE(near(y[0], e.first));
      REQUIRE(near(y[1], e.minimum));
      REQUIRE(near(y[2], e.maximum));
      REQUIRE(near(y[3], e.last));
    }
  }
  return drawn;
}

int64_t itself(int64_t scan) { return scan; }

Fault faultOf(const FileStoreSpec& spec) {
  try {
    FileStore::open(spec);
  } catch (const CoreError& error) {
    return error.fault;
  }
  return {};
}

const std::vector<TraceSpec> kBoth = {trace(0), trace(1)};

}  // namespace

TEST_CASE("a file is drawn as the samples in it say, at any zoom") {
  const TestFile file(uniform(2, NumberKind::Signed, 12, 16, 4), 300000, 61, 3);
  const auto store = FileStore::open(file.spec());
  REQUIRE(whole(*store));
  CHECK(store->status().scans == 300000);  // the three bytes at the end are no scan
  CHECK(store->status().toScan == 300000);
  CHECK_FALSE(store->status().fault);
  Random random(62);
  CHECK(checkFrame(file, store->query({kBoth, WholeRange{}, 50}), kBoth, itself) == 50);
  for (int i = 0; i < 20; ++i) {
    const double from = below(random, 200000), span = 3000 + below(random, 90000);
    const FrameData frame = store->query({kBoth, FixedRange{from, from + span}, 200});
    CHECK(checkFrame(file, frame, kBoth, itself) > 20);
  }
  const FrameData points = store->query({kBoth, FixedRange{777, 801}, 100});
  REQUIRE_FALSE(points.columns);
  CHECK(points.traces[1].y.at(3) == file.value(780, trace(1)));
  int64_t from = 299990;
  const auto values = std::get<std::vector<int32_t>>(store->samples(1, from, 100));
  REQUIRE(values.size() == 10);
  CHECK(values[9] == file.value(299999, trace(1)));
}

TEST_CASE("captures of a file are gaps in the scans, with their grade") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 100000, 63);
  FileStoreSpec spec = file.spec();
  spec.firstTimeNs = 5000000000;
  spec.captures = {capture(0, 1000, 0), capture(40000, 51000, 10000),
                   capture(60000, 71000, 0, Grade::Unknown), capture(70000, 81000, 0)};
  const auto store = FileStore::open(spec);
  REQUIRE(whole(*store));
  CHECK(store->status().toScan == 111000);
  const auto sampleOf = [](int64_t scan) { return scan < 51000 ? scan - 1000 : scan - 11000; };
  const FrameData frame = store->query({kBoth, WholeRange{}, 22});
  CHECK(checkFrame(file, frame, kBoth, sampleOf) >= 20);
  REQUIRE(frame.gaps.size() == 2);  // the last capture continues the one before it
  CHECK(frame.gaps[0].scan == 51000);
  CHECK(frame.gaps[0].sample == 40000);
  CHECK(frame.gaps[0].gap.lost == 10000);
  CHECK(frame.gaps[0].timeNs == 5050000000);
  CHECK(frame.gaps[1].gap.grade == Grade::Unknown);
  CHECK(frame.zeroTimeNs == 5000000000);
  checkFrame(file, store->query({kBoth, FixedRange{48000, 53000}, 200}), kBoth, sampleOf);
  int64_t from = 40900;
  CHECK(std::get<std::vector<int32_t>>(store->samples(0, from, 1000)).size() == 100);
  from = 45000;
  store->samples(0, from, 10);
  CHECK(from == 51000);
}

TEST_CASE("captures that go on tell the time from there, without cutting the file") {
  const TestFile file(uniform(1, NumberKind::Signed, 16, 16), 100000, 74);
  FileStoreSpec spec = file.spec();
  spec.captures = {capture(0, 0, 0), capture(50000, 50000, 0), capture(60000, 60000, 0)};
  spec.captures[0].timeNs = 1'000'000'000;
  spec.captures[1].timeNs = 9'000'000'000;  // the third has none: by the rate
  const FileStrips cut = fileStrips(spec, 100000, 10);
  CHECK(cut.strips.size() == 1);
  const auto store = FileStore::open(spec);
  const auto zero = [&](double scan) {
    return store->query({{trace(0)}, FixedRange{scan, scan + 100}, 10}).zeroTimeNs;
  };
  CHECK(zero(10) == 1'000'010'000);
  CHECK(zero(49999) == 1'049'999'000);
  CHECK(zero(50000) == 9'000'000'000);
  CHECK(zero(60010) == 9'010'010'000);
  CHECK(store->query({{trace(0)}, WholeRange{}, 10}).gaps.empty());
}

TEST_CASE(
    "a file not summarised yet answers from samples where it can, says how far it is, and tells "
    "news") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 3000000, 64);
  const auto store = FileStore::open(file.spec());
  std::atomic<int> news{0};
  store->onNews([&] { ++news; });
  // On a busy machine all of it may have been summarised before anyone listened.
  const bool listened = store->status().summarised < 1;
  double before = 0;
  REQUIRE(waitFor([&] {
    const FrameData frame = store->query({kBoth, FixedRange{2500000, 2502000}, 100});
    CHECK(checkFrame(file, frame, kBoth, itself) == 100);
    const double now = store->status().summarised;
    REQUIRE(now >= before);
    before = now;
    return now == 1;
  }));
  if (listened) CHECK(waitFor([&] { return news > 0; }));
  store->onNews({});
  CHECK(checkFrame(file, store->query({kBoth, WholeRange{}, 30}), kBoth, itself) == 30);
}

TEST_CASE("a magnitude of a file is kept for all of it once asked for") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 9000000, 65);
  const auto store = FileStore::open(file.spec());
  REQUIRE(whole(*store));
  std::vector<TraceSpec> traces = {trace(0)};
  traces[0].part = TracePart::Magnitude;
  traces[0].elementQ = 1;
  const Query query{traces, WholeRange{}, 5};
  FrameData frame;  // the file is more than the budget of one: the lane has to be there
  REQUIRE(waitFor([&] { return (frame = store->query(query)).summarised == 1; }));
  CHECK(checkFrame(file, frame, traces, itself) == 5);
}

TEST_CASE("an empty file has nothing to show and is whole") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 0, 66);
  const auto store = FileStore::open(file.spec());
  CHECK(store->status().summarised == 1);
  CHECK(store->query({kBoth, WholeRange{}, 10}).x.empty());
  int64_t from = 0;
  CHECK(std::get<std::vector<int32_t>>(store->samples(0, from, 10)).empty());
}

TEST_CASE("a file that can't be opened says why") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 100, 67);
  FileStoreSpec spec = file.spec();
  spec.path += ".missing";
  CHECK(faultOf(spec).err == ENOENT);
  CHECK(faultOf(spec).syscall == "open");
  CHECK(faultOf(spec).path == spec.path);
  spec.path = std::filesystem::temp_directory_path();
  CHECK(faultOf(spec).err == EINVAL);
  spec = file.spec();
  spec.headerBytes = 1000;
  CHECK(faultOf(spec).err == EINVAL);
  spec = file.spec();
  spec.captures = {capture(0, 0, 0), capture(50, 40, 0)};
  CHECK(faultOf(spec).err == EINVAL);
  spec = file.spec();
  spec.layout.elements[0].bits = 17;
  CHECK(faultOf(spec).err == EINVAL);
}

TEST_CASE("a file cut while it is open gives a fault and NaN, not a signal") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 4000000, 68);
  const auto store = FileStore::open(file.spec());
  REQUIRE(whole(*store));
  REQUIRE(::truncate(file.path.c_str(), 4000) == 0);
  const FrameData frame = store->query({kBoth, FixedRange{2000000, 2010000}, 500});
  CHECK(std::isnan(frame.traces[0].y.at(0)));
  CHECK(store->status().fault.err == ENODATA);
  int64_t from = 2000000;
  CHECK_THROWS_AS(store->samples(0, from, 10), CoreError);
  from = 10;
  CHECK(std::get<std::vector<int32_t>>(store->samples(0, from, 10)).size() == 10);
  // Records are still there.
  CHECK(checkFrame(file, store->query({kBoth, WholeRange{}, 20}), kBoth, itself) == 20);
}

TEST_CASE("what can't be read is never summarised, and the rest is") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 4000000, 69);
  FileStoreSpec spec = file.spec();
  const ScanFile scans(spec.path, spec.headerBytes, 4);
  REQUIRE(::truncate(file.path.c_str(), 9000000) == 0);
  std::vector<std::byte> out(400);
  CHECK(scans.read(2249900, 100, out.data()).err == ENODATA);
  CHECK_FALSE(scans.read(2249800, 100, out.data()));
  const auto store = FileStore::open(spec);
  REQUIRE(whole(*store));
  CHECK(store->status().scans == 2249996);
}

TEST_CASE("a store may be closed while it still summarises") {
  const TestFile file(uniform(2, NumberKind::Signed, 16, 16), 4000000, 70);
  for (int i = 0; i < 5; ++i) {
    const auto store = FileStore::open(file.spec());
    std::this_thread::sleep_for(std::chrono::milliseconds(i * 2));
    store->shutdown();
    const double done = store->status().summarised;
    store->query({kBoth, FixedRange{0, 100}, 10});
    CHECK(store->status().summarised == done);
  }
}

TEST_CASE("strips hold 8 MiB of data at most, and whole records at least") {
  CHECK(stripScansOf(1) == 1 << 22);
  CHECK(stripScansOf(2) == 1 << 22);
  CHECK(stripScansOf(6) == 1 << 20);
  CHECK(stripScansOf(16) == 1 << 19);
  CHECK(stripScansOf(4096) == 2048);
  CHECK(stripScansOf(1 << 20) == kRecordScans);
}

TEST_CASE("a file of more gaps than memory is to be spent on is refused in words") {
  const TestFile file(uniform(512, NumberKind::Signed, 64, 64), 8, 73);
  const size_t most = mostGaps(LaneSet(file.layout));
  CHECK(most > 1000);
  CHECK(mostGaps(LaneSet(uniform(1, NumberKind::Signed, 16, 16))) > 500'000);
  FileStoreSpec spec = file.spec();
  for (size_t i = 0; i <= most; ++i) {
    const auto at = static_cast<int64_t>(i);
    spec.captures.push_back(capture(at, 2 * at, i > 0));
  }
  const Fault fault = faultOf(spec);
  CHECK(fault.err == E2BIG);
  CHECK(fault.message.find(std::to_string(most + 1) + " gaps") != std::string::npos);
  spec.captures.resize(most / 2);
  const auto store = FileStore::open(spec);
  REQUIRE(whole(*store));
  CHECK(store->query({{trace(0)}, WholeRange{}, 4}).gaps.size() == 7);
}

TEST_CASE("queries while a file is summarised are as right as after") {
  const TestFile file(uniform(3, NumberKind::Unsigned, 16, 16, 0, true), 2000000, 71);
  const auto store = FileStore::open(file.spec());
  std::vector<std::thread> threads;
  for (int n = 0; n < 2; ++n)
    threads.emplace_back([&, n] {
      Random random(72 + static_cast<uint64_t>(n));
      for (int i = 0; i < 12; ++i) {
        const double from = below(random, 1900000);
        const FrameData frame =
            store->query({kBoth, FixedRange{from, from + 60000}, n ? 10u : 300u});
        checkFrame(file, frame, kBoth, itself);
      }
    });
  for (auto& thread : threads) thread.join();
  REQUIRE(whole(*store));
}
