#include "writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "clock.h"
#include "writer-support.h"

using namespace iio;
using test::Aligned;
using test::options;
using test::Reluctant;

namespace {

// Eight bytes at a time: what the sanitizers add to each access would be most of these tests' time.
void fillNoise(std::byte* to, size_t bytes, uint64_t& seed) {
  for (size_t i = 0; i < bytes; i += 8) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    const uint64_t word = seed ^ seed >> 29;
    std::memcpy(to + i, &word, std::min<size_t>(8, bytes - i));
  }
}

// Appends pieces of these sizes from memory that is overwritten after each settle(), and compares
// the file.
void appendPieces(const SampleFile::Options& given, size_t misalign,
                  const std::vector<size_t>& sizes) {
  std::vector<std::byte> expected;
  {
    SampleFile file(given);
    uint64_t seed = 1;
    for (const size_t size : sizes) {
      Aligned memory(size + misalign);
      fillNoise(memory.data() + misalign, size, seed);
      file.append(memory.data() + misalign, size);
      expected.insert(expected.end(), memory.data() + misalign, memory.data() + misalign + size);
      file.settle();
      REQUIRE(test::eventually([&] { return file.settledTo() == int64_t(expected.size()); }));
      std::memset(memory.data(), 0xee, size);
      if (size % 3 == 0) file.flush();
    }
    file.flush();
    CHECK(file.bytesOnFile() == int64_t(expected.size()));
    CHECK(file.stagedSinceNs() == -1);
    file.finish(int64_t(expected.size()));
  }
  CHECK(test::contentOf(given.path) == expected);
}

const std::vector<size_t> kMixed{4096,    8192, 100,     4096,  12288, 6000,   1,
                                 4095,    4096, 65536,   30000, 3,     9,      4096,
                                 5 << 20, 77,   3 << 20, 4096,  12,    8 << 20};

}  // namespace

TEST_CASE("pieces of any size arrive in order, whichever way they are written") {
  const test::Folder folder;
  int n = 0;
  WriteCrew crew(2);
  for (const auto asked : {WritePath::Auto, WritePath::Direct, WritePath::Buffered})
    for (const uint32_t payloadBytes : {4096, 6000})
      for (const uint32_t inFlight : {0, 1, 3})  // 0: without a crew
        for (const size_t misalign : {0, 64}) {
          CAPTURE(int(asked));
          CAPTURE(payloadBytes);
          CAPTURE(inFlight);
          CAPTURE(misalign);
          auto given = options(folder.file(std::to_string(n++)), asked);
          given.payloadBytes = payloadBytes;
          given.inFlight = std::max(inFlight, 1u);
          if (inFlight) given.crew = &crew;
          appendPieces(given, misalign, kMixed);
        }
}

TEST_CASE("since when samples lie staged is told until they are with the kernel") {
  const test::Folder folder;
  SampleFile::Options given = options(folder.file("data"));
  given.converted = true;
  SampleFile file(given);
  CHECK(file.stagedSinceNs() == -1);
  const int64_t before = monotonicNs();
  for (const size_t bytes : {100, 5000}) {
    file.room(bytes);
    file.commit(bytes);
    CHECK(file.stagedSinceNs() >= before);
    file.flush();
    CHECK(file.stagedSinceNs() == -1);
  }
}

