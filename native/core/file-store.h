// Inside of FileStore: the scans of a file and its parts. Read with pread, never mapped: a file
// that is cut or a disk that fails gives an error here instead of a signal.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "error.h"
#include "index-format.h"
#include "summariser.h"
#include "timeline-store.h"

namespace iio {

class ScanFile {
 public:
  // Throws CoreError if the file can't be opened or is no plain file that holds the header.
  ScanFile(std::string path, int64_t headerBytes, uint32_t scanBytes);
  ~ScanFile();
  ScanFile(const ScanFile&) = delete;
  ScanFile& operator=(const ScanFile&) = delete;

  int64_t scans() const { return scans_; }  // whole ones, when it was opened
  uint32_t scanBytes() const { return scanBytes_; }
  // Whether the file of that name is still this one.
  bool isAt(const std::string& path) const;
  // Reads scans [from, from + count). Returns a fault if it can't all be read. Thread safe.
  Fault read(int64_t from, uint32_t count, std::byte* out) const;

 private:
  const std::string path_;
  const int64_t headerBytes_;
  const uint32_t scanBytes_;
  int fd_ = -1;
  int64_t scans_ = 0;
};

// Samples of a file for one query, through a window that neighbouring reads share.
class FileSamples : public StripSamples {
 public:
  explicit FileSamples(const ScanFile& file) : file_(file) {}
  bool has(const Strip&) const override { return true; }
  const std::byte* read(const SampleRef& ref, uint32_t at, uint32_t count, uint32_t& got) override;
  const Fault& fault() const { return fault_; }  // of the first read that failed

 private:
  const ScanFile& file_;
  std::vector<std::byte> window_;
  int64_t from_ = 0, end_ = 0;
  Fault fault_;
};

// A file cut into strips, not summarised yet, and the times its captures tell. Only gaps cut it,
// and the length of a strip: as the recorder cuts it for the side index (index-format.h).
struct FileStrips {
  std::vector<Strip> strips;
  std::vector<TimeMark> marks;
};
// Throws CoreError if the captures are not in order (EINVAL) or are more than `most` (E2BIG).
FileStrips fileStrips(const FileStoreSpec& spec, int64_t scans, size_t most);
// So many gaps a file may have, for the strip behind each takes memory however short it is.
size_t mostGaps(const LaneSet& lanes);

// Whether the first and the last scan of a strip are those its records tell of: a glance that finds
// the index of another file.
bool recordsAreOf(const ScanFile& file, const LaneSet& lanes, const Strip& strip);

}  // namespace iio
