// The ways from a block to its file.
#pragma once
#include <cstdint>
#include <string>

namespace iio {

// As asked. Auto: from the blocks' own memory if the first write from there is taken, else through
// the page cache. Direct: never through the page cache if the file system can help it.
enum class WritePath : uint8_t { Auto, Direct, Buffered };

// As it is. Direct: O_DIRECT from the blocks' memory, no copy. Gathered: by way of aligned memory
// of the file's own, and from there by O_DIRECT. Buffered: through the page cache, with the dirty
// pages kept few.
enum class WriteWay : uint8_t { Direct, Gathered, Buffered };

struct WriteWayNow {
  WriteWay way = WriteWay::Buffered;
  std::string why;  // a sentence
};

}  // namespace iio
