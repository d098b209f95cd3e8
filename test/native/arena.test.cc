#include "arena.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "arena-kinds.h"
#include "dmabuf.h"
#include "error.h"

using namespace iio;

namespace {

const auto kPage = static_cast<uint32_t>(::sysconf(_SC_PAGESIZE));

bool there(const char* path) { return ::access(path, R_OK | W_OK) == 0; }

int openFiles() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) ++count;
  return count;
}

// errno and sentence of what makeArena throws.
Fault faultOf(const ArenaSpec& spec) {
  try {
    makeArena(spec);
  } catch (const CoreError& error) {
    return error.fault;
  }
  return {};
}

void fillAndCheck(Arena& arena) {
  for (BlockIndex i = 0; i < arena.blockCount(); ++i)
    std::memset(arena.data(i), static_cast<int>(i + 1), arena.allocatedBytes());
  for (BlockIndex i = 0; i < arena.blockCount(); ++i) {
    CHECK(arena.data(i)[0] == static_cast<std::byte>(i + 1));
    CHECK(arena.data(i)[arena.allocatedBytes() - 1] == static_cast<std::byte>(i + 1));
    CHECK(reinterpret_cast<uintptr_t>(arena.data(i)) % kPage == 0);
  }
}

// A direct write to a file system that has it; 0, or the errno.
int directWrite(const std::byte* data, size_t bytes) {
  char path[] = "/var/tmp/iio-arena-XXXXXX";
  const int made = ::mkstemp(path);
  REQUIRE(made >= 0);
  ::close(made);
  const Fd file(::open(path, O_WRONLY | O_DIRECT | O_CLOEXEC));
  ::unlink(path);
  if (!file) return errno;
  return ::write(file.get(), data, bytes) == static_cast<ssize_t>(bytes) ? 0 : errno;
}

}  // namespace

TEST_CASE(
    "plain pages are page-aligned, apart from each other, without an fd, and fit for direct "
    "writes") {
  const auto arena = makeArena({ArenaKind::Pages, "", 5, 3 * kPage});
  CHECK(arena->kind() == ArenaKind::Pages);
  CHECK(arena->blockCount() == 5);
  CHECK(arena->allocatedBytes() == 3 * kPage);
  CHECK(arena->fd(4) == -1);
  CHECK(arena->directIo());
  fillAndCheck(*arena);
  arena->beginRead(0);
  arena->endRead(0);
  const int err = directWrite(arena->data(1), 3 * kPage);
  if (err == EINVAL)
    MESSAGE("the file system of /var/tmp has no direct writes: not tried");
  else
    CHECK(err == 0);
}

TEST_CASE("plain pages are there before the first sample comes") {
  const auto arena = makeArena({ArenaKind::Pages, "", 4, 16 * kPage});
  std::vector<unsigned char> resident(64);
  REQUIRE(::mincore(arena->data(0), size_t{64} * kPage, resident.data()) == 0);
  for (const unsigned char page : resident) CHECK((page & 1) == 1);
}

TEST_CASE("blocks that are no whole pages, or none, are refused with the reason") {
  CHECK(faultOf({ArenaKind::Pages, "", 4, kPage + 1}).err == EINVAL);
  CHECK(faultOf({ArenaKind::Pages, "", 4, kPage + 1}).message.find("whole number of pages") !=
        std::string::npos);
  CHECK(faultOf({ArenaKind::Pages, "", 0, kPage}).err == EINVAL);
  CHECK(faultOf({ArenaKind::Pages, "", 4, 0}).err == EINVAL);
}

TEST_CASE("a heap that is not there names itself and leaves nothing open") {
  const int before = openFiles();
  const Fault fault = faultOf({ArenaKind::Heap, "/dev/dma_heap/none-such", 4, kPage});
  CHECK(fault.err == ENOENT);
  CHECK(fault.path == "/dev/dma_heap/none-such");
  CHECK(fault.syscall == "open");
  CHECK(openFiles() == before);
}