TEST_CASE("where O_DIRECT is refused, or cut short, nothing is lost or doubled on the other ways") {
  using About = Reluctant::About;
  const test::Folder folder;
  WriteCrew crew(1);
  int n = 0;
  for (const auto about : {About::Memory, About::Everything, About::WholeWrites})
    for (const auto asked : {WritePath::Auto, WritePath::Direct})
      for (const bool crewed : {false, true}) {
        CAPTURE(int(about));
        CAPTURE(int(asked));
        CAPTURE(crewed);
        auto given = options(folder.file(std::to_string(n++)), asked);
        if (crewed) given.crew = &crew;
        Reluctant file(given, about);
        const size_t sizes[] = {4196, 8192, 6 << 20, 4096, 100, 20480, 9 << 20, 4096, 1};
        std::vector<std::byte> expected;
        Aligned memory(9 << 20);
        file.from = memory.data();
        file.bytes = 9 << 20;
        uint64_t seed = 1;
        for (const size_t size : sizes) {
          fillNoise(memory.data(), size, seed);
          const size_t cut = size / 8192 * 4096;  // two pieces, as neighbouring blocks are
          file.append(memory.data(), cut);
          file.append(memory.data() + cut, size - cut);
          file.settle();
          expected.insert(expected.end(), memory.data(), memory.data() + size);
          REQUIRE(test::eventually([&] { return file.settledTo() == int64_t(expected.size()); }));
        }
        file.flush();
        CHECK(file.bytesOnFile() == int64_t(expected.size()));
        CHECK(test::contentOf(given.path) == expected);
        const bool givenUp =
            about == About::Everything || (about == About::Memory && asked == WritePath::Auto);
        CHECK(file.direct() == !givenUp);
      }
}

TEST_CASE("whole pages leave aligned memory without a copy") {
  const test::Folder folder;
  SampleFile file(options(folder.file("a")));
  if (!file.direct()) return;  // this file system has no O_DIRECT
  Aligned memory(1 << 20);
  std::memset(memory.data(), 1, 1 << 20);
  for (int i = 0; i < 4; ++i) file.append(memory.data(), 1 << 20);
  file.settle();
  CHECK(file.bytesOnFile() == 4 << 20);
  CHECK(file.bytesCopied() == 0);
  CHECK(file.direct());
}

TEST_CASE("space is reserved ahead without a change of size, and given back at the end") {
  const test::Folder folder;
  struct stat during, after;
  Aligned memory(1 << 20);
  std::memset(memory.data(), 1, 1 << 20);
  {
    SampleFile file(options(folder.file("a")));
    file.append(memory.data(), 1 << 20);
    file.flush();
    ::stat(folder.file("a").c_str(), &during);
    file.finish(1 << 20);
    ::stat(folder.file("a").c_str(), &after);
  }
  CHECK(during.st_size == 1 << 20);
  CHECK(after.st_size == 1 << 20);
  CHECK(after.st_blocks * 512 <= (1 << 20) + 65536);
  if (during.st_blocks * 512 > (1 << 20) + 65536) CHECK(after.st_blocks < during.st_blocks);
}

TEST_CASE("a limit keeps the reservation from going beyond it") {
  const test::Folder folder;
  auto limited = options(folder.file("a"));
  limited.limitBytes = 8192;
  SampleFile file(limited);
  Aligned memory(4096);
  std::memset(memory.data(), 1, 4096);
  file.append(memory.data(), 4096);
  file.flush();
  struct stat status;
  ::stat(folder.file("a").c_str(), &status);
  CHECK(status.st_blocks * 512 <= 65536);
}

TEST_CASE("a removed file is noticed") {
  const test::Folder folder;
  SampleFile file(options(folder.file("a")));
  CHECK(file.linked());
  ::unlink(folder.file("a").c_str());
  CHECK_FALSE(file.linked());
}

TEST_CASE("a file can't be created over another, nor where there is no folder") {
  const test::Folder folder;
  { std::ofstream(folder.file("a")) << "mine"; }
  auto errOf = [](const std::string& path) {
    try {
      SampleFile file(options(path));
    } catch (const CoreError& error) {
      CHECK_FALSE(error.fault.message.empty());
      return error.fault.err;
    }
    return 0;
  };
  CHECK(errOf(folder.file("a")) == EEXIST);
  CHECK(errOf(folder.file("none/a")) == ENOENT);
  CHECK(errOf(folder.file("a/b")) == ENOTDIR);
  CHECK(test::contentOf(folder.file("a")) == test::bytesOf("mine"));
}
