// Who holds an IIO buffer, as far as /proc tells this user.
#pragma once
#include <string>

namespace iio {

// "iio_readdev (process 1234)", several joined by " or ", "this program", or "" if nothing is
// found: other users' processes can't be looked into. A buffer's own file does not say which device
// it is of.
std::string findHolder(const std::string& devicePath, const std::string& procPath = "/proc");

}  // namespace iio