TEST_CASE("a device that is no heap fails at its allocation and leaves nothing open") {
  const int before = openFiles();
  CHECK(faultOf({ArenaKind::Heap, "/dev/null", 4, kPage}).syscall == "ioctl(DMA_HEAP_IOCTL_ALLOC)");
  CHECK(faultOf({ArenaKind::Udmabuf, "/dev/null", 4, kPage}).syscall == "ioctl(UDMABUF_CREATE)");
  CHECK(openFiles() == before);
}

TEST_CASE("memory for udmabufs is sealed against shrinking and against nothing else") {
  Allocation allocation;
  const Fd memory = makeSharedMemory(8 * kPage, allocation);
  CHECK(allocation.bytes() == 8 * kPage);
  const int seals = ::fcntl(memory.get(), F_GET_SEALS);
  CHECK((seals & F_SEAL_SHRINK) != 0);
  CHECK((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0);
  CHECK(::ftruncate(memory.get(), kPage) != 0);
  struct stat info;
  REQUIRE(::fstat(memory.get(), &info) == 0);
  CHECK(info.st_size == 8 * kPage);
  CHECK(info.st_blocks * 512 >= 8 * kPage);
}

TEST_CASE("a block above the module's limit is refused by the name of the parameter") {
  CHECK_NOTHROW(checkUdmabufLimit(64ull << 20, 64));
  CHECK_NOTHROW(checkUdmabufLimit(1ull << 40, -1));
  try {
    checkUdmabufLimit((64ull << 20) + 4096, 64);
    FAIL("should have been refused");
  } catch (const CoreError& error) {
    CHECK(error.fault.err == EINVAL);
    CHECK(error.fault.message.find("size_limit_mb") != std::string::npos);
    CHECK(error.fault.path.find("size_limit_mb") != std::string::npos);
  }
}

TEST_CASE("the module's limit is read where it is, and not known where it is not") {
  char folder[] = "/tmp/iio-udmabuf-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string file = std::string(folder) + "/size_limit_mb";
  CHECK(udmabufLimitMb(folder) == -1);
  std::FILE* out = std::fopen(file.c_str(), "w");
  REQUIRE(out);
  std::fputs("64\n", out);
  std::fclose(out);
  CHECK(udmabufLimitMb(folder) == 64);
  ::unlink(file.c_str());
  ::rmdir(folder);
}

TEST_CASE("blocks of a heap are dma-bufs with a mapping each; brackets open and close once") {
  if (!there("/dev/dma_heap/system")) {
    MESSAGE("no /dev/dma_heap/system on this machine: the heap arena is tried in the kernel suite");
    return;
  }
  const int before = openFiles();
  {
    const auto arena = makeArena({ArenaKind::Heap, "/dev/dma_heap/system", 6, 2 * kPage});
    CHECK_FALSE(arena->directIo());
    CHECK(arena->fd(5) >= 0);
    fillAndCheck(*arena);
    arena->endRead(0);
    arena->beginRead(0);
    arena->beginRead(0);
    arena->endRead(0);
    CHECK(directWrite(arena->data(0), 2 * kPage) != 0);
  }
  CHECK(openFiles() == before);
}

TEST_CASE("blocks over one memfd are udmabufs; direct writes work from their mapping") {
  if (!there("/dev/udmabuf")) {
    MESSAGE("no /dev/udmabuf on this machine: the udmabuf arena is tried in the kernel suite");
    return;
  }
  const int before = openFiles();
  {
    const auto arena = makeArena({ArenaKind::Udmabuf, "/dev/udmabuf", 6, 2 * kPage});
    CHECK(arena->directIo());
    CHECK(arena->fd(5) >= 0);
    CHECK(arena->data(1) == arena->data(0) + 2 * kPage);
    fillAndCheck(*arena);
    arena->endRead(0);
    arena->beginRead(0);
    arena->endRead(0);
    // The dma-buf of block 3 shows what was written through the mapping.
    void* at = ::mmap(nullptr, 2 * kPage, PROT_READ, MAP_SHARED, arena->fd(3), 0);
    REQUIRE(at != MAP_FAILED);
    CHECK(std::memcmp(at, arena->data(3), 2 * kPage) == 0);
    ::munmap(at, 2 * kPage);
    const int err = directWrite(arena->data(2), 2 * kPage);
    if (err != EINVAL) CHECK(err == 0);
  }
  CHECK(openFiles() == before);
}
