// A side index made anew while its recording is looked at: written without a name, in any order,
// and put in the place of the old one when it is whole. Never touches data.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index-file.h"

namespace iio {

class IndexRebuild {
 public:
  // Null, with a sentence in `why`, if it can't be saved there: the folder may not be written, the
  // disk is nearly full, or the recording still runs.
  static std::unique_ptr<IndexRebuild> begin(const std::string& path, const IndexShape& shape,
                                             const std::vector<Strip>& strips, std::string& why);
  ~IndexRebuild();

  // What is there already can be read from it.
  const std::shared_ptr<IndexFile>& file() const { return file_; }
  // The entry of a strip, as docs/index.md has it. Throws CoreError.
  void put(uint64_t strip, std::span<const std::byte> entry);
  // When all entries are there: what lies between them, to the disk, and the name. Throws
  // CoreError.
  void commit();

 private:
  IndexRebuild(std::string path, const IndexShape& shape, std::shared_ptr<const Fd> fd,
               std::string name, const std::vector<Strip>& strips);
  void write(int64_t at, std::span<const std::byte> bytes);
  void writeDirectory(const IndexCursor::Directory& group);
  [[noreturn]] void refuse(const char* call) const;

  const std::string path_;
  const IndexShape shape_;
  const std::shared_ptr<const Fd> fd_;
  std::string name_;  // until it has its own; "" while it has none
  std::shared_ptr<IndexFile> file_;
  std::vector<uint32_t> scans_;
};

}  // namespace iio
