// The fence of a block in flight, as a sync_file: poll on it takes no lock of the dma-buf and pins
// nothing, and it keeps the error that a poll on the dma-buf would hide.
#pragma once
#include "iio-flight.h"
#include "iio-sys.h"

namespace iio {

// Exports the write fences of a dma-buf (an input's block). To be called right after ENQUEUE:
// fences that have signalled by then are passed over. `err`: errno if it failed.
struct ExportedFence {
  SysFd fence;
  int err = 0;
};
ExportedFence exportFence(Sys& sys, int dmabuf);

// Status (1 signalled, 0 pending, below 0 an errno) and completion time. Several fences count as
// their worst and latest. An error of the call itself is the status.
FenceReport readFence(Sys& sys, const SysFd& fence);

}  // namespace iio
