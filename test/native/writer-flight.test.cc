// Writes of a data file that are under way at once, and the way they go.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>

#include "writer-support.h"

using namespace iio;
using test::Aligned;
using test::options;
using test::Told;

namespace {

constexpr int64_t kBlock = 64 << 10;

// Blocks of bytes that tell which one they are.
Aligned numbered(int count) {
  Aligned memory(size_t(count) * kBlock);
  for (int i = 0; i < count; ++i) std::memset(memory.data() + i * kBlock, i + 1, kBlock);
  return memory;
}

void appendBlock(SampleFile& file, Aligned& memory, int i) {
  file.append(memory.data() + i * kBlock, kBlock);
  file.settle();
}

bool holdsBlocks(const std::string& path, Aligned& memory, int64_t bytes) {
  const auto content = test::contentOf(path);
  return int64_t(content.size()) == bytes &&
         std::equal(content.begin(), content.end(), memory.data());
}

struct {
  std::atomic<int64_t> started{0}, waited{0};
} writeback;

}  // namespace

// In place of the C library's, which it calls.
extern "C" int sync_file_range(int fd, off64_t offset, off64_t bytes, unsigned flags) {
  (flags & SYNC_FILE_RANGE_WAIT_AFTER ? writeback.waited : writeback.started) += bytes;
  static const auto real = reinterpret_cast<int (*)(int, off64_t, off64_t, unsigned)>(
      ::dlsym(RTLD_NEXT, "sync_file_range"));
  return real(fd, offset, bytes, flags);
}

TEST_CASE("blocks that come together leave in one write") {
  const test::Folder folder;
  Aligned memory = numbered(5);
  Told file(options(folder.file("a")), nullptr);
  for (int i = 0; i < 5; ++i) file.append(memory.data() + i * kBlock, kBlock);
  CHECK(file.calls().empty());
  file.settle();
  REQUIRE(file.calls().size() == 1);
  CHECK(file.calls()[0].parts == 5);
  CHECK(file.calls()[0].bytes == 5 * kBlock);
  CHECK(holdsBlocks(folder.file("a"), memory, 5 * kBlock));
}

TEST_CASE("what is behind a slow write does not count before it is there") {
  const test::Folder folder;
  Aligned memory = numbered(3);
  WriteCrew crew(3);
  auto given = options(folder.file("a"));
  given.crew = &crew;
  given.inFlight = 3;
  std::atomic<bool> held{true};
  std::atomic<int> progress{0};
  given.progress = [&] { ++progress; };
  Told file(given, [&](const Told::Call& call) {
    while (held && call.offset == 0) std::this_thread::yield();
    return 0;
  });
  for (int i = 0; i < 3; ++i) appendBlock(file, memory, i);
  CHECK(test::eventually([&] { return progress == 2; }));
  CHECK(test::eventually([&] { return file.underWay() == 1; }));
  CHECK(file.bytesOnFile() == 0);
  CHECK(file.settledTo() == 0);
  held = false;
  CHECK(test::eventually([&] { return file.settledTo() == 3 * kBlock; }));
  CHECK(file.bytesOnFile() == 3 * kBlock);
  file.flush();
  CHECK(holdsBlocks(folder.file("a"), memory, 3 * kBlock));
}

TEST_CASE("a write that fails in the middle leaves what is before it, whatever was behind it") {
  const test::Folder folder;
  Aligned memory = numbered(4);
  WriteCrew crew(3);
  auto given = options(folder.file("a"));
  given.crew = &crew;
  given.inFlight = 3;
  std::atomic<int> progress{0}, failures{0};
  given.progress = [&] { ++progress; };
  given.failed = [&](const Fault& fault) { failures += fault.err == EIO ? 1 : 100; };
  std::atomic<bool> cut{false};
  Told file(given, [&](const Told::Call& call) -> ssize_t {
    if (call.offset < kBlock || call.offset >= 2 * kBlock) return 0;
    if (!cut.exchange(true)) return 8192;            // a part of it arrives
    while (progress < 2) std::this_thread::yield();  // the first and the third are done
    return -EIO;
  });
  for (int i = 0; i < 3; ++i) appendBlock(file, memory, i);
  CHECK(test::eventually([&] { return progress == 3; }));
  CHECK(failures == 1);
  CHECK(file.bytesOnFile() == kBlock + 8192);
  CHECK_THROWS_AS(appendBlock(file, memory, 3), CoreError);
  CHECK_THROWS_AS(file.flush(), CoreError);
  CHECK(file.calls().size() == 4);
  file.halt();
  file.finish(file.bytesOnFile());
  CHECK(holdsBlocks(folder.file("a"), memory, kBlock + 8192));
}

