// The side index of a data file, byte by byte as docs/index.md has it: where its parts lie, and
// their numbers. Values only: no file.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "block.h"
#include "layout.h"
#include "pyramid.h"

namespace iio {

// Scans of a strip, unless a gap or the end comes first: a power of two, 8 MiB of data at most.
uint32_t stripScansOf(uint32_t scanBytes);
// Whether a run goes on where `expectedScan` was the next scan, or a gap cuts it. The same question
// while a recording is written and when it is opened.
bool runGoesOn(int64_t expectedScan, int64_t scan, const Gap& gap);
// Of all that decides what records say.
uint64_t layoutFingerprint(const ScanLayout& layout);

// What is the same for all entries of an index.
class IndexShape {
 public:
  static constexpr size_t kHeaderBytes = 64;
  static constexpr size_t kEntryBytes = 48;      // of an entry, before its records
  static constexpr size_t kDirectoryBytes = 24;  // of a directory, before its entries
  static constexpr size_t kDirectoryTail = 8;
  static constexpr size_t kDirectoryFrom = 64
                                           << 10;  // a directory comes after so many bytes for it

  explicit IndexShape(const ScanLayout& layout);

  const LaneSet& lanes() const { return *lanes_; }
  const std::shared_ptr<const LaneSet>& lanesPtr() const { return lanes_; }
  uint32_t stripScans() const { return stripScans_; }
  uint64_t entryBytes(uint32_t scans) const;
  // What a directory repeats of an entry: all but the middle and fine records.
  uint64_t coarseBytes(uint32_t scans) const;

  std::array<std::byte, kHeaderBytes> header() const;
  enum class Match : uint8_t { Yes, NoIndex, Version, Damaged, Layout };
  Match matches(std::span<const std::byte> header) const;

 private:
  std::shared_ptr<const LaneSet> lanes_;
  uint64_t fingerprint_;
  uint32_t stripScans_;
};

// The head of an entry.
struct IndexEntry {
  int64_t sample = 0;  // of the first scan in the data file
  uint32_t scans = 0;
  uint64_t bytes = 0;    // of the whole entry
  uint32_t dataCrc = 0;  // CRC32C of the scans' bytes
  std::array<uint32_t, kRecordParts> partCrc{};

  void encode(std::byte* to) const;  // kEntryBytes
  // Nothing if these bytes are no entry's, or its CRC is wrong.
  static std::optional<IndexEntry> decode(const std::byte* from);
};

// The entry of a strip, as a whole: head and records.
void appendEntry(const IndexShape& shape, int64_t sample, uint32_t dataCrc,
                 const StripRecords& records, std::vector<std::byte>& out);

// Gives `to` a part of an entry's records; false if the CRC is wrong or the strip has no such part.
bool givePart(const IndexEntry& entry, RecordPart part, std::shared_ptr<std::byte[]> bytes,
              StripRecords& to);

// Where entries and directories lie: one after the other, so that it follows from the scans of the
// strips alone.
class IndexCursor {
 public:
  explicit IndexCursor(const IndexShape& shape) : shape_(shape) {}

  // The place of the next entry.
  int64_t entry(uint32_t scans);
  // Whether a directory follows the last entry; `atEnd`: no entry follows.
  bool directoryDue(bool atEnd) const {
    return count_ > 0 && (atEnd || listed_ >= IndexShape::kDirectoryFrom);
  }
  struct Directory {
    int64_t at = 0;
    uint64_t bytes = 0;
    uint64_t first = 0;  // number of its first entry
    uint32_t count = 0;
  };
  Directory directory();
  int64_t end() const { return at_; }

 private:
  const IndexShape& shape_;
  int64_t at_ = IndexShape::kHeaderBytes;
  uint64_t first_ = 0, listed_ = 0;
  uint32_t count_ = 0;
};

// A directory from what it repeats of its entries.
std::vector<std::byte> encodeDirectory(const IndexCursor::Directory& place,
                                       std::span<const std::byte> listed);
// What it repeats; empty if it is not the directory of that place, or its CRC is wrong.
std::span<const std::byte> decodeDirectory(const IndexCursor::Directory& place,
                                           std::span<const std::byte> bytes);

}  // namespace iio
