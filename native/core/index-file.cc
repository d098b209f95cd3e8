#include "index-file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "crc32c.h"
#include "error.h"

namespace iio {
namespace {

constexpr RecordPart kParts[] = {RecordPart::Coarse, RecordPart::Middle, RecordPart::Fine};
constexpr size_t kReadAhead = 32;  // directories

std::shared_ptr<std::byte[]> room(size_t bytes) {
  return std::make_unique_for_overwrite<std::byte[]>(bytes);
}

// All of it, into several places; false if it can't be had.
bool readAll(int fd, int64_t at, iovec* parts, int count) {
  while (count > 0) {
    const ssize_t got = ::preadv(fd, parts, count, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size_t left = size_t(got);
    for (; count > 0 && left >= parts->iov_len; ++parts, --count) left -= parts->iov_len;
    if (count > 0) {
      parts->iov_base = static_cast<std::byte*>(parts->iov_base) + left;
      parts->iov_len -= left;
    }
  }
  return true;
}

bool readAll(int fd, int64_t at, std::byte* to, size_t bytes) {
  iovec part{to, bytes};
  return readAll(fd, at, &part, 1);
}

std::string sentenceOf(IndexShape::Match match, const std::string& path) {
  switch (match) {
    case IndexShape::Match::NoIndex:
      return path + " is no side index; it is made anew from the data.";
    case IndexShape::Match::Version:
      return path + " is a side index of another version; it is made anew from the data.";
    case IndexShape::Match::Damaged:
      return "The side index " + path + " is damaged; it is made anew from the data.";
    default:
      return "The side index " + path +
             " belongs to data of another layout; it is made anew from the data.";
  }
}

}  // namespace

IndexFile::IndexFile(std::shared_ptr<const Fd> fd, const IndexShape& shape,
                     const std::vector<Strip>& strips)
    : fd_(std::move(fd)),
      shape_(shape),
      there_(std::make_unique<std::atomic<bool>[]>(strips.size())) {
  IndexCursor cursor(shape_);
  places_.reserve(strips.size());
  offsets_.reserve(strips.size());
  for (size_t i = 0; i < strips.size(); ++i) {
    places_.push_back({strips[i].sample, strips[i].scans});
    offsets_.push_back(cursor.entry(strips[i].scans));
    if (cursor.directoryDue(i + 1 == strips.size())) directories_.push_back(cursor.directory());
  }
  end_ = cursor.end();
}

IndexFile::Found IndexFile::open(const std::string& path, const IndexShape& shape,
                                 std::vector<Strip>& strips) {
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const auto fd = std::make_shared<const Fd>(::open(path.c_str(), flags));
  if (!*fd && errno == ENOENT) return {nullptr, true, ""};
  struct stat about {};
  if (!*fd || ::fstat(fd->get(), &about) != 0)
    return {nullptr, false, makeFault(errno, "open", path).message};
  std::array<std::byte, IndexShape::kHeaderBytes> header{};
  auto match = IndexShape::Match::NoIndex;
  if (S_ISREG(about.st_mode) && readAll(fd->get(), 0, header.data(), header.size()))
    match = shape.matches(header);
  if (match != IndexShape::Match::Yes) return {nullptr, false, sentenceOf(match, path)};

  auto file = std::make_shared<IndexFile>(fd, shape, strips);
  const auto& groups = file->directories_;
  bool damaged = false;
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t k = i == 0 ? 0 : i + kReadAhead - 1; k < std::min(i + kReadAhead, groups.size());
         ++k)
      ::posix_fadvise(fd->get(), groups[k].at, off_t(groups[k].bytes), POSIX_FADV_WILLNEED);
    if (!file->readGroup(groups[i], strips, about.st_size)) damaged = true;
  }
  size_t count = 0;
  for (size_t i = 0; i < strips.size(); ++i) count += file->has(i);
  if (count == strips.size()) return {file, false, ""};
  const std::string of = std::to_string(count) + " of " + std::to_string(strips.size()) + " parts";
  return {count > 0 ? file : nullptr, false,
          damaged ? "The side index " + path + " is damaged, or not of these data: it serves for " +
                        of + "; the rest is made anew from the data."
                  : "The side index " + path + " is cut short: it covers " + of +
                        "; the rest is made from the data."};
}