TEST_CASE("a file has one write under way and one ready, so that it never has a hole") {
  const test::Folder folder;
  Aligned memory = numbered(40);
  WriteCrew crew(4);
  struct {
    std::atomic<int> now{0}, most{0};
  } writing;
  const auto counted = [&](const Told::Call&) {
    const int now = ++writing.now;
    for (int most = writing.most; most < now && !writing.most.compare_exchange_weak(most, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --writing.now;
    return 0;
  };
  auto given = options(folder.file("a"));
  given.crew = &crew;
  {
    Told file(given, counted);
    for (int i = 0; i < 40; ++i) {
      appendBlock(file, memory, i);
      CHECK(file.underWay() <= 3);  // one of them is on its last lines
    }
    file.flush();
    CHECK(writing.most == 1);
    int64_t offset = 0;
    for (const auto& call : file.calls()) {
      CHECK(call.offset == offset);
      offset += kBlock;
    }
    CHECK(holdsBlocks(given.path, memory, 40 * kBlock));
  }
  // Several files do.
  std::atomic<bool> held{true};
  const auto holding = [&](const Told::Call&) {
    ++writing.now;
    while (held) std::this_thread::yield();
    return 0;
  };
  auto other = options(folder.file("c"));
  given.path = folder.file("b");
  other.crew = &crew;
  Told first(given, holding), second(other, holding);
  for (Told* file : {&first, &second}) appendBlock(*file, memory, 0);
  CHECK(test::eventually([&] { return writing.now == 2; }));
  CHECK(first.ready());
  appendBlock(first, memory, 1);
  CHECK_FALSE(first.ready());
  held = false;
  first.flush();
  CHECK(first.bytesOnFile() == 2 * kBlock);
}

TEST_CASE("halting waits for what is under way, which is whole then") {
  const test::Folder folder;
  Aligned memory = numbered(2);
  WriteCrew crew(1);
  auto given = options(folder.file("a"));
  given.crew = &crew;
  std::atomic<bool> held{true};
  Told file(given, [&](const Told::Call&) {
    while (held) std::this_thread::yield();
    return 0;
  });
  for (int i = 0; i < 2; ++i) appendBlock(file, memory, i);
  CHECK(file.underWay() == 2);
  std::thread lets([&] { held = false; });
  file.halt();
  lets.join();
  CHECK(file.underWay() == 0);
  CHECK(file.bytesOnFile() == 2 * kBlock);
  CHECK(file.settledTo() == INT64_MAX);
  CHECK(holdsBlocks(folder.file("a"), memory, 2 * kBlock));
}

TEST_CASE("a page that goes out at each flush, as it fills, counts each of its bytes as copied once") {
  const test::Folder folder;
  auto given = options(folder.file("a"));
  given.payloadBytes = 100;
  Told file(given, nullptr);
  if (!file.direct()) return;  // this file system has no O_DIRECT
  Aligned memory(100);
  for (int i = 0; i < 30; ++i) {
    file.append(memory.data(), 100);
    file.flush();
  }
  CHECK(file.bytesOnFile() == 3000);
  CHECK(file.bytesCopied() == 2 * 3000);  // gathered, and through the page cache
}

TEST_CASE("blocks of no whole pages are gathered into large direct writes, at one copy") {
  const test::Folder folder;
  auto given = options(folder.file("a"));
  given.payloadBytes = 6000;
  Told file(given, nullptr);
  if (!file.direct()) return;  // this file system has no O_DIRECT
  CHECK(file.way().way == WriteWay::Gathered);
  CHECK(file.way().why.find("6000 bytes") != std::string::npos);
  Aligned memory(6000);
  for (int i = 0; i < 1500; ++i) {
    std::memset(memory.data(), i % 251, 6000);
    file.append(memory.data(), 6000);
    file.settle();
    CHECK(file.settledTo() == int64_t{i + 1} * 6000);
  }
  file.flush();
  const auto calls = file.calls();
  REQUIRE(calls.size() == 4);  // two buffers, what is whole of the third, and less than a page
  for (size_t i = 0; i < 3; ++i) CHECK(calls[i].direct);
  CHECK(calls[0].bytes == SampleFile::kStagingBytes);
  CHECK_FALSE(calls[3].direct);
  CHECK(calls[3].bytes < 4096);
  CHECK(file.bytesCopied() == 1500 * 6000 + int64_t(calls[3].bytes));
  const auto content = test::contentOf(given.path);
  REQUIRE(content.size() == 1500 * 6000);
  bool same = true;
  for (size_t at = 0; at < content.size(); ++at) same &= content[at] == std::byte(at / 6000 % 251);
  CHECK(same);
}

TEST_CASE(
    "a file that is out of step with memory pages gathers, and goes on without when it is not") {
  const test::Folder folder;
  Aligned memory(16384);
  Told file(options(folder.file("a")), nullptr);
  if (!file.direct()) return;
  const auto wayAfter = [&](size_t bytes) {
    file.append(memory.data(), bytes);
    file.settle();
    return file.way().way;
  };
  CHECK(wayAfter(8192) == WriteWay::Direct);
  CHECK(wayAfter(1000) == WriteWay::Direct);
  CHECK(wayAfter(8192) == WriteWay::Gathered);
  CHECK(file.way().why.find("4,096") != std::string::npos);
  CHECK(wayAfter(3096) == WriteWay::Gathered);
  file.flush();
  CHECK(wayAfter(8192) == WriteWay::Direct);
  CHECK(test::contentOf(folder.file("a")).size() == 3 * 8192 + 4096);
}

TEST_CASE("memory the disk may not read from is found out by the first write, and it is told") {
  const test::Folder folder;
  Aligned memory = numbered(3);
  for (const auto asked : {WritePath::Auto, WritePath::Direct}) {
    auto given = options(folder.file(asked == WritePath::Auto ? "auto" : "direct"), asked);
    given.directIo = false;
    Told file(given, [&](const Told::Call& call) {
      return call.direct && call.parts == 1 && call.bytes == size_t(kBlock) ? -EFAULT : 0;
    });
    appendBlock(file, memory, 0);
    const auto now = file.way();
    CHECK(now.way == (asked == WritePath::Auto ? WriteWay::Buffered : WriteWay::Gathered));
    CHECK(now.why.find("EFAULT") != std::string::npos);
    CHECK(file.bytesCopied() == kBlock);
    CHECK(file.calls().size() == 2);
    appendBlock(file, memory, 1);
    if (asked == WritePath::Auto) CHECK_FALSE(file.calls().back().direct);
    file.flush();
    CHECK(file.bytesOnFile() == 2 * kBlock);
    CHECK(holdsBlocks(given.path, memory, 2 * kBlock));
  }
}

TEST_CASE("memory that turns out to take direct writes is written from, whatever was expected") {
  const test::Folder folder;
  Aligned memory = numbered(1);
  auto given = options(folder.file("a"));
  given.directIo = false;
  Told file(given, nullptr);
  CHECK(file.way().way == WriteWay::Buffered);
  appendBlock(file, memory, 0);
  if (!file.calls()[0].direct) return;
  CHECK(file.way().way == WriteWay::Direct);
  CHECK(file.bytesCopied() == 0);
}

TEST_CASE("through the page cache no more than 64 MiB and a piece wait for the disk") {
  const test::Folder folder;
  Aligned memory(16 << 20);
  std::memset(memory.data(), 7, 16 << 20);
  WriteCrew crew(1);
  auto given = options(folder.file("a"), WritePath::Buffered);
  given.crew = &crew;
  SampleFile file(given);
  writeback.started = writeback.waited = 0;
  int64_t bytes = 0;
  for (int i = 0; i < 8; ++i, bytes += 16 << 20) {
    file.append(memory.data(), 16 << 20);
    file.settle();
  }
  file.flush();
  file.halt();
  CHECK(writeback.started == bytes);
  CHECK(bytes - writeback.waited <= 64 << 20);
  CHECK(file.bytesCopied() == bytes);
}
