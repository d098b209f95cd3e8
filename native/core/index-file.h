// A side index as it was found beside a data file: what of it belongs to the data as they are now
// (docs/index.md). Read with pread, never mapped.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fs-fd.h"
#include "index-format.h"
#include "timeline.h"

namespace iio {

class IndexFile {
 public:
  struct Found {
    std::shared_ptr<IndexFile> file;  // null: nothing of it can be used
    bool missing = false;             // there is none
    std::string why;                  // a sentence if it is not whole or can't be used
  };
  // Looks for the index of a data file cut into `strips`, and gives those it covers their coarse
  // records. Reads the directories, little beside the data's size.
  static Found open(const std::string& path, const IndexShape& shape, std::vector<Strip>& strips);

  // One that is written (index-rebuild.h): nothing is there yet.
  IndexFile(std::shared_ptr<const Fd> fd, const IndexShape& shape,
            const std::vector<Strip>& strips);

  // Thread safe from here on.
  bool has(uint64_t strip) const { return there_[strip]; }
  void note(uint64_t strip, bool there) { there_[strip] = there; }
  // The records of a strip down to a level; null if they can't be read or a CRC is wrong.
  std::shared_ptr<const StripRecords> load(uint64_t strip, uint32_t level) const;
  // Its whole entry, looked through; false as above.
  bool readEntry(uint64_t strip, std::vector<std::byte>& out) const;
  // Lets the kernel read ahead what load() will ask for.
  void willLoad(uint64_t strip, uint32_t level) const;

  int64_t offset(uint64_t strip) const { return offsets_[strip]; }
  const std::vector<IndexCursor::Directory>& directories() const { return directories_; }
  int64_t end() const { return end_; }
  int fd() const { return fd_->get(); }

 private:
  struct Place {
    int64_t sample;
    uint32_t scans;
  };
  bool readGroup(const IndexCursor::Directory& group, std::vector<Strip>& strips, int64_t size);
  bool readOne(uint64_t strip, std::vector<Strip>& strips, int64_t size);
  bool take(uint64_t strip, const std::byte* head, std::shared_ptr<std::byte[]> coarse,
            std::vector<Strip>& strips);
  bool isEntryOf(uint64_t strip, const std::optional<IndexEntry>& entry) const;
  size_t bytesDownTo(uint64_t strip, uint32_t level) const;

  const std::shared_ptr<const Fd> fd_;
  const IndexShape shape_;
  std::vector<Place> places_;
  std::vector<int64_t> offsets_;
  std::vector<IndexCursor::Directory> directories_;
  std::unique_ptr<std::atomic<bool>[]> there_;
  int64_t end_ = 0;
};

}  // namespace iio
