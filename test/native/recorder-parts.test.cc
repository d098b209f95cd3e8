// A recording in parts: what one part ends with, the next begins behind.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include "recorder-chain.h"
#include "recorder-fixture.h"

using namespace iio;
using test::at;
using test::Blocks;
using test::Folder;

namespace {

constexpr uint32_t kBlock = 1024;

RecorderSpec part(const Folder& folder, const std::string& name, int64_t partScans = 0) {
  RecorderSpec spec;
  spec.layout.scanBytes = 4;
  spec.layout.elements = {{0, 32, 32, 0, 1, NumberKind::Unsigned, false}};
  spec.outputs.push_back({folder.file(name + ".data"), true, {}});
  spec.indexPaths.push_back(folder.file(name + ".iio-index"));
  spec.journalPath = folder.file(name + ".journal");
  spec.directIo = true;
  spec.blockCount = 8;
  spec.partScans = partScans;
  spec.proof = {Grade::Exact, Evidence::Transport};
  return spec;
}

bool is(const std::shared_ptr<Recorder>& recorder, RecorderState state) {
  return test::eventually([&] { return recorder->status().state == state; });
}

Fault faultOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const CoreError& error) {
    CHECK_FALSE(error.fault.message.empty());
    return error.fault;
  }
  return {};
}

// The first scans of Blocks from `from` on and no others.
bool holds(const Folder& folder, const std::string& name, int64_t from, int64_t count) {
  const auto bytes = test::contentOf(folder.file(name + ".data"));
  if (int64_t(bytes.size()) != count * 4) return false;
  for (int64_t i = 0; i < count; ++i)
    if (at<uint32_t>(bytes, size_t(i) * 4) != uint32_t(from + i)) return false;
  return true;
}

std::vector<test::JournalRecord> segments(const Folder& folder, const std::string& name) {
  return test::ofType(test::readJournal(folder.file(name + ".journal")), 2);
}

struct Chain {
  explicit Chain(const Folder& folder, int64_t partScans, uint32_t count = 8)
      : blocks(count, kBlock * 4, 4),
        chain(RecorderChain::create(part(folder, "0", partScans), blocks)),
        first(chain->begin()) {}
  bool complete(uint32_t scans = kBlock, int64_t lost = 0) {
    return blocks.complete(*chain, scans, [&](BlockHeader& header) {
      if (lost == 0) return;
      header.segments[0].hasGap = true;
      header.segments[0].gap = {Grade::Exact, GapCause::Counter, lost, lost, lost};
      header.segments[0].scan += lost;
    });
  }
  Blocks blocks;
  std::shared_ptr<RecorderChain> chain;
  std::shared_ptr<Recorder> first;
};

}  // namespace

TEST_CASE("parts: the next one begins with the block behind the last one of a full part") {
  const Folder folder;
  Chain chain(folder, 2500);
  const auto second = chain.chain->next(chain.first.get(), part(folder, "1", 1000));
  CHECK(second->status().state == RecorderState::Waiting);
  CHECK(folder.names().size() == 6);
  for (int i = 0; i < 3; ++i) REQUIRE(chain.complete());
  CHECK(chain.first->status().full);
  CHECK(chain.first->status().state == RecorderState::Recording);
  CHECK(second->status().state == RecorderState::Waiting);
  REQUIRE(chain.complete());
  CHECK(is(chain.first, RecorderState::Done));
  CHECK(is(second, RecorderState::Recording));
  REQUIRE(chain.complete());
  const auto last = second->finish();
  CHECK_FALSE(chain.complete());
  CHECK(test::eventually([&] { return chain.chain->over(); }));
  CHECK(chain.first->status().scans == 3 * kBlock);
  CHECK(chain.first->status().endScan == 1000 + 3 * kBlock);
  CHECK(last.firstScan == 1000 + 3 * kBlock);
  CHECK(last.scans == 2 * kBlock);
  CHECK(last.gaps == 0);
  CHECK(holds(folder, "0", 0, 3 * kBlock));
  CHECK(holds(folder, "1", 3 * kBlock, 2 * kBlock));
  CHECK(at<int64_t>(segments(folder, "1")[0].payload, 16) == 0);
  CHECK(chain.blocks.held() == 0);
}

