// The scans of a file: opening, reading, cutting into strips.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "file-store.h"

namespace iio {
namespace {

constexpr int64_t kRecordMemory = 256 << 20;
constexpr size_t kStripMemory = 512 << 20;
constexpr int64_t kStripBytes = 8 << 20;

[[noreturn]] void refuse(const std::string& path, const std::string& message) {
  throw CoreError(Fault{EINVAL, "open", path, message});
}

}  // namespace

ScanFile::ScanFile(std::string path, int64_t headerBytes, uint32_t scanBytes)
    : path_(std::move(path)), headerBytes_(headerBytes), scanBytes_(scanBytes) {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd_ < 0) throw CoreError(makeFault(errno, "open", path_));
  struct stat about {};
  if (::fstat(fd_, &about) != 0) {
    const int err = errno;
    ::close(fd_);
    throw CoreError(makeFault(err, "fstat", path_));
  }
  const bool plain = S_ISREG(about.st_mode) && headerBytes_ >= 0 && about.st_size >= headerBytes_;
  if (!plain) {
    ::close(fd_);
    refuse(path_, S_ISREG(about.st_mode)
                      ? path_ + " is shorter than its header of " + std::to_string(headerBytes_) +
                            " bytes. Check that all of it was copied."
                      : path_ + " is not a plain file. Choose the data file of a recording.");
  }
  scans_ = (about.st_size - headerBytes_) / scanBytes_;
}

ScanFile::~ScanFile() {
  if (fd_ >= 0) ::close(fd_);
}

