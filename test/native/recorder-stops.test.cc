// Recordings that can't begin, and ones that end by themselves: what was written stays whole.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>

#include "recorder-support.h"

using namespace iio;
using test::Blocks;
using test::endErrno;
using test::endSamples;
using test::faultOf;
using test::Folder;
using test::specOf;

TEST_CASE("a file that is there already is not touched, and nothing else is left behind") {
  Blocks blocks(4, 4096, 4);
  for (const std::string taken : {"data", "second", "journal"}) {
    const Folder folder;
    auto spec = specOf(folder, 4, 4);
    spec.outputs.push_back({folder.file("second"), true, {}});
    { std::ofstream(folder.file(taken)) << "mine"; }
    const Fault fault = faultOf(spec, blocks);
    CHECK(fault.err == EEXIST);
    CHECK(fault.path == folder.file(taken));
    CHECK(folder.names() == std::vector<std::string>{taken});
    CHECK(test::contentOf(folder.file(taken)) == test::bytesOf("mine"));
  }
}

TEST_CASE("a folder that is not there, and outputs that make no sense, are refused") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.journalPath = folder.file("none/journal");
  CHECK(faultOf(spec, blocks).err == ENOENT);
  spec = specOf(folder, 4, 4);
  spec.outputs[0] = {folder.file("data"), false, {{9, OutputType::I16}}};
  CHECK(faultOf(spec, blocks).err == EINVAL);
  spec.outputs.clear();
  CHECK(faultOf(spec, blocks).err == EINVAL);
  CHECK(folder.names().empty());
}

TEST_CASE("below the floor of free space a recording does not begin") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  auto spec = specOf(folder, 4, 4);
  spec.freeFloorBytes = INT64_MAX / 2;
  const Fault fault = faultOf(spec, blocks);
  CHECK(fault.err == ENOSPC);
  CHECK_FALSE(fault.message.empty());
  CHECK(folder.names().empty());
}

TEST_CASE(
    "a write that fails stops the recording with what was written intact and gives back what "
    "waits") {
  const Folder folder;
  Blocks blocks(64, 65536, 8);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto recorder = Recorder::create(specOf(folder, 8, 64), blocks);
  const rlimit small{1'000'004, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  int accepted = 0;
  while (accepted < 1000 && blocks.complete(*recorder, blocks.fullBlock())) ++accepted;
  const auto status = recorder->finish();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(status.state == RecorderState::Failed);
  CHECK(status.fault.err == EFBIG);
  CHECK(status.fault.path == folder.file("data"));
  CHECK(blocks.held() == 0);
  CHECK(status.scans > 60'000);
  CHECK(status.scans <= 125'000);  // and not the half of a scan that still fitted
  CHECK(test::holdsCount(folder.file("data"), 8, status.scans));
  CHECK(endSamples(folder) == status.scans);
  CHECK(endErrno(folder) == EFBIG);
}

TEST_CASE("a full disk stops the recording with what was written intact, the journal ended") {
  const Folder folder;
  const auto mountPoint = folder.file("disk");
  ::mkdir(mountPoint.c_str(), 0700);
  if (::mount("iio", mountPoint.c_str(), "tmpfs", 0, "size=2m") != 0) {
    MESSAGE("mounting a small disk is not permitted here: left out");
    ::rmdir(mountPoint.c_str());
    return;
  }
  {
    Blocks blocks(8, 65536, 4);
    auto spec = specOf(folder, 4, 8);
    spec.outputs[0].path = mountPoint + "/data";
    spec.journalPath = mountPoint + "/journal";
    const auto recorder = Recorder::create(spec, blocks);
    int accepted = 0;
    while (accepted < 1000 && blocks.complete(*recorder, blocks.fullBlock())) ++accepted;
    const auto status = recorder->finish();
    CHECK(status.state == RecorderState::Failed);
    CHECK(status.fault.err == ENOSPC);
    CHECK(blocks.held() == 0);
    CHECK(status.scans > 300'000);
    CHECK(test::holdsCount(mountPoint + "/data", 4, status.scans));
    CHECK(test::readJournal(mountPoint + "/journal").size() > 10);
  }
  ::umount(mountPoint.c_str());
  ::rmdir(mountPoint.c_str());
}

TEST_CASE("reaching the floor of free space stops the recording") {
  const Folder folder;
  const auto mountPoint = folder.file("disk");
  ::mkdir(mountPoint.c_str(), 0700);
  if (::mount("iio", mountPoint.c_str(), "tmpfs", 0, "size=16m") != 0) {
    MESSAGE("mounting a small disk is not permitted here: left out");
    ::rmdir(mountPoint.c_str());
    return;
  }
  {
    Blocks blocks(8, 65536, 4);
    auto spec = specOf(folder, 4, 8);
    spec.outputs[0].path = mountPoint + "/data";
    spec.journalPath = mountPoint + "/journal";
    spec.freeFloorBytes = 8 << 20;
    const auto recorder = Recorder::create(spec, blocks);
    CHECK(test::eventually([&] {
      return !blocks.complete(*recorder, blocks.fullBlock()) || recorder->status().scans > 4 << 20;
    }));
    const auto status = recorder->finish();
    CHECK(status.state == RecorderState::Failed);
    CHECK(status.fault.err == ENOSPC);
    CHECK(blocks.held() == 0);
    CHECK(status.fault.syscall == "statvfs");
    CHECK(test::holdsCount(mountPoint + "/data", 4, status.scans));
    CHECK(endSamples(folder) == -1);
    CHECK(test::readJournal(mountPoint + "/journal").back().type == 4);
  }
  ::umount(mountPoint.c_str());
  ::rmdir(mountPoint.c_str());
}

TEST_CASE("files removed under it stop the recording") {
  const Folder folder;
  Blocks blocks(4, 4096, 4);
  const auto recorder = Recorder::create(specOf(folder, 4, 4), blocks);
  REQUIRE(blocks.complete(*recorder, 1024));
  ::unlink(folder.file("data").c_str());
  CHECK(test::eventually([&] { return recorder->status().state == RecorderState::Failed; }));
  const auto status = recorder->finish();
  CHECK(status.fault.err == ENOENT);
  CHECK(status.fault.path == folder.file("data"));
  CHECK(blocks.held() == 0);
}