// False if something that should be there is damaged; what the file is too short for is not.
bool IndexFile::readGroup(const IndexCursor::Directory& group, std::vector<Strip>& strips,
                          int64_t size) {
  if (group.at + int64_t(group.bytes) <= size) {
    const auto bytes = room(group.bytes);
    std::span<const std::byte> listed;
    if (readAll(fd_->get(), group.at, bytes.get(), group.bytes))
      listed = decodeDirectory(group, {bytes.get(), group.bytes});
    size_t at = 0;
    bool sound = !listed.empty();
    for (uint64_t i = group.first; sound && i < group.first + group.count; ++i) {
      std::byte* head = bytes.get() + (listed.data() - bytes.get()) + at;
      const std::shared_ptr<std::byte[]> coarse(bytes, head + IndexShape::kEntryBytes);
      sound = take(i, head, coarse, strips);
      at += shape_.coarseBytes(places_[i].scans);
    }
    if (sound) return true;
  }
  bool sound = group.at + int64_t(group.bytes) > size;
  for (uint64_t i = group.first; i < group.first + group.count; ++i)
    if (!has(i) && !readOne(i, strips, size)) sound = false;
  return sound;
}

bool IndexFile::readOne(uint64_t strip, std::vector<Strip>& strips, int64_t size) {
  if (offsets_[strip] + int64_t(shape_.entryBytes(places_[strip].scans)) > size) return true;
  const size_t bytes = shape_.coarseBytes(places_[strip].scans);
  const auto head = room(bytes);
  if (!readAll(fd_->get(), offsets_[strip], head.get(), bytes)) return false;
  return take(strip, head.get(), {head, head.get() + IndexShape::kEntryBytes}, strips);
}

bool IndexFile::isEntryOf(uint64_t strip, const std::optional<IndexEntry>& entry) const {
  const Place& place = places_[strip];
  return entry && entry->sample == place.sample && entry->scans == place.scans &&
         entry->bytes == shape_.entryBytes(place.scans);
}

bool IndexFile::take(uint64_t strip, const std::byte* head, std::shared_ptr<std::byte[]> coarse,
                     std::vector<Strip>& strips) {
  const auto entry = IndexEntry::decode(head);
  if (!isEntryOf(strip, entry)) return false;
  auto records = std::make_shared<StripRecords>(shape_.lanes(), entry->scans, kRecordScans,
                                                StripRecords::Empty{});
  if (!givePart(*entry, RecordPart::Coarse, std::move(coarse), *records)) return false;
  strips[strip].records = std::move(records);
  there_[strip] = true;
  return true;
}

size_t IndexFile::bytesDownTo(uint64_t strip, uint32_t level) const {
  const RecordShape shape(shape_.lanes(), places_[strip].scans, kRecordScans);
  size_t bytes = IndexShape::kEntryBytes;
  for (const RecordPart part : kParts)
    if (part == RecordPart::Coarse || level < shape.endLevel(part)) bytes += shape.partBytes(part);
  return bytes;
}

void IndexFile::willLoad(uint64_t strip, uint32_t level) const {
  ::posix_fadvise(fd_->get(), offsets_[strip], off_t(bytesDownTo(strip, level)),
                  POSIX_FADV_WILLNEED);
}

std::shared_ptr<const StripRecords> IndexFile::load(uint64_t strip, uint32_t level) const {
  auto records = std::make_shared<StripRecords>(shape_.lanes(), places_[strip].scans, kRecordScans,
                                                StripRecords::Empty{});
  std::array<std::byte, IndexShape::kEntryBytes> head;
  std::shared_ptr<std::byte[]> bytes[kRecordParts];
  iovec parts[1 + kRecordParts] = {{head.data(), head.size()}};
  int count = 1;
  for (const RecordPart part : kParts) {
    if (!records->has(part) || (part != RecordPart::Coarse && level >= records->endLevel(part)))
      continue;
    const size_t size = records->partBytes(part);
    bytes[size_t(part)] = room(size);
    parts[count++] = {bytes[size_t(part)].get(), size};
  }
  if (!readAll(fd_->get(), offsets_[strip], parts, count)) return nullptr;
  const auto entry = IndexEntry::decode(head.data());
  if (!isEntryOf(strip, entry)) return nullptr;
  for (const RecordPart part : kParts)
    if (bytes[size_t(part)] && !givePart(*entry, part, std::move(bytes[size_t(part)]), *records))
      return nullptr;
  return records;
}

bool IndexFile::readEntry(uint64_t strip, std::vector<std::byte>& out) const {
  out.resize(shape_.entryBytes(places_[strip].scans));
  if (!readAll(fd_->get(), offsets_[strip], out.data(), out.size())) return false;
  const auto entry = IndexEntry::decode(out.data());
  if (!isEntryOf(strip, entry)) return false;
  const RecordShape shape(shape_.lanes(), entry->scans, kRecordScans);
  size_t at = IndexShape::kEntryBytes;
  for (const RecordPart part : kParts) {
    const size_t bytes = shape.partBytes(part);
    if (shape.has(part) && crc32c(0, out.data() + at, bytes) != entry->partCrc[size_t(part)])
      return false;
    at += bytes;
  }
  return true;
}

}  // namespace iio
