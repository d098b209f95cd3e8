// Memory for the records of a stream's strips, which come one after the other and go in about the
// same order. Taken from slabs that are mapped with all their pages, and used anew once nothing in
// them is held: malloc would have the kernel bring each page by a fault of its own for as long as
// the history fills, and protect and trim its heap in between.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace iio {

class RecordMemory : public std::enable_shared_from_this<RecordMemory> {
 public:
  static std::shared_ptr<RecordMemory> create() {
    return std::shared_ptr<RecordMemory>(new RecordMemory);
  }
  ~RecordMemory();
  RecordMemory(const RecordMemory&) = delete;

  // So many bytes, aligned to 8 and not set; to be asked for by one thread. They may be given back
  // by any, and outlive this object. What is large has memory of its own. Throws std::bad_alloc.
  std::shared_ptr<std::byte[]> take(size_t bytes);

 private:
  struct Slab {
    std::byte* at = nullptr;
    size_t bytes = 0;
  };

  RecordMemory();
  Slab find(size_t atLeast);
  void giveBack(Slab slab) noexcept;

  std::shared_ptr<std::byte> current_;  // the slab that is cut from
  Slab slab_;
  size_t used_ = 0;
  size_t nextBytes_;
  std::mutex mutex_;
  std::vector<Slab> free_;
};

}  // namespace iio
