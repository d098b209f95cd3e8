#include "iio-fence.h"

#include <algorithm>
#include <cstring>

#include "uapi.h"

namespace iio {
namespace {
constexpr uint32_t kMostFences = 4;
}

ExportedFence exportFence(Sys& sys, int dmabuf) {
  uapi::DmaBufExportSyncFile request{};
  request.flags = uapi::kSyncRead;
  request.fd = -1;
  const int result = sys.ioctl(dmabuf, uapi::kDmaBufExportSyncFile, &request);
  if (result < 0) return {SysFd(), -result};
  return {SysFd(sys, request.fd), 0};
}

FenceReport readFence(Sys& sys, const SysFd& fence) {
  uapi::SyncFenceInfo fences[kMostFences];
  uapi::SyncFileInfo info{};
  info.numFences = kMostFences;
  info.syncFenceInfo = reinterpret_cast<uintptr_t>(fences);
  const int result = sys.ioctl(fence.get(), uapi::kSyncFileInfo, &info);
  if (result < 0) return {result, 0, false};
  FenceReport report{info.status, 0, info.numFences > 0};
  for (uint32_t i = 0; i < std::min(info.numFences, kMostFences); ++i) {
    report.timeNs = std::max(report.timeNs, static_cast<int64_t>(fences[i].timestampNs));
    if (std::strncmp(fences[i].driverName, "stub", sizeof fences[i].driverName) != 0)
      report.stub = false;
  }
  return report;
}

}  // namespace iio