Fault ScanFile::read(int64_t from, uint32_t count, std::byte* out) const {
  size_t left = size_t{count} * scanBytes_;
  int64_t at = headerBytes_ + from * scanBytes_;
  while (left > 0) {
    const ssize_t got = ::pread(fd_, out, left, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return makeFault(errno, "pread", path_);
    if (got == 0)
      return {ENODATA, "pread", path_,
              path_ + " ends at byte " + std::to_string(at) +
                  ", earlier than when it was opened. Open it again to see what is left."};
    out += got;
    at += got;
    left -= static_cast<size_t>(got);
  }
  return {};
}

const std::byte* FileSamples::read(const SampleRef& ref, uint32_t at, uint32_t count,
                                   uint32_t& got) {
  constexpr int64_t kLeast = 128 << 10, kMost = 1 << 20;  // bytes of a window
  const int64_t scan = ref.start + at;
  if (scan < from_ || scan >= end_) {
    const int64_t bytes = file_.scanBytes();
    const int64_t wanted =
        std::clamp<int64_t>(count, kLeast / bytes, std::max(kMost / bytes, int64_t{1}));
    int64_t n = std::max(std::min(wanted, file_.scans() - scan), int64_t{1});
    window_.resize(static_cast<size_t>(n * bytes));
    end_ = from_;
    Fault fault = file_.read(scan, static_cast<uint32_t>(n), window_.data());
    if (fault && n > count) {  // what lies ahead may be what can't be read
      n = count;
      fault = file_.read(scan, count, window_.data());
    }
    if (fault) {
      if (!fault_) fault_ = std::move(fault);
      return nullptr;
    }
    from_ = scan;
    end_ = scan + n;
  }
  got = static_cast<uint32_t>(std::min<int64_t>(count, end_ - scan));
  return window_.data() + static_cast<size_t>(scan - from_) * file_.scanBytes();
}

FileGeometry fileGeometry(int64_t scans, const LaneSet& lanes) {
  FileGeometry geometry;
  // Levels above the first take a fifteenth; one lane for a pair may come to it.
  const int64_t perRecord = int64_t{lanes.bytesPerRecord() + recordBytes(KeyType::F64)} * 16 / 15;
  while (geometry.grain < (1u << 24) && scans / geometry.grain * perRecord > kRecordMemory)
    geometry.grain *= kFanout;
  const int64_t bytes = lanes.scanBytes();
  int64_t strip = 1 << 20;  // powers of 16 records fill their levels evenly
  while (strip > 4096 && strip * bytes > kStripBytes) strip /= kFanout;
  geometry.stripScans = static_cast<uint32_t>(std::max(strip, int64_t{geometry.grain}));
  return geometry;
}

// A strip, the break before it and the records of one of few scans took 528 bytes with one lane of
// 16 bits and 611 with eight.
size_t mostStrips(const LaneSet& lanes) {
  return kStripMemory / (512 + size_t{lanes.bytesPerRecord()} * 3 / 2);
}

static void checkCount(const FileStoreSpec& spec, int64_t scans, uint32_t stripScans, size_t most) {
  const size_t strips = spec.captures.size() + static_cast<size_t>(scans / stripScans) + 1;
  if (strips <= most) return;
  throw CoreError(Fault{E2BIG, "open", spec.path,
                        spec.path + " has " + std::to_string(spec.captures.size()) +
                            " gaps, more than the " + std::to_string(most) +
                            " that can be shown. All its samples are there: read them with another "
                            "program, or cut the file into parts."});
}

static void checkCaptures(const FileStoreSpec& spec) {
  for (size_t i = 0; i < spec.captures.size(); ++i) {
    const PlacedGap& c = spec.captures[i];
    bool sound = c.sample >= 0 && c.scan >= 0;
    if (i > 0) {
      const PlacedGap& before = spec.captures[i - 1];
      sound = sound && c.sample > before.sample && c.scan - before.scan >= c.sample - before.sample;
    }
    if (!sound)
      refuse(spec.path, "Capture " + std::to_string(i) + " of " + spec.path +
                            " does not follow the one before it. Verify the recording's metadata.");
  }
}

// The time of a capture's first scan: its own, else by the rate from the capture before.
static void setTime(Strip& strip, const PlacedGap& capture, bool first, double rateHz) {
  if (capture.timeNs > 0 && (!first || strip.timeNs < 0)) {
    strip.timeNs = capture.timeNs;
  } else if (!first && strip.timeNs >= 0 && rateHz > 0) {
    const double ns = static_cast<double>(capture.scan - strip.timeScan) * 1e9 / rateHz;
    strip.timeNs += std::llround(ns);
  } else if (!first) {
    return;
  }
  strip.timeScan = capture.scan;
}

std::vector<Strip> fileStrips(const FileStoreSpec& spec, int64_t scans, uint32_t stripScans,
                              size_t most) {
  checkCaptures(spec);
  checkCount(spec, scans, stripScans, most);
  std::vector<PlacedGap> captures = spec.captures;
  if (captures.empty() || captures.front().sample > 0) {
    PlacedGap start;
    if (!captures.empty())
      start.scan = captures[0].scan - captures[0].sample - captures[0].gap.lost;
    start.scan = std::max(start.scan, int64_t{0});
    captures.insert(captures.begin(), start);
  }
  std::vector<Strip> strips;
  Strip strip;
  strip.timeNs = spec.firstTimeNs;
  for (size_t i = 0; i < captures.size() && captures[i].sample < scans; ++i) {
    const PlacedGap& capture = captures[i];
    const int64_t end = i + 1 < captures.size() ? std::min(captures[i + 1].sample, scans) : scans;
    setTime(strip, capture, i == 0, spec.rateHz);
    const int64_t expected = strips.empty() ? capture.scan : strips.back().end();
    strip.gap = capture.gap;
    strip.hasGap = capture.scan != expected || capture.gap.lost != 0 ||
                   (i > 0 && capture.gap.grade != Grade::Exact);
    for (int64_t at = capture.sample; at < end; at += stripScans) {
      strip.sample = strip.samples.start = at;
      strip.scan = capture.scan + (at - capture.sample);
      strip.scans = static_cast<uint32_t>(std::min<int64_t>(stripScans, end - at));
      strips.push_back(strip);
      strip.hasGap = false;
    }
  }
  return strips;
}

}  // namespace iio
