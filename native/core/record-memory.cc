#include "record-memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

namespace iio {
namespace {

// A slow stream never needs more than the first.
constexpr size_t kFirstBytes = 64 << 10, kMostBytes = 1 << 20;
// What would leave much of a slab unused at its end.
constexpr size_t kLargeBytes = kMostBytes / 4;
// Slabs that are kept though nobody needs them now: one goes as the next is begun.
constexpr size_t kKept = 2;

}  // namespace

RecordMemory::RecordMemory() : nextBytes_(kFirstBytes) { free_.reserve(kKept); }

RecordMemory::~RecordMemory() {
  for (const Slab& slab : free_) ::munmap(slab.at, slab.bytes);
}

std::shared_ptr<std::byte[]> RecordMemory::take(size_t bytes) {
  bytes = (bytes + 7) / 8 * 8;
  if (bytes > kLargeBytes) return std::make_unique_for_overwrite<std::byte[]>(bytes);
  if (!current_ || bytes > slab_.bytes - used_) {
    current_.reset();  // may be what find() answers
    slab_ = find(bytes);
    used_ = 0;
    current_ = std::shared_ptr<std::byte>(
        slab_.at, [slab = slab_, home = weak_from_this()](std::byte*) noexcept {
          if (const auto memory = home.lock())
            memory->giveBack(slab);
          else
            ::munmap(slab.at, slab.bytes);
        });
  }
  std::byte* at = slab_.at + used_;
  used_ += bytes;
  return {current_, at};
}

RecordMemory::Slab RecordMemory::find(size_t atLeast) {
  {
    const std::lock_guard lock(mutex_);
    const auto fits = [&](const Slab& slab) { return slab.bytes >= atLeast; };
    if (const auto at = std::ranges::find_if(free_, fits); at != free_.end()) {
      const Slab slab = *at;
      free_.erase(at);
      return slab;
    }
  }
  while (nextBytes_ < atLeast) nextBytes_ *= 2;
  const size_t bytes = std::exchange(nextBytes_, std::min(2 * nextBytes_, kMostBytes));
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<std::byte*>(at), bytes};
}

void RecordMemory::giveBack(Slab slab) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (free_.size() < kKept) {
      free_.push_back(slab);
      return;
    }
  }
  ::munmap(slab.at, slab.bytes);
}

}  // namespace iio
