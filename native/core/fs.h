// What the core asks of file systems beside sample files.
#pragma once
#include <cstdint>
#include <string>

namespace iio {

// Bytes that this user may still write to the file system that holds `path`. Throws CoreError.
int64_t freeBytes(const std::string& path);

}  // namespace iio
