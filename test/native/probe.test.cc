#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "iio-transport.h"
#include "probe-holder.h"

using namespace iio;
namespace fs = std::filesystem;

namespace {

// A /proc of paper.
class Proc {
 public:
  Proc() {
    char folder[] = "/tmp/iio-proc-XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    path_ = folder;
  }
  ~Proc() { fs::remove_all(path_); }
  void process(const std::string& pid, const std::string& name, const std::string& file) const {
    fs::create_directories(path_ / pid / "fd");
    std::ofstream(path_ / pid / "comm") << name << "\n";
    fs::create_symlink(file, path_ / pid / "fd" / "7");
    fs::create_symlink("/dev/null", path_ / pid / "fd" / "0");
  }
  std::string path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("the holder of a device's node is named by program and process, of another node not") {
  const Proc proc;
  proc.process("20", "cat", "/dev/iio:device1");
  proc.process("13", "bash", "/dev/pts/0");
  fs::create_directories(fs::path(proc.path()) / "sys" / "fd");
  CHECK(findHolder("/dev/iio:device1", proc.path()) == "cat (process 20)");
  CHECK(findHolder("/dev/iio:device0", proc.path()).empty());
}

TEST_CASE(
    "a buffer's file does not say which device it is of: its holder is only perhaps the one") {
  const Proc proc;
  proc.process("12", "iio_readdev", "anon_inode:iio:buffer");
  CHECK(findHolder("/dev/iio:device0", proc.path()) ==
        "another program, perhaps iio_readdev (process 12)");
  proc.process("20", "cat", "/dev/iio:device0");
  CHECK(findHolder("/dev/iio:device0", proc.path()) == "cat (process 20)");
}

TEST_CASE(
    "this program is named for a device whose node it has open, not for a buffer of some device") {
  const Proc proc;
  const std::string self = std::to_string(::getpid());
  proc.process(self, "me", "anon_inode:iio:buffer");
  CHECK(findHolder("/dev/iio:device0", proc.path()).empty());
  proc.process("99", "other", "anon_inode:iio:buffer");
  CHECK(findHolder("/dev/iio:device0", proc.path()) ==
        "another program, perhaps other (process 99)");
  fs::remove(fs::path(proc.path()) / self / "fd" / "7");
  fs::create_symlink("/dev/iio:device0", fs::path(proc.path()) / self / "fd" / "7");
  CHECK(findHolder("/dev/iio:device0", proc.path()) == "this program");
}

TEST_CASE("a heap that is not there answers with its errno") {
  CHECK(probeHeap(ArenaKind::Heap, "/dev/dma_heap/none-such") == ENOENT);
  CHECK(probeHeap(ArenaKind::Udmabuf, "/dev/none-such") == ENOENT);
  CHECK(probeHeap(ArenaKind::Pages, "") == 0);
}

TEST_CASE("a device that is not there, or is none, answers with the errno of GET_FD") {
  CHECK(probeBuffer("/dev/iio:none-such", 0, nullptr).getFd == ENOENT);
  const BufferProbe probe = probeBuffer("/dev/null", 0, nullptr);
  CHECK(probe.getFd == ENOTTY);
  CHECK(probe.attach == 0);
  CHECK(probe.holder.empty());
}
