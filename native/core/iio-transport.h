// The two transports of the kernel, over /dev/iio:deviceX. architecture.md, "Kernel path, step by
// step".
#pragma once
#include <memory>
#include <string>

#include "control.h"
#include "transport.h"

namespace iio {

struct IioSourceSpec {
  std::string devicePath;    // /dev/iio:deviceN
  uint32_t bufferIndex = 0;  // Y of bufferY
  std::string enablePath;    // …/bufferY/enable
  std::string presencePath;  // directory that goes when the device goes
  std::shared_ptr<Control> control;
  int64_t deadlineMs = 5000;
  uint32_t scanBytes = 1;
  double rateHz = 0;  // 0: not known; loss after a dry queue then has no bounds
  // DMABUF only: the device stands still while nothing is queued, so that an empty queue loses
  // nothing. No IIO driver can be asked whether it does.
  bool waits = false;
  // read() only: a block completes with what is there once its first sample has waited for so long.
  int64_t maxLatencyNs = 50'000'000;
};

std::unique_ptr<Transport> makeDmabufTransport(IioSourceSpec spec);
std::unique_ptr<Transport> makeReadTransport(IioSourceSpec spec);

// Probes: errno of each step, 0 if it worked. Never enable anything.
int probeHeap(ArenaKind kind, const std::string& devicePath);
// `attach` without a heap: whether kernel and driver offer DMABUF at all (EPERM: not this driver;
// EINVAL, ENOTTY, ENODEV: not this kernel). With a heap also whether a block of it can be attached.
// Not asked (0) if getFd failed.
struct BufferProbe {
  int getFd = 0, attach = 0;
  std::string holder;  // who has it open, if EBUSY and /proc tells
};
BufferProbe probeBuffer(const std::string& devicePath, uint32_t bufferIndex, const ArenaSpec* heap);

}  // namespace iio
