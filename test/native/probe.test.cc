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

TEST_CASE("the holder of a buffer is named by program and process") {
  const Proc proc;
  proc.process("12", "iio_readdev", "anon_inode:iio:buffer");
  proc.process("13", "bash", "/dev/pts/0");
  fs::create_directories(fs::path(proc.path()) / "sys" / "fd");
  CHECK(findHolder("/dev/iio:device0", proc.path()) == "iio_readdev (process 12)");
}

TEST_CASE("the holder of a device node is found, of another device's node not") {
  const Proc proc;
  proc.process("20", "cat", "/dev/iio:device1");
  CHECK(findHolder("/dev/iio:device1", proc.path()) == "cat (process 20)");
  CHECK(findHolder("/dev/iio:device0", proc.path()).empty());
}

TEST_CASE("if only this program holds a buffer it is said so") {
  const Proc proc;
  proc.process(std::to_string(::getpid()), "me", "anon_inode:iio:buffer");
  CHECK(findHolder("/dev/iio:device0", proc.path()) == "this program");
  proc.process("99", "other", "anon_inode:iio:buffer");
  CHECK(findHolder("/dev/iio:device0", proc.path()) == "other (process 99)");
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
