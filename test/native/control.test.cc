#include "control.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

using namespace iio;
namespace fs = std::filesystem;
using Op = Control::Op;

namespace {

class Folder {
 public:
  Folder() {
    char folder[] = "/tmp/iio-control-XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    path_ = folder;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string at(const std::string& name) const { return path_ / name; }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return at(name);
  }

 private:
  fs::path path_;
};

// An attribute whose driver hangs: a FIFO that is read until release().
class Hanging {
 public:
  explicit Hanging(std::string path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    end_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(end_ >= 0);
  }
  ~Hanging() { release(); }
  const std::string& path() const { return path_; }
  // Waits until a thread of this process reads it.
  void entered() const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (readers() == 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    REQUIRE(readers() > 0);
  }
  void release() {
    if (end_ >= 0) ::close(end_);
    end_ = -1;
  }

 private:
  int readers() const {
    int count = -1;  // ours
    for (int fd = 0; fd < 1024; ++fd) {
      char link[4096];
      const ssize_t n =
          ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), link, sizeof link);
      if (n > 0 && std::string(link, static_cast<size_t>(n)) == path_) ++count;
    }
    return count;
  }
  std::string path_;
  int end_ = -1;
};

std::string text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

}  // namespace

TEST_CASE("an attribute is read as it is and written in one go") {
  const Folder folder;
  const std::string path = folder.file("rate", "48000\n");
  const auto control = makeControl("dev", 5000, 16);
  CHECK(control->call({Op::Read, path}).text == "48000\n");
  CHECK_FALSE(control->call({Op::Write, path, "100"}).fault);
  CHECK(text(path) == "100");
}

TEST_CASE("a failed call keeps errno, call and path") {
  const auto control = makeControl("dev", 5000, 16);
  const ControlReply missing = control->call({Op::Read, "/no/such/file"});
  CHECK(missing.fault.err == ENOENT);
  CHECK(missing.fault.syscall == "open");
  CHECK(missing.fault.path == "/no/such/file");
  CHECK(control->call({Op::Write, "/no/such/file", "1"}).fault.err == ENOENT);
  CHECK(control->call({Op::List, "/no/such/folder"}).fault.err == ENOENT);
  CHECK(control->call({Op::Read, "/tmp"}).fault.err == EISDIR);
  // What a driver says to a value comes from write(2).
  const ControlReply full = control->call({Op::Write, "/dev/full", "1"});
  CHECK(full.fault.err == ENOSPC);
  CHECK(full.fault.syscall == "write");
}

TEST_CASE("a folder is listed by name with kinds and permissions") {
  const Folder folder;
  folder.file("b", "");
  fs::permissions(folder.at("b"), fs::perms(0444));
  fs::create_directory(folder.at("a"));
  fs::create_symlink("b", folder.at("c"));
  const auto control = makeControl("dev", 5000, 16);
  const ControlReply reply = control->call({Op::List, folder.at("")});
  REQUIRE(reply.entries.size() == 3);
  CHECK(reply.entries[0].name == "a");
  CHECK(reply.entries[0].kind == ControlEntry::Kind::Directory);
  CHECK(reply.entries[1].name == "b");
  CHECK(reply.entries[1].kind == ControlEntry::Kind::File);
  CHECK(reply.entries[1].mode == 0444);
  CHECK(reply.entries[2].kind == ControlEntry::Kind::Link);
}

TEST_CASE("existence is an answer, not an error") {
  const Folder folder;
  const std::string path = folder.file("x", "");
  const auto control = makeControl("dev", 5000, 16);
  CHECK(control->call({Op::Exists, path}).text == "1");
  CHECK(control->call({Op::Exists, folder.at("y")}).text == "0");
  CHECK(control->call({Op::Exists, path + "/z"}).text == "0");
}

TEST_CASE("many files are read in one go, each with its own answer") {
  const Folder folder;
  const auto control = makeControl("dev", 5000, 1);
  std::vector<std::string> paths;
  for (int i = 0; i < 50; ++i)
    paths.push_back(folder.file(std::to_string(i), "value " + std::to_string(i)));
  paths.insert(paths.begin() + 10, "/no/such/file");
  std::promise<std::vector<ControlReply>> promise;
  control->readAll(
      paths, [&](std::vector<ControlReply> replies) { promise.set_value(std::move(replies)); });
  const auto replies = promise.get_future().get();
  REQUIRE(replies.size() == 51);
  CHECK(replies[9].text == "value 9");
  CHECK(replies[10].fault.err == ENOENT);
  CHECK(replies[11].text == "value 10");
  CHECK(replies[50].text == "value 49");
}

TEST_CASE(
    "a call that hangs answers ETIMEDOUT with its path and the thread left behind; the next call "
    "works") {
  const Folder folder;
  Hanging hanging(folder.at("slow"));
  const std::string good = folder.file("good", "1");
  const auto control = makeControl("adc", 100, 16);
  const ControlReply late = control->call({Op::Read, hanging.path()});
  CHECK(late.fault.err == ETIMEDOUT);
  CHECK(late.fault.path == hanging.path());
  CHECK(late.fault.message.find("stuck adc") != std::string::npos);
  CHECK(control->call({Op::Read, good}).text == "1");
  hanging.release();
}

TEST_CASE("what waits behind a call that hangs is served by the new thread") {
  const Folder folder;
  Hanging hanging(folder.at("slow"));
  const std::string good = folder.file("good", "1");
  const auto control = makeControl("adc", 100, 16);
  std::promise<ControlReply> first, second;
  control->submit({Op::Read, hanging.path()},
                  [&](ControlReply reply) { first.set_value(std::move(reply)); });
  control->submit({Op::Read, good},
                  [&](ControlReply reply) { second.set_value(std::move(reply)); });
  CHECK(first.get_future().get().fault.err == ETIMEDOUT);
  CHECK(second.get_future().get().text == "1");
  hanging.release();
}

