// The kernel's ioctls as this program uses them. Our own definitions: distribution headers are
// often older than the running kernel (Debian 12's linux/iio/buffer.h knows nothing of DMABUF).
// Numbers and layouts are the kernel's.
#pragma once
#include <sys/ioctl.h>

#include <cstdint>

namespace iio::uapi {

// linux/iio/buffer.h; GET_FD since 5.11, the DMABUF calls since 6.11.
struct IioDmabuf {
  uint32_t fd;
  uint32_t flags;
  uint64_t bytesUsed;
};
static_assert(sizeof(IioDmabuf) == 16);
inline constexpr unsigned long kBufferGetFd = _IOWR('i', 0x91, int);
inline constexpr unsigned long kDmabufAttach = _IOW('i', 0x92, int);
inline constexpr unsigned long kDmabufDetach = _IOW('i', 0x93, int);
inline constexpr unsigned long kDmabufEnqueue = _IOW('i', 0x94, IioDmabuf);

// linux/dma-buf.h
struct DmaBufSync {
  uint64_t flags;
};
struct DmaBufExportSyncFile {
  uint32_t flags;
  int32_t fd;
};
static_assert(sizeof(DmaBufSync) == 8 && sizeof(DmaBufExportSyncFile) == 8);
inline constexpr uint64_t kSyncRead = 1;
inline constexpr uint64_t kSyncStart = 0, kSyncEnd = 4;
inline constexpr unsigned long kDmaBufSync = _IOW('b', 0, DmaBufSync);
inline constexpr unsigned long kDmaBufExportSyncFile = _IOWR('b', 2, DmaBufExportSyncFile);

// linux/sync_file.h
struct SyncFenceInfo {
  char objName[32];
  char driverName[32];
  int32_t status;  // 1 signalled, 0 pending, below 0 an errno
  uint32_t flags;
  uint64_t timestampNs;  // CLOCK_MONOTONIC; 0 while pending
};
struct SyncFileInfo {
  char name[32];
  int32_t status;
  uint32_t flags;
  uint32_t numFences;
  uint32_t pad;
  uint64_t syncFenceInfo;
};
static_assert(sizeof(SyncFenceInfo) == 80 && sizeof(SyncFileInfo) == 56);
inline constexpr unsigned long kSyncFileInfo = _IOWR('>', 4, SyncFileInfo);

// linux/dma-heap.h
struct DmaHeapAllocation {
  uint64_t len;
  uint32_t fd;
  uint32_t fdFlags;
  uint64_t heapFlags;
};
static_assert(sizeof(DmaHeapAllocation) == 24);
inline constexpr unsigned long kDmaHeapAlloc = _IOWR('H', 0, DmaHeapAllocation);

// linux/udmabuf.h
struct UdmabufCreate {
  uint32_t memfd;
  uint32_t flags;
  uint64_t offset;
  uint64_t size;
};
static_assert(sizeof(UdmabufCreate) == 24);
inline constexpr uint32_t kUdmabufCloexec = 1;
inline constexpr unsigned long kUdmabufCreate = _IOW('u', 0x42, UdmabufCreate);

}  // namespace iio::uapi
