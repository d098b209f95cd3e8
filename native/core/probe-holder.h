// Who holds an IIO buffer, as far as /proc tells this user.
#pragma once
#include <string>

namespace iio {

// Who has the device's node open: "iio_readdev (process 1234)", several joined by " or ", or "this
// program". Else who has a buffer open, of whichever device, for its file does not say which:
// "another program, perhaps iio_readdev (process 1234)"; this program is left out there. "" if
// nothing is found: other users' processes can't be looked into.
std::string findHolder(const std::string& devicePath, const std::string& procPath = "/proc");

}  // namespace iio