TEST_CASE("parts: a full one goes on past its size until the next is ready") {
  const Folder folder;
  Chain chain(folder, 1);
  for (int i = 0; i < 5; ++i) REQUIRE(chain.complete());
  CHECK(chain.first->status().full);
  const auto second = chain.chain->next(chain.first.get(), part(folder, "1"));
  for (int i = 0; i < 4; ++i) REQUIRE(chain.complete());
  CHECK_FALSE(second->status().full);  // no size: the last one
  second->finish();
  CHECK(is(chain.first, RecorderState::Done));
  CHECK(holds(folder, "0", 0, 5 * kBlock));
  CHECK(holds(folder, "1", 5 * kBlock, 4 * kBlock));
}

TEST_CASE("parts: what is lost between two of them is a gap before the second one's first scan") {
  const Folder folder;
  Chain chain(folder, 1000);
  const auto second = chain.chain->next(chain.first.get(), part(folder, "1"));
  REQUIRE(chain.complete(kBlock, 99));  // before the recording
  REQUIRE(chain.complete(kBlock, 7));
  REQUIRE(chain.complete(kBlock, 5));
  const auto status = second->finish();
  CHECK(is(chain.first, RecorderState::Done));
  CHECK(chain.first->status().gaps == 0);
  CHECK(status.gaps == 2);
  CHECK(status.lost == 12);
  CHECK(status.firstScan == chain.first->status().endScan + 7);
  const auto journaled = segments(folder, "1");
  REQUIRE(journaled.size() == 2);
  CHECK(at<uint8_t>(journaled[0].payload, 40) == 1);
  CHECK(at<int64_t>(journaled[0].payload, 48) == 7);
  CHECK(at<uint8_t>(segments(folder, "0")[0].payload, 40) == 0);
}

