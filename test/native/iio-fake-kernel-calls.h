// The system calls of FakeKernel. Included by iio-fake-kernel.h.
#pragma once
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "uapi.h"

namespace fakes {

namespace uapi = iio::uapi;

inline int FakeKernel::addFile(FileKind kind, FencePtr fence) {
  files_[nextFd_] = {kind, std::move(fence)};
  return nextFd_++;
}

inline bool FakeKernel::holdsBuffer() const {
  return std::ranges::any_of(files_,
                             [](const auto& file) { return file.second.kind == FileKind::Buffer; });
}

inline int FakeKernel::open(const char* path, int) {
  pass(kMicro);
  if (!present_) return -ENOENT;
  if (hasWitness && std::string(path).ends_with("/iio:device0/uevent"))
    return addFile(FileKind::Witness);
  if (std::string(path) != "/dev/iio:device0") return -ENOENT;
  if (openBusy != 0) {
    if (openBusy > 0) --openBusy;
    return -EBUSY;
  }
  return addFile(FileKind::Device);
}

inline void FakeKernel::close(int fd) {
  pass(kMicro);
  const auto file = files_.find(fd);
  if (file == files_.end()) {
    crimes.push_back("close of a file that is not open");
    return;
  }
  if (file->second.kind == FileKind::Buffer) {
    if (!incoming_.empty()) leaked += incoming_.size();
    blocks_.clear();
  }
  files_.erase(file);
}

inline int FakeKernel::setNonBlocking(int fd) {
  files_.at(fd).nonBlocking = true;
  return 0;
}

inline bool FakeKernel::exists(const char*) {
  ++looks;
  pass(kMicro);
  return present_;
}

inline int FakeKernel::ioctl(int fd, unsigned long request, void* argument) {
  pass(kMicro);
  if (request == uapi::kDmaBufExportSyncFile) {
    auto* in = static_cast<uapi::DmaBufExportSyncFile*>(argument);
    const auto block = blocks_.find(fd);
    const bool pending =
        block != blocks_.end() && block->second.fence && !block->second.fence->signalled;
    in->fd = addFile(FileKind::Sync, pending ? block->second.fence : nullptr);
    pass(kMicro);
    return 0;
  }
  const auto file = files_.find(fd);
  if (file == files_.end()) return -EBADF;
  if (file->second.kind == FileKind::Device) {
    if (request != uapi::kBufferGetFd) return -ENODEV;
    if (!present_) return -ENODEV;
    int* index = static_cast<int*>(argument);
    if (*index != 0) return -ENODEV;
    if (getFdBusy != 0 || holdsBuffer()) {
      if (getFdBusy > 0) --getFdBusy;
      return -EBUSY;
    }
    *index = addFile(FileKind::Buffer);
    return 0;
  }
  if (file->second.kind == FileKind::Sync) {
    if (request != uapi::kSyncFileInfo) return -ENOTTY;
    auto* info = static_cast<uapi::SyncFileInfo*>(argument);
    const FencePtr fence = file->second.fence;
    info->status = !fence ? 1 : !fence->signalled ? 0 : fence->error ? fence->error : 1;
    if (info->numFences > 0) {
      auto* out = reinterpret_cast<uapi::SyncFenceInfo*>(info->syncFenceInfo);
      *out = {};
      std::strcpy(out->driverName, info->status && !namesDrivers ? "detached-driver"
                                   : fence                       ? "iio"
                                                                 : "stub");
      out->status = info->status;
      out->timestampNs = static_cast<uint64_t>(!fence             ? 12345
                                               : fence->signalled ? fence->timeNs
                                                                  : 0);
      info->numFences = 1;
    }
    return 0;
  }
  if (request == uapi::kDmabufAttach) return attach(*static_cast<int*>(argument));
  if (request == uapi::kDmabufDetach)
    return blocks_.erase(*static_cast<int*>(argument)) ? 0 : -EPERM;
  if (request == uapi::kDmabufEnqueue) {
    const auto* in = static_cast<uapi::IioDmabuf*>(argument);
    return in->flags ? -EINVAL : enqueue(static_cast<int>(in->fd), in->bytesUsed);
  }
  return -EINVAL;
}

inline int FakeKernel::attach(int dmabuf) {
  if (kind_ != BufferKind::Dma) return -EPERM;
  if (dmabuf < 1000) return -EBADF;
  if (fileio_ && enabled_) return -EBUSY;
  if (blocks_.contains(dmabuf)) return -EBUSY;
  if (!incoming_.empty()) {
    crimes.push_back("ATTACH after ENQUEUE while disabled");
    leaked += incoming_.size();
    incoming_.clear();
  }
  blocks_[dmabuf] = {};
  hasHalves_ = false;
  return 0;
}

inline int FakeKernel::enqueue(int dmabuf, uint64_t bytes) {
  pass(enqueueNs / 2);
  const auto at = blocks_.find(dmabuf);
  if (at == blocks_.end()) return -EPERM;
  if (enqueueBusy > 0) {
    --enqueueBusy;
    return -EBUSY;
  }
  Block& block = at->second;
  if (block.fence && !block.fence->signalled) crimes.push_back("ENQUEUE of a block in flight");
  if (block.state != State::Done) {
    ++busyEnqueues;
    return -EBUSY;
  }
  block.fence = std::make_shared<Fence>();
  block.bytes = static_cast<uint32_t>(bytes);
  pending_[block.fence.get()] = dmabuf;
  if (!present_) {
    crimes.push_back("ENQUEUE after an unplug");
    ++leaked;
  } else if (enabled_) {
    submitBlock(dmabuf);
  } else {
    block.state = State::Queued;
    incoming_.push_back(dmabuf);
  }
  pass(enqueueNs / 2);
  return 0;
}

inline bool FakeKernel::ready(int fd) const {
  if (fd == kStopFd) return stopped_;
  const auto file = files_.find(fd);
  if (file == files_.end()) return false;
  if (file->second.kind == FileKind::Sync)
    return !file->second.fence || file->second.fence->signalled;
  if (file->second.kind == FileKind::Witness) return !present_ || file->second.unread == 60;
  if (!present_) return false;
  if (kind_ == BufferKind::Kfifo)
    return !fifo_.empty() && static_cast<int64_t>(fifo_.size()) >= (enabled_ ? watermark : 1);
  return available() >= static_cast<uint64_t>(length / 2);
}

inline int FakeKernel::poll(std::span<pollfd> fds, int64_t timeoutNs) {
  polls += timeoutNs > 0;
  const int64_t until = now_ + std::max<int64_t>(timeoutNs, 0);
  pass(kMicro / 2);
  for (;;) {
    int count = 0;
    for (pollfd& fd : fds) {
      fd.revents = fd.fd >= 0 && ready(fd.fd) ? (fd.events ? POLLIN : POLLERR) : 0;
      count += fd.revents != 0;
    }
    if (count > 0 || now_ >= until) return count;
    runTo(std::min(until, nextEventNs()));
  }
}

inline int64_t FakeKernel::read(int fd, void* to, size_t bytes) {
  ++reads;
  pass(kMicro);
  File& file = files_.at(fd);
  if (file.kind == FileKind::Witness) {
    --reads;
    if (!present_ && (file.unread == 0 || file.unread == 60)) return -ENODEV;
    const size_t some = std::min(bytes, file.unread);
    file.unread -= some;
    return static_cast<int64_t>(some);
  }
  if (!file.nonBlocking && file.kind == FileKind::Buffer)
    crimes.push_back("a read() that may block");
  if (!present_) return -ENODEV;
  if (bytes < scanBytes) return -EINVAL;
  auto* at = static_cast<std::byte*>(to);
  return kind_ == BufferKind::Dma ? readHalf(at, bytes) : readFifo(at, bytes);
}

}  // namespace fakes
