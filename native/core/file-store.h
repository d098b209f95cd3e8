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

// How a file is cut, so that records take a bounded part of memory whatever its size.
struct FileGeometry {
  uint32_t grain = kRecordScans;  // scans of a record
  uint32_t stripScans = 0;        // of a virtual block
};
FileGeometry fileGeometry(int64_t scans, const LaneSet& lanes);

// So many strips a file may have, for each takes memory however short it is: a strip ends at each
// capture.
size_t mostStrips(const LaneSet& lanes);

// The strips of a file, not summarised yet. Throws CoreError if the captures are not in order
// (EINVAL) or would make more strips than `most` (E2BIG).
std::vector<Strip> fileStrips(const FileStoreSpec& spec, int64_t scans, uint32_t stripScans,
                              size_t most);

}  // namespace iio
