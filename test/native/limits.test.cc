// Offsets in files and indices of scans beyond 31 and 32 bits, reached by starting near them: a
// disk that takes what lies between for written, and files that begin there.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "continuity-gap.h"
#include "file-store.h"
#include "summary-support.h"
#include "writer-support.h"

using namespace iio;

namespace {

constexpr int64_t kLimits[] = {int64_t{1} << 31, int64_t{1} << 32};
constexpr int64_t kNear = 4 << 20;

// Writes what lies near a limit, and takes the rest for written.
class NearLimits : public SampleFile {
 public:
  using SampleFile::SampleFile;
  ~NearLimits() override { halt(); }

 protected:
  ssize_t transfer(bool direct, const iovec* parts, int count, int64_t offset) override {
    int64_t bytes = 0;
    for (int i = 0; i < count; ++i) bytes += int64_t(parts[i].iov_len);
    for (const int64_t limit : kLimits)
      if (offset < limit + kNear && offset + bytes > limit - kNear)
        return SampleFile::transfer(direct, parts, count, offset);
    return bytes;
  }
};

std::vector<std::byte> contentAt(const std::string& path, int64_t offset, size_t bytes) {
  std::vector<std::byte> out(bytes);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  CHECK(::pread(fd, out.data(), bytes, offset) == ssize_t(bytes));
  ::close(fd);
  return out;
}

// A file whose first sample lies right before 4 GiB.
struct FarFile {
  static constexpr int64_t kHeader = (int64_t{1} << 32) - 1001;
  static constexpr uint32_t kScans = 300'000;
  ScanLayout layout = summary::uniform(1, NumberKind::Signed, 16, 16);
  std::vector<std::byte> bytes;
  test::Folder folder;
  std::string path = folder.file("far");

  FarFile() {
    summary::Random random(71);
    bytes = summary::randomBytes(random, size_t{kScans} * layout.scanBytes);
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    REQUIRE(fd >= 0);
    REQUIRE(::pwrite(fd, bytes.data(), bytes.size(), kHeader) == ssize_t(bytes.size()));
    ::close(fd);
  }
  int16_t value(int64_t sample) const {
    int16_t out;
    std::memcpy(&out, bytes.data() + sample * 2, 2);
    return out;
  }
};

PlacedGap capture(int64_t sample, int64_t scan, int64_t lost) {
  PlacedGap out;
  out.sample = sample;
  out.scan = scan;
  out.gap = exactGap(GapCause::Counter, lost);
  return out;
}

}  // namespace

TEST_CASE("a file goes over 2 and 4 GiB with every byte in its place, on each way to the disk") {
  constexpr size_t kPiece = 64 << 20, kFirst = 3 * 4096;
  test::Aligned memory(kPiece);
  summary::Random random(70);
  for (size_t at = 0; at < kPiece; at += 8) {
    const uint64_t word = random();
    std::memcpy(memory.data() + at, &word, 8);
  }
  for (const auto asked : {WritePath::Direct, WritePath::Buffered}) {
    CAPTURE(int(asked));
    const test::Folder folder;
    auto given = test::options(folder.file("a"), asked);
    given.payloadBytes = 4096;
    // No space is taken for what is not written.
    given.freeFloorBytes = INT64_MAX / 2;
    WriteCrew crew(1);
    given.crew = &crew;
    NearLimits file(given);
    // So that no piece ends at a limit.
    file.append(memory.data(), kFirst);
    int64_t end = kFirst;
    for (; end < kLimits[1] + 2 * kNear; end += int64_t(kPiece)) {
      file.append(memory.data(), kPiece);
      file.settle();
    }
    file.append(memory.data(), 100);
    end += 100;
    file.flush();
    CHECK(file.bytesOnFile() == end);
    file.halt();
    file.finish(end);
    file.close();
    for (const int64_t limit : kLimits) {
      constexpr int64_t kSide = 8192;
      const auto from = size_t((limit - kSide - int64_t(kFirst)) % int64_t(kPiece));
      std::vector<std::byte> expected;
      for (size_t i = 0; i < 2 * kSide; ++i) expected.push_back(memory.data()[(from + i) % kPiece]);
      CHECK(contentAt(given.path, limit - kSide, 2 * kSide) == expected);
    }
    const int fd = ::open(given.path.c_str(), O_RDONLY | O_CLOEXEC);
    CHECK(::lseek(fd, 0, SEEK_END) == end);
    ::close(fd);
  }
}

TEST_CASE(
    "samples beyond 4 GiB of a file, with scans beyond 2^31 and 2^32, are shown as they are") {
  const FarFile file;
  constexpr int64_t kFirstScan = kLimits[0] - 100'000;
  constexpr int64_t kSecondScan = kLimits[1] - 50'000, kSecondSample = 200'000;
  FileStoreSpec spec;
  spec.path = file.path;
  spec.headerBytes = FarFile::kHeader;
  spec.layout = file.layout;
  spec.rateHz = 1e6;
  const int64_t lost = kSecondScan - (kFirstScan + kSecondSample);
  spec.captures = {capture(0, kFirstScan, 0), capture(kSecondSample, kSecondScan, lost)};
  const auto store = FileStore::open(spec);
  REQUIRE(test::eventually([&] { return store->status().summarised == 1; }));
  CHECK(store->status().scans == FarFile::kScans);
  CHECK(store->status().toScan == kLimits[1] + 50'000);

  const auto sampleOf = [&](int64_t scan) {
    return scan < kSecondScan ? scan - kFirstScan : scan - kSecondScan + kSecondSample;
  };
  for (const int64_t limit : kLimits) {
    CAPTURE(limit);
    int64_t from = limit - 5;
    const auto values = std::get<std::vector<int32_t>>(store->samples(0, from, 10));
    CHECK(from == limit - 5);
    REQUIRE(values.size() == 10);
    for (int i = 0; i < 10; ++i) CHECK(values[size_t(i)] == file.value(sampleOf(from + i)));

    const FrameData frame = store->query(
        {{TraceSpec{}}, FixedRange{double(limit - 40'000), double(limit + 40'000)}, 64});
    REQUIRE(frame.columns);
    REQUIRE(frame.x.size() >= 100);
    for (size_t c = 0; c < frame.x.size() / 2; ++c) {
      const double* y = &frame.traces[0].y[4 * c];
      const int64_t first = frame.originScan + int64_t(frame.x[2 * c]);
      const int64_t last = frame.originScan + int64_t(frame.x[2 * c + 1]);
      double least = INFINITY, most = -INFINITY;
      for (int64_t scan = first; scan <= last; ++scan) {
        least = std::min(least, double(file.value(sampleOf(scan))));
        most = std::max(most, double(file.value(sampleOf(scan))));
      }
      REQUIRE(y[0] == double(file.value(sampleOf(first))));
      REQUIRE(y[1] == least);
      REQUIRE(y[2] == most);
      REQUIRE(y[3] == double(file.value(sampleOf(last))));
    }
  }
  const FrameData all = store->query({{TraceSpec{}}, WholeRange{}, 64});
  REQUIRE(all.gaps.size() == 1);
  CHECK(all.gaps[0].scan == kSecondScan);
  CHECK(all.gaps[0].gap.lost == lost);
}