TEST_CASE("parts: a chain at full speed, with gaps and short blocks, holds every scan once") {
  const Folder folder;
  Chain chain(folder, 40'000, 16);
  std::vector<std::shared_ptr<Recorder>> parts{chain.first};
  std::atomic<int64_t> accepted{0};
  std::atomic<bool> stop{false};
  std::thread source([&] {
    for (uint32_t i = 0; !stop; ++i) {
      const uint32_t scans = i % 5 == 4 ? 1 + i % kBlock : kBlock;
      if (!chain.complete(scans, i % 11 == 10 ? 3 : 0)) break;
      accepted += scans;
    }
  });
  std::thread asking([&] {
    while (!stop) chain.chain->over();
  });
  for (int i = 1; i < 30; ++i) {
    parts.push_back(chain.chain->next(parts.back().get(), part(folder, std::to_string(i), 40'000)));
    REQUIRE(is(parts[size_t(i) - 1], RecorderState::Done));
  }
  parts.back()->finish();
  stop = true;
  source.join();
  asking.join();
  int64_t sample = 0, scan = 0;
  bool whole = true;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto status = parts[i]->status();
    const std::string name = std::to_string(i);
    whole &= holds(folder, name, sample, status.scans);
    sample += status.scans;
    for (const auto& segment : segments(folder, name)) {
      const int64_t lost = at<int64_t>(segment.payload, 48);
      if (scan) whole &= at<int64_t>(segment.payload, 8) == scan + lost;
      scan = at<int64_t>(segment.payload, 8) + at<uint32_t>(segment.payload, 24);
    }
    CHECK(status.endScan == scan);
  }
  CHECK(whole);
  CHECK(sample == accepted);
  CHECK(chain.blocks.held() == 0);
}

TEST_CASE("parts: the end of the one that takes blocks withdraws the one that waits") {
  for (const int how : {0, 1, 2, 3}) {
    CAPTURE(how);
    const Folder folder;
    Chain chain(folder, 1);
    REQUIRE(chain.complete());
    const auto second = chain.chain->next(chain.first.get(), part(folder, "1"));
    if (how == 0) chain.first->finish();
    if (how == 1) chain.chain->ended();
    if (how == 2) chain.chain->finish();
    if (how == 3) ::unlink(folder.file("0.data").c_str());
    CHECK(is(chain.first, how == 3 ? RecorderState::Failed : RecorderState::Done));
    CHECK(is(second, RecorderState::Withdrawn));
    CHECK(second->finish().scans == 0);
    CHECK(folder.names().size() == (how == 3 ? 2 : 3));
    CHECK_FALSE(chain.complete());
    CHECK(test::eventually([&] { return chain.chain->over(); }));
  }
}

TEST_CASE("parts: of one that is withdrawn no file stays, neither data, index nor journal") {
  const Folder folder;
  Chain chain(folder, 1);
  REQUIRE(chain.complete());
  const auto second = chain.chain->next(chain.first.get(), part(folder, "1"));
  CHECK(folder.names().size() == 6);
  chain.chain->finish();
  CHECK(is(second, RecorderState::Withdrawn));
  auto names = folder.names();
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"0.data", "0.iio-index", "0.journal"});
}

TEST_CASE("parts: one that is stopped or fails while it waits is dropped, and the other goes on") {
  const Folder folder;
  Chain chain(folder, 1);
  const auto stopped = chain.chain->next(chain.first.get(), part(folder, "1"));
  CHECK(stopped->finish().state == RecorderState::Withdrawn);
  const auto failed = chain.chain->next(chain.first.get(), part(folder, "1"));
  ::unlink(folder.file("1.data").c_str());
  CHECK(is(failed, RecorderState::Failed));
  CHECK(failed->status().fault.err == ENOENT);
  for (int i = 0; i < 3; ++i) REQUIRE(chain.complete());
  CHECK(chain.first->status().state == RecorderState::Recording);
  const auto third = chain.chain->next(chain.first.get(), part(folder, "2"));
  REQUIRE(chain.complete());
  third->finish();
  CHECK(holds(folder, "0", 0, 3 * kBlock));
  CHECK(holds(folder, "2", 3 * kBlock, kBlock));
  CHECK(folder.names().size() == 6);
}

TEST_CASE("parts: a failed one that nobody holds any more does not keep up the one made next") {
  struct Held {
    Folder folder;
    Chain chain{folder, 1};
    std::atomic<bool> made{false};
  };
  const auto held = std::make_shared<Held>();
  auto failed = held->chain.chain->next(held->chain.first.get(), part(held->folder, "1"));
  ::unlink(held->folder.file("1.data").c_str());
  REQUIRE(is(failed, RecorderState::Failed));
  failed.reset();
  // Its thread is left behind where the next one waits for good.
  std::thread making([held] {
    held->chain.chain->next(held->chain.first.get(), part(held->folder, "2"))->finish();
    held->made = true;
  });
  const bool made = test::eventually([&] { return held->made.load(); });
  made ? making.join() : making.detach();
  REQUIRE(made);
  REQUIRE(held->chain.complete());
  held->chain.chain->finish();
  CHECK(holds(held->folder, "0", 0, kBlock));
}

TEST_CASE("parts: one that can't be made leaves no file, and the other goes on") {
  const Folder folder;
  Chain chain(folder, 1);
  { std::ofstream(folder.file("1.journal")) << "mine"; }
  CHECK(faultOf([&] { chain.chain->next(chain.first.get(), part(folder, "1")); }).err == EEXIST);
  REQUIRE(chain.complete());
  REQUIRE(chain.complete());
  const auto second = chain.chain->next(chain.first.get(), part(folder, "2"));
  REQUIRE(chain.complete());
  chain.chain->finish();
  CHECK(holds(folder, "0", 0, 2 * kBlock));
  CHECK(holds(folder, "2", 2 * kBlock, kBlock));
  CHECK(folder.names().size() == 7);
}

TEST_CASE("parts: a next one whose disk fills up fails alone; the one before it is whole") {
  const Folder folder;
  const auto mountPoint = folder.file("disk");
  ::mkdir(mountPoint.c_str(), 0700);
  if (::mount("iio", mountPoint.c_str(), "tmpfs", 0, "size=1m") != 0) {
    MESSAGE("mounting a small disk is not permitted here: left out");
    ::rmdir(mountPoint.c_str());
    return;
  }
  {
    Chain chain(folder, 100'000);
    auto spec = part(folder, "1", 1000);
    spec.outputs[0].path = mountPoint + "/data";
    const auto second = chain.chain->next(chain.first.get(), spec);
    for (int i = 0; i < 98; ++i) REQUIRE(chain.complete());
    while (chain.complete()) {
    }
    CHECK(is(second, RecorderState::Failed));
    CHECK(second->status().fault.err == ENOSPC);
    CHECK(is(chain.first, RecorderState::Done));
    CHECK(holds(folder, "0", 0, 98 * kBlock));
    CHECK(second->status().scans > 0);
    CHECK(second->status().firstScan == chain.first->status().endScan);
    CHECK(test::eventually([&] { return chain.chain->over(); }));
    CHECK(chain.blocks.held() == 0);
  }
  ::umount(mountPoint.c_str());
  ::rmdir(mountPoint.c_str());
}

TEST_CASE("parts: only one can wait, and only behind the one that takes blocks") {
  const Folder folder;
  Chain chain(folder, 1);
  const auto second = chain.chain->next(chain.first.get(), part(folder, "1", 1));
  auto more = [&](const std::shared_ptr<Recorder>& behind) {
    return faultOf([&] { chain.chain->next(behind.get(), part(folder, "2")); }).err;
  };
  CHECK(more(chain.first) == EBUSY);
  CHECK(more(second) == EBUSY);
  REQUIRE(chain.complete());
  REQUIRE(chain.complete());
  CHECK(more(chain.first) == ECANCELED);
  CHECK(folder.names().size() == 6);
  const auto third = chain.chain->next(second.get(), part(folder, "2"));
  second->finish();
  CHECK(more(second) == ECANCELED);
  CHECK(is(third, RecorderState::Withdrawn));
}

TEST_CASE("parts: the length of a recording runs over its parts, but for one that has its own") {
  for (const bool byCount : {true, false}) {
    CAPTURE(byCount);
    const Folder folder;
    Blocks blocks(8, kBlock * 4, 4);
    auto spec = part(folder, "0", 2000);
    (byCount ? spec.scans : spec.toScan) = byCount ? 5000 : 1000 + 5000;
    const auto chain = RecorderChain::create(spec, blocks);
    const auto first = chain->begin();
    const auto second = chain->next(first.get(), part(folder, "1", 2000));
    for (int i = 0; i < 3; ++i) REQUIRE(blocks.complete(*chain, kBlock));
    const auto third = chain->next(second.get(), part(folder, "2", 2000));
    REQUIRE(blocks.complete(*chain, kBlock));
    REQUIRE(blocks.complete(*chain, kBlock));
    CHECK_FALSE(blocks.complete(*chain, kBlock));
    CHECK(is(third, RecorderState::Done));
    CHECK(test::eventually([&] { return chain->over(); }));
    CHECK(third->status().scans == (byCount ? 5000 - 4 * kBlock : kBlock));
    CHECK(second->status().scans == 2 * kBlock);
  }
  const Folder folder;
  Chain chain(folder, 1);
  auto spec = part(folder, "1");
  spec.scans = 10;
  const auto second = chain.chain->next(chain.first.get(), spec);
  REQUIRE(chain.complete());
  REQUIRE(chain.complete());
  CHECK(is(second, RecorderState::Done));
  CHECK(holds(folder, "1", kBlock, 10));
}

TEST_CASE("parts: stopping all while parts come and go leaves nothing held and all files whole") {
  for (int round = 0; round < 10; ++round) {
    const Folder folder;
    Chain chain(folder, 1);
    std::vector<std::shared_ptr<Recorder>> parts{chain.first};
    std::atomic<int64_t> accepted{0};
    std::thread source([&] {
      while (chain.complete()) accepted += kBlock;
    });
    std::thread host([&] {
      for (int i = 1; i < 200; ++i) {
        const int err = faultOf([&] {
                          parts.push_back(chain.chain->next(parts.back().get(),
                                                            part(folder, std::to_string(i), 1)));
                        }).err;
        if (err == ECANCELED) break;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20 * round));
    chain.chain->finish();
    source.join();
    host.join();
    chain.chain->finish();
    int64_t scans = 0;
    for (const auto& one : parts) {
      CHECK(one->status().state != RecorderState::Failed);
      scans += one->status().scans;
    }
    CHECK(scans == accepted);
    CHECK(chain.blocks.held() == 0);
  }
}
