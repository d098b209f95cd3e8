// The scans of a file: opening, reading, cutting into strips.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "file-store.h"

namespace iio {
namespace {

constexpr size_t kGapMemory = 512 << 20;

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

bool ScanFile::isAt(const std::string& path) const {
  struct stat mine {
  }, there{};
  return ::fstat(fd_, &mine) == 0 && ::stat(path.c_str(), &there) == 0 &&
         mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
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

// A strip, the break before it and the records of one of few scans take about so much.
size_t mostGaps(const LaneSet& lanes) {
  return kGapMemory / (640 + size_t{lanes.bytesPerRecord()} * 3 / 2);
}

static void checkCount(const FileStoreSpec& spec, size_t most) {
  if (spec.captures.size() <= most) return;
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

FileStrips fileStrips(const FileStoreSpec& spec, int64_t scans, size_t most) {
  checkCaptures(spec);
  checkCount(spec, most);
  const uint32_t stripScans = stripScansOf(spec.layout.scanBytes);
  std::vector<PlacedGap> captures = spec.captures;
  if (captures.empty() || captures.front().sample > 0) {
    PlacedGap start;
    if (!captures.empty())
      start.scan = captures[0].scan - captures[0].sample - captures[0].gap.lost;
    start.scan = std::max(start.scan, int64_t{0});
    captures.insert(captures.begin(), start);
  }
  FileStrips out;
  Strip now;  // as the capture looked at last has it
  now.timeNs = spec.firstTimeNs;
  int64_t expected = captures[0].scan;
  for (size_t i = 0; i < captures.size() && captures[i].sample < scans;) {
    const PlacedGap& first = captures[i];
    Strip strip;
    int64_t end = first.sample;  // of the run in the file
    for (bool begins = true; i < captures.size() && captures[i].sample < scans; ++i) {
      const PlacedGap& capture = captures[i];
      if (!begins && !runGoesOn(expected, capture.scan, capture.gap)) break;
      setTime(now, capture, i == 0, spec.rateHz);
      if (now.timeNs >= 0 && now.timeScan == capture.scan)
        out.marks.push_back({now.timeScan, now.timeNs});
      if (begins) strip = now;
      if (begins) strip.hasGap = i > 0 || capture.gap.lost != 0;
      end = i + 1 < captures.size() ? std::min(captures[i + 1].sample, scans) : scans;
      expected = capture.scan + (end - capture.sample);
      begins = false;
    }
    strip.gap = first.gap;
    for (int64_t at = first.sample; at < end; at += stripScans) {
      strip.sample = strip.samples.start = at;
      strip.scan = first.scan + (at - first.sample);
      strip.scans = static_cast<uint32_t>(std::min<int64_t>(stripScans, end - at));
      out.strips.push_back(strip);
      strip.hasGap = false;
    }
  }
  return out;
}

bool recordsAreOf(const ScanFile& file, const LaneSet& lanes, const Strip& strip) {
  std::vector<std::byte> scans(size_t{2} * lanes.scanBytes());
  if (file.read(strip.samples.start, 1, scans.data()) ||
      file.read(strip.samples.start + strip.scans - 1, 1, scans.data() + lanes.scanBytes()))
    return true;  // the read that needs them will tell
  const uint32_t top = strip.records->levels() - 1;
  for (const Lane& lane : lanes.lanes()) {
    const bool same = withKey(lane.format.key, [&](auto key) {
      using K = decltype(key);
      const auto& record = *strip.records->level<K>(lane, top);
      const auto is = [&](K told, const std::byte* scan) {
        K found{};
        if constexpr (std::is_floating_point_v<K>) {
          found = static_cast<K>(floatAt(lane.format, scan));
        } else {
          found = static_cast<K>(keyAt(lane.format, scan));
        }
        return found == told || (!isNumber(found) && !isNumber(told));
      };
      return is(record.first, scans.data()) && is(record.last, scans.data() + lanes.scanBytes());
    });
    if (!same) return false;
  }
  return true;
}

}  // namespace iio
