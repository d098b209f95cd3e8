#include "index-format.h"

#include <algorithm>
#include <cstring>

#include "crc32c.h"

namespace iio {
namespace {

constexpr char kMagic[] = "IIOINDX1";
constexpr uint32_t kVersion = 1;
constexpr uint32_t kEntryType = 1, kDirectoryType = 2;
constexpr uint32_t kStripBytes = 8 << 20;
constexpr uint32_t kLeastStrip = kRecordScans, kMostStrip = 1 << 22;

// All processors served are little-endian, as the file is.
template <class T>
void put(std::byte* to, size_t offset, T value) {
  std::memcpy(to + offset, &value, sizeof value);
}
template <class T>
T get(const std::byte* from, size_t offset) {
  T value;
  std::memcpy(&value, from + offset, sizeof value);
  return value;
}

// FNV-1a, 64 bits.
class Hash {
 public:
  template <class T>
  Hash& add(T value) {
    for (size_t i = 0; i < sizeof value; ++i) {
      sum_ ^= (uint64_t{value} >> (8 * i)) & 0xff;
      sum_ *= 0x100000001b3;
    }
    return *this;
  }
  uint64_t sum() const { return sum_; }

 private:
  uint64_t sum_ = 0xcbf29ce484222325;
};

constexpr RecordPart kParts[] = {RecordPart::Coarse, RecordPart::Middle, RecordPart::Fine};

}  // namespace

uint32_t stripScansOf(uint32_t scanBytes) {
  uint32_t scans = kMostStrip;
  while (scans > kLeastStrip && uint64_t{scans} * scanBytes > kStripBytes) scans /= 2;
  return scans;
}

bool runGoesOn(int64_t expectedScan, int64_t scan, const Gap& gap) {
  return scan == expectedScan && gap.lost == 0 && gap.grade == Grade::Exact;
}

uint64_t layoutFingerprint(const ScanLayout& layout) {
  Hash hash;
  uint32_t lanes = 0;
  for (const ScanElement& e : layout.elements) lanes += e.repeat;
  hash.add(layout.scanBytes).add(lanes);
  for (const ScanElement& e : layout.elements)
    for (uint32_t c = 0; c < e.repeat; ++c) {
      const auto bytes = uint8_t(e.storageBits / 8);
      hash.add(e.offsetBytes + c * bytes).add(bytes).add(uint8_t(e.bits)).add(uint8_t(e.shift));
      hash.add(uint8_t(e.kind)).add(uint8_t(bytes > 1 && e.bigEndian));
    }
  return hash.sum();
}

IndexShape::IndexShape(const ScanLayout& layout)
    : lanes_(std::make_shared<const LaneSet>(layout)),
      fingerprint_(layoutFingerprint(layout)),
      stripScans_(stripScansOf(layout.scanBytes)) {}

uint64_t IndexShape::coarseBytes(uint32_t scans) const {
  return kEntryBytes + RecordShape(*lanes_, scans, kRecordScans).partBytes(RecordPart::Coarse);
}

uint64_t IndexShape::entryBytes(uint32_t scans) const {
  const RecordShape records(*lanes_, scans, kRecordScans);
  uint64_t bytes = kEntryBytes;
  for (const RecordPart part : kParts) bytes += records.partBytes(part);
  return bytes;
}

std::array<std::byte, IndexShape::kHeaderBytes> IndexShape::header() const {
  std::array<std::byte, kHeaderBytes> out{};
  std::memcpy(out.data(), kMagic, 8);
  put(out.data(), 8, kVersion);
  put(out.data(), 12, lanes_->scanBytes());
  put(out.data(), 16, fingerprint_);
  put(out.data(), 24, kRecordScans);
  put(out.data(), 28, kFanout);
  put(out.data(), 32, stripScans_);
  put(out.data(), 36, lanes_->bytesPerRecord());
  put(out.data(), 40, lanes_->nanLanes());
  put(out.data(), 44, kCoarseLevel);
  put(out.data(), 56, crc32c(0, out.data(), 56));
  return out;
}

IndexShape::Match IndexShape::matches(std::span<const std::byte> bytes) const {
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic, 8) != 0)
    return Match::NoIndex;
  if (get<uint32_t>(bytes.data(), 8) != kVersion) return Match::Version;
  if (get<uint32_t>(bytes.data(), 56) != crc32c(0, bytes.data(), 56)) return Match::Damaged;
  return std::memcmp(bytes.data(), header().data(), 56) == 0 ? Match::Yes : Match::Layout;
}