TEST_CASE("one hanging file among many costs its own answer only") {
  const Folder folder;
  Hanging hanging(folder.at("slow"));
  const auto control = makeControl("adc", 100, 16);
  std::promise<std::vector<ControlReply>> promise;
  control->readAll(
      {folder.file("a", "A"), hanging.path(), folder.file("b", "B")},
      [&](std::vector<ControlReply> replies) { promise.set_value(std::move(replies)); });
  const auto replies = promise.get_future().get();
  REQUIRE(replies.size() == 3);
  CHECK(replies[0].text == "A");
  CHECK(replies[1].fault.err == ETIMEDOUT);
  CHECK(replies[2].text == "B");
  hanging.release();
}

TEST_CASE(
    "a device that hangs again and again is called dead, and serves again once a call came back") {
  const Folder folder;
  Hanging hanging(folder.at("slow"));
  const std::string good = folder.file("good", "1");
  const auto control = makeControl("adc", 50, 16);
  for (int i = 0; i < 4; ++i)
    CHECK(control->call({Op::Read, hanging.path()}).fault.err == ETIMEDOUT);
  const ControlReply dead = control->call({Op::Read, good});
  CHECK(dead.fault.err == ETIMEDOUT);
  CHECK(dead.fault.path == good);
  CHECK(dead.fault.message.find("does not answer") != std::string::npos);
  hanging.release();
  ControlReply reply = control->call({Op::Read, good});
  for (int i = 0; i < 3000 && reply.fault; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    reply = control->call({Op::Read, good});
  }
  CHECK(reply.text == "1");
}

TEST_CASE("a full queue answers EAGAIN at once, and an urgent call goes before what waits") {
  const Folder folder;
  const std::string good = folder.file("good", "1");
  const auto control = makeControl("adc", 30000, 2);
  std::promise<void> busy, gate;
  control->submit({Op::Read, good}, [&](ControlReply) {
    busy.set_value();
    gate.get_future().wait();
  });
  busy.get_future().wait();
  std::vector<std::string> order;  // written by the worker while we wait for the last
  std::promise<void> last;
  control->submit({Op::Read, good}, [&](ControlReply) { order.push_back("one"); });
  control->submit({Op::Read, good}, [&](ControlReply) {
    order.push_back("two");
    last.set_value();
  });
  int refusal = 0;
  control->submit({Op::Read, good}, [&](ControlReply reply) { refusal = reply.fault.err; });
  CHECK(refusal == EAGAIN);
  control->submit({Op::Read, good, {}, true}, [&](ControlReply) { order.push_back("urgent"); });
  gate.set_value();
  last.get_future().wait();
  CHECK(order == std::vector<std::string>{"urgent", "one", "two"});
}

TEST_CASE("the queue of urgent calls has a bound too, which what is not urgent does not fill") {
  const Folder folder;
  const std::string good = folder.file("good", "1");
  const auto control = makeControl("adc", 30000, 2);
  std::promise<void> busy, gate;
  control->submit({Op::Read, good}, [&](ControlReply) {
    busy.set_value();
    gate.get_future().wait();
  });
  busy.get_future().wait();
  std::atomic<int> answered{0}, refused{0};
  auto count = [&](ControlReply reply) { ++(reply.fault.err == EAGAIN ? refused : answered); };
  for (int i = 0; i < 3; ++i) control->submit({Op::Read, good}, count);
  CHECK(refused == 1);
  for (int i = 0; i < 100; ++i) control->submit({Op::Read, good, {}, true}, count);
  CHECK(refused == 1 + 100 - 64);
  gate.set_value();
  for (int i = 0; i < 30'000 && answered < 2 + 64; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(answered == 2 + 64);
}

TEST_CASE("closing answers what waits with ECANCELED and does not wait for a call that hangs") {
  const Folder folder;
  Hanging hanging(folder.at("slow"));
  const auto control = makeControl("adc", 20000, 8);
  std::promise<ControlReply> running, waiting;
  control->submit({Op::Read, hanging.path()},
                  [&](ControlReply reply) { running.set_value(std::move(reply)); });
  hanging.entered();
  control->submit({Op::Read, hanging.path()},
                  [&](ControlReply reply) { waiting.set_value(std::move(reply)); });
  control->close();
  CHECK(waiting.get_future().get().fault.err == ECANCELED);
  CHECK(control->call({Op::Read, hanging.path()}).fault.err == ECANCELED);
  auto answer = running.get_future();
  CHECK(answer.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  hanging.release();
  CHECK_FALSE(answer.get().fault);
}

TEST_CASE("a callback may submit again and may close") {
  const Folder folder;
  const std::string good = folder.file("good", "1");
  auto control = makeControl("adc", 5000, 8);
  std::promise<std::string> promise;
  control->submit({Op::Read, good}, [&](ControlReply) {
    control->submit({Op::Read, good}, [&](ControlReply reply) {
      control->close();
      promise.set_value(reply.text);
    });
  });
  CHECK(promise.get_future().get() == "1");
}

TEST_CASE("threads carry the device's name") {
  const Folder folder;
  const auto control = makeControl("iio:device42", 5000, 8);
  std::promise<std::string> promise;
  control->submit({Op::Exists, "/"}, [&](ControlReply) {
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    promise.set_value(name);
  });
  CHECK(promise.get_future().get() == "iio:device42");
}
