// Limits of this process.
#pragma once
#include <cstdint>

namespace iio {

struct FileLimit {
  uint64_t soft = 0, hard = 0;
};
// Each block costs a file descriptor, and one more while it is in flight. Raises the soft limit to
// the hard one as far as the kernel lets us and answers what holds now. Never throws.
FileLimit raiseFileLimit() noexcept;

}  // namespace iio
