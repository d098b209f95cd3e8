// What a buffer and a heap can do, asked once. Never enables anything.
#include <unistd.h>

#include "dmabuf.h"
#include "iio-buffer.h"
#include "iio-transport.h"
#include "probe-holder.h"
#include "uapi.h"

namespace iio {
namespace {

ArenaSpec smallest(ArenaKind kind, const std::string& devicePath) {
  return {kind, devicePath, 1, static_cast<uint32_t>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace

int probeHeap(ArenaKind kind, const std::string& devicePath) {
  try {
    makeArena(smallest(kind, devicePath));
    return 0;
  } catch (const CoreError& error) {
    return error.fault.err;
  }
}

BufferProbe probeBuffer(const std::string& devicePath, uint32_t bufferIndex,
                        const ArenaSpec* heap) {
  BufferProbe probe;
  Sys& sys = realSys();
  SysFd buffer;
  try {
    buffer = openBuffer(sys, devicePath, bufferIndex);
  } catch (const CoreError& error) {
    probe.getFd = error.fault.err;
    if (probe.getFd == EBUSY) probe.holder = findHolder(devicePath);
    return probe;
  }
  // An impossible fd: a buffer that offers DMABUF says EBADF, one that does not EPERM, an old
  // kernel EINVAL or ENOTTY.
  int fd = -1;
  const int offered = sys.ioctl(buffer.get(), uapi::kDmabufAttach, &fd);
  if (offered != -EBADF) probe.attach = offered < 0 ? -offered : 0;
  if (!heap || probe.attach) return probe;
  try {
    const auto block = makeArena(smallest(heap->kind, heap->devicePath));
    fd = block->fd(0);
    const int result = sys.ioctl(buffer.get(), uapi::kDmabufAttach, &fd);
    probe.attach = result < 0 ? -result : 0;
    if (result >= 0) sys.ioctl(buffer.get(), uapi::kDmabufDetach, &fd);
  } catch (const CoreError& error) {
    probe.attach = error.fault.err;
  }
  return probe;
}

}  // namespace iio