void IndexEntry::encode(std::byte* to) const {
  put(to, 0, kEntryType);
  put(to, 4, scans);
  put(to, 8, sample);
  put(to, 16, bytes);
  put(to, 24, dataCrc);
  for (size_t p = 0; p < kRecordParts; ++p) put(to, 28 + 4 * p, partCrc[p]);
  put(to, 40, crc32c(0, to, 40));
  put(to, 44, uint32_t{0});
}

std::optional<IndexEntry> IndexEntry::decode(const std::byte* from) {
  if (get<uint32_t>(from, 0) != kEntryType || get<uint32_t>(from, 40) != crc32c(0, from, 40))
    return std::nullopt;
  IndexEntry entry;
  entry.scans = get<uint32_t>(from, 4);
  entry.sample = get<int64_t>(from, 8);
  entry.bytes = get<uint64_t>(from, 16);
  entry.dataCrc = get<uint32_t>(from, 24);
  for (size_t p = 0; p < kRecordParts; ++p) entry.partCrc[p] = get<uint32_t>(from, 28 + 4 * p);
  return entry;
}

void appendEntry(const IndexShape& shape, int64_t sample, uint32_t dataCrc,
                 const StripRecords& records, std::vector<std::byte>& out) {
  IndexEntry entry{sample, records.scans(), shape.entryBytes(records.scans()), dataCrc, {}};
  for (const RecordPart part : kParts)
    if (records.has(part))
      entry.partCrc[size_t(part)] = crc32c(0, records.part(part), records.partBytes(part));
  size_t at = out.size();
  out.resize(at + entry.bytes);
  entry.encode(out.data() + at);
  at += IndexShape::kEntryBytes;
  for (const RecordPart part : kParts) {
    if (!records.has(part)) continue;
    std::memcpy(out.data() + at, records.part(part), records.partBytes(part));
    at += records.partBytes(part);
  }
}

bool givePart(const IndexEntry& entry, RecordPart part, std::shared_ptr<std::byte[]> bytes,
              StripRecords& to) {
  if (!to.has(part) || crc32c(0, bytes.get(), to.partBytes(part)) != entry.partCrc[size_t(part)])
    return false;
  to.give(part, std::move(bytes));
  return true;
}

int64_t IndexCursor::entry(uint32_t scans) {
  const int64_t at = at_;
  at_ += int64_t(shape_.entryBytes(scans));
  listed_ += shape_.coarseBytes(scans);
  ++count_;
  return at;
}

IndexCursor::Directory IndexCursor::directory() {
  const Directory place{at_, IndexShape::kDirectoryBytes + listed_ + IndexShape::kDirectoryTail,
                        first_, count_};
  at_ += int64_t(place.bytes);
  first_ += count_;
  listed_ = count_ = 0;
  return place;
}

std::vector<std::byte> encodeDirectory(const IndexCursor::Directory& place,
                                       std::span<const std::byte> listed) {
  std::vector<std::byte> out(place.bytes);
  put(out.data(), 0, kDirectoryType);
  put(out.data(), 4, place.count);
  put(out.data(), 8, place.first);
  put(out.data(), 16, place.bytes);
  std::copy(listed.begin(), listed.end(), out.begin() + IndexShape::kDirectoryBytes);
  const size_t tail = out.size() - IndexShape::kDirectoryTail;
  put(out.data(), tail, crc32c(0, out.data(), tail));
  return out;
}

std::span<const std::byte> decodeDirectory(const IndexCursor::Directory& place,
                                           std::span<const std::byte> bytes) {
  const std::byte* from = bytes.data();
  if (bytes.size() != place.bytes || get<uint32_t>(from, 0) != kDirectoryType) return {};
  if (get<uint32_t>(from, 4) != place.count || get<uint64_t>(from, 8) != place.first ||
      get<uint64_t>(from, 16) != place.bytes)
    return {};
  const size_t tail = bytes.size() - IndexShape::kDirectoryTail;
  if (get<uint32_t>(from, tail) != crc32c(0, from, tail)) return {};
  return bytes.subspan(IndexShape::kDirectoryBytes, tail - IndexShape::kDirectoryBytes);
}

}  // namespace iio
