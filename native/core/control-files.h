// What a control thread does to files: plain calls that may take as long as the kernel likes.
#pragma once
#include "control.h"

namespace iio {

// Never throws but for lack of memory; what failed is in the reply's fault.
ControlReply runRequest(const Control::Request& request);

}  // namespace iio
