// How memory is had: told as it comes, cancelled between two steps, and given back whole whatever
// ends it. The calls that have it are interposed, so that heaps and udmabufs are there without a
// kernel that has them, and so that a test can cancel or fail at a step of its choice.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <functional>
#include <string>

#include "arena.h"
#include "error.h"
#include "uapi.h"

using namespace iio;

namespace {

// Called before each call that has memory, while set; answers the errno it fails with, or 0.
std::function<int()> onStep;

int step() {
  const int err = onStep ? onStep() : 0;
  if (err != 0) errno = err;
  return err;
}

template <class Call>
Call* libc(const char* name) {
  return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

int fakeDmabuf(uint64_t bytes) {
  const int fd = ::memfd_create("fake-dmabuf", MFD_CLOEXEC);
  return fd >= 0 && ::ftruncate(fd, static_cast<off_t>(bytes)) == 0 ? fd : -1;
}

}  // namespace

extern "C" int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  if (onStep && request == uapi::kDmaHeapAlloc) {
    if (step() != 0) return -1;
    auto& made = *static_cast<uapi::DmaHeapAllocation*>(argument);
    made.fd = static_cast<uint32_t>(fakeDmabuf(made.len));
    return 0;
  }
  if (onStep && request == uapi::kUdmabufCreate) {
    if (step() != 0) return -1;
    return fakeDmabuf(static_cast<uapi::UdmabufCreate*>(argument)->size);
  }
  return libc<int(int, unsigned long, ...)>("ioctl")(fd, request, argument);
}

extern "C" int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  if (step() != 0) return -1;
  return libc<int(int, int, off_t, off_t)>("fallocate")(fd, mode, offset, bytes);
}

extern "C" int madvise(void* at, size_t bytes, int advice) noexcept {
  if (advice == 23 && step() != 0) return -1;  // MADV_POPULATE_WRITE
  return libc<int(void*, size_t, int)>("madvise")(at, bytes, advice);
}

namespace {

constexpr uint32_t kBlocks = 12;
constexpr uint32_t kBlockBytes = 8u << 20;
constexpr uint64_t kTotal = uint64_t{kBlocks} * kBlockBytes;

// Any device that can be opened: what it answers is ours.
ArenaSpec specOf(ArenaKind kind) { return {kind, "/dev/null", kBlocks, kBlockBytes}; }

int openFiles() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) ++count;
  return count;
}

// Address space in use, in bytes.
uint64_t mapped() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  REQUIRE(file);
  unsigned long long pages = 0;
  CHECK(std::fscanf(file, "%llu", &pages) == 1);
  std::fclose(file);
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

struct Hook {
  explicit Hook(std::function<int()> call) { onStep = std::move(call); }
  ~Hook() { onStep = {}; }
};

// What ends the allocation, after nothing of it is left.
Fault endOf(ArenaKind kind, Allocation& allocation) {
  const int files = openFiles();
  const uint64_t before = mapped();
  Fault fault;
  try {
    makeArena(specOf(kind), allocation);
  } catch (const CoreError& error) {
    fault = error.fault;
  }
  CHECK(openFiles() == files);
  CHECK(mapped() < before + kTotal / 2);
  return fault;
}

}  // namespace

TEST_CASE("memory of every kind is told as it comes, up to all of it") {
  for (const ArenaKind kind : {ArenaKind::Pages, ArenaKind::Heap, ArenaKind::Udmabuf}) {
    CAPTURE(int(kind));
    Allocation allocation;
    CHECK(allocation.totalBytes() == 0);
    uint64_t last = 0;
    int rises = 0;
    const Hook hook([&] {
      CHECK(allocation.totalBytes() == kTotal);
      CHECK(allocation.bytes() >= last);
      CHECK(allocation.bytes() <= kTotal);
      if (allocation.bytes() > last) ++rises;
      last = allocation.bytes();
      return 0;
    });
    const auto arena = makeArena(specOf(kind), allocation);
    CHECK(rises >= 5);
    CHECK(allocation.bytes() == kTotal);
  }
}

TEST_CASE("a cancel at any step ends the allocation there and gives all of it back") {
  for (const ArenaKind kind : {ArenaKind::Pages, ArenaKind::Heap, ArenaKind::Udmabuf}) {
    for (const int at : {1, 3, 5, 9, 20}) {
      CAPTURE(int(kind));
      CAPTURE(at);
      Allocation allocation;
      int steps = 0;
      const Hook hook([&] {
        if (++steps == at) allocation.cancel();
        return 0;
      });
      const Fault fault = endOf(kind, allocation);
      if (steps < at) continue;  // it has fewer steps
      CHECK(fault.err == ECANCELED);
      CHECK(fault.message.find("given back") != std::string::npos);
      CHECK(steps == at);
    }
  }
}

TEST_CASE("what was cancelled before it was begun has nothing") {
  for (const ArenaKind kind : {ArenaKind::Pages, ArenaKind::Heap, ArenaKind::Udmabuf}) {
    Allocation allocation;
    allocation.cancel();
    const Hook hook([] { return 0; });
    CHECK(endOf(kind, allocation).err == ECANCELED);
    CHECK(allocation.bytes() == 0);
  }
}

TEST_CASE("a heap, a udmabuf or memory that fails on the way gives back what was had") {
  struct Case {
    ArenaKind kind;
    int at, err;
  };
  for (const Case one : {Case{ArenaKind::Heap, 7, ENODEV}, Case{ArenaKind::Heap, 4, EMFILE},
                         Case{ArenaKind::Heap, 12, ENOMEM}, Case{ArenaKind::Udmabuf, 3, ENOMEM},
                         Case{ArenaKind::Udmabuf, 9, EINVAL}, Case{ArenaKind::Udmabuf, 14, EMFILE},
                         Case{ArenaKind::Udmabuf, 20, ENOMEM}, Case{ArenaKind::Pages, 4, ENOMEM}}) {
    CAPTURE(int(one.kind));
    CAPTURE(one.at);
    Allocation allocation;
    int steps = 0;
    const Hook hook([&] { return ++steps == one.at ? one.err : 0; });
    const Fault fault = endOf(one.kind, allocation);
    CHECK(fault.err == one.err);
    CHECK(fault.message.find(one.err == ENODEV ? "another" : "fewer") != std::string::npos);
    CHECK(steps == one.at);
  }
}
