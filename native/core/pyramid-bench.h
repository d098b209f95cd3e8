// Benches of the summaries on the calling thread: what they cost, without a store around them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "layout.h"
#include "store.h"

namespace iio {

// Seconds to make the records of whole scans in `data`, in blocks of about 1 MiB, `rounds` times.
// Throws CoreError (EINVAL).
double benchPyramid(const std::byte* data, size_t bytes, const ScanLayout& layout, uint32_t rounds);

struct TriggerBench {
  double seconds = 0;
  uint64_t found = 0;  // in one round
};
// Seconds to search the same blocks, with records made before the clock starts: what the trigger
// adds to the pyramid.
TriggerBench benchTrigger(const std::byte* data, size_t bytes, const ScanLayout& layout,
                          const TriggerSpec& trigger, uint32_t rounds);

}  // namespace iio
