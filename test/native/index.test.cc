// The side index: what the recorder writes is what a store reads and makes anew.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "held-records.h"
#include "index-support.h"

using namespace indexed;
using namespace summary;

namespace {

const std::vector<uint32_t> kRuns = {100, 5'000'000, 1, 256, 70'001, 4096, 4'194'304, 65'536, 999};

TraceSpec trace(uint32_t e) {
  TraceSpec t;
  t.element = e;
  return t;
}

// Frames of both stores at many zooms.
void compare(const Recording& recording, FileStore& store, FileStore& plain, uint64_t seed) {
  REQUIRE(whole(store));
  std::vector<TraceSpec> traces;
  for (uint32_t e = 0; e < recording.layout.elements.size() && e < 3; ++e)
    traces.push_back(trace(e));
  Random random(seed);
  const double end = double(plain.status().toScan);
  for (const uint32_t columns : {1u, 3u, 7u, 40u, 500u, 2000u}) {
    CAPTURE(columns);
    REQUIRE(alike(store.query({traces, WholeRange{}, columns}),
                  plain.query({traces, WholeRange{}, columns})));
    for (int i = 0; i < 12; ++i) {
      const double from = double(below(random, uint64_t(end))) - 5;
      const double span = std::pow(end, double(below(random, 1000)) / 1000) + 1;
      CAPTURE(from);
      CAPTURE(span);
      const Query query{traces, FixedRange{from, from + span}, columns};
      const FrameData frame = store.query(query);
      REQUIRE(frame.summarised == 1);
      REQUIRE(alike(frame, plain.query(query)));
    }
  }
}

std::shared_ptr<FileStore> plainOf(const Recording& recording) {
  auto plain = FileStore::open(recording.spec(false));
  REQUIRE(whole(*plain));
  return plain;
}

bool rebuilt(const FileStore& store) {
  return waitFor([&] { return store.status().index != IndexState::Building; });
}

std::vector<std::byte> damaged(std::vector<std::byte> bytes, size_t at) {
  bytes[at] ^= std::byte{0x10};
  return bytes;
}

}  // namespace

TEST_CASE("an index holds every strip between gaps once, with the CRC32C of its data") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), kRuns, 81);
  recording.record(82);
  const auto entries = entriesOf(test::contentOf(recording.index));
  int64_t sample = 0;
  for (const Entry& entry : entries) {
    REQUIRE(entry.sample == sample);
    REQUIRE(entry.crc == crc32c(0, recording.bytes.data() + sample * 2, size_t{entry.scans} * 2));
    sample += entry.scans;
  }
  CHECK(sample == recording.scans());
  CHECK(entries.size() == kRuns.size() + 1);  // the run of 5,000,000 takes two
}

TEST_CASE("a recording opens whole from its index and shows what it shows without") {
  const std::vector<ScanLayout> layouts = {
      uniform(1, NumberKind::Signed, 16, 16),
      uniform(2, NumberKind::Signed, 12, 16, 4),
      uniform(3, NumberKind::Unsigned, 16, 16, 0, true),
      uniform(1, NumberKind::Float, 32, 32),
      layoutOf({element(0, NumberKind::Signed, 24, 32), element(0, NumberKind::Unsigned, 8, 8),
                element(0, NumberKind::Signed, 64, 64)}),
  };
  uint64_t seed = 83;
  for (const ScanLayout& layout : layouts) {
    CAPTURE(layout.scanBytes);
    const Recording recording(layout, kRuns, ++seed);
    recording.record(++seed);
    const auto store = FileStore::open(recording.spec(true));
    CHECK(store->status().summarised == 1);
    CHECK(store->status().index == IndexState::Whole);
    CHECK(store->status().indexNote.empty());
    compare(recording, *store, *plainOf(recording), ++seed);
  }
}

TEST_CASE("an index cut short anywhere serves as far as it goes and is completed to the byte") {
  const Recording recording(uniform(2, NumberKind::Signed, 16, 16), kRuns, 101);
  recording.record(102);
  const auto original = test::contentOf(recording.index);
  const auto entries = entriesOf(original);
  const size_t end = entries.back().at + entries.back().bytes;  // after it comes a directory
  const auto plain = plainOf(recording);
  for (const size_t length : {size_t{0}, size_t{10}, size_t{64}, entries[1].at, entries[1].at + 47,
                              entries[2].at - 1, entries[8].at, end, original.size() - 1}) {
    CAPTURE(length);
    Recording::write(recording.index, {original.begin(), original.begin() + long(length)});
    const auto store = FileStore::open(recording.spec(true));
    compare(recording, *store, *plain, 103);
    REQUIRE(rebuilt(*store));
    CHECK(store->status().index == IndexState::Whole);
    CHECK(store->status().indexNote.empty() == (length >= end));
    compare(recording, *store, *plain, 104);
    if (!store->status().indexNote.empty()) CHECK(test::contentOf(recording.index) == original);
  }
  CHECK(test::contentOf(recording.data) == recording.bytes);
}

TEST_CASE("without an index one is made from the data, the same that the recorder writes") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), kRuns, 111);
  {
    const auto store = FileStore::open(recording.spec(true));
    REQUIRE(rebuilt(*store));
    CHECK(store->status().indexNote.find("The new one is saved.") != std::string::npos);
  }
  const auto made = test::contentOf(recording.index);
  std::filesystem::remove(recording.index);
  recording.record(112);
  CHECK(made == test::contentOf(recording.index));
  CHECK(recording.folder.names().size() == 2);
}

TEST_CASE("small data get no index of their own, unless there is one to be mended") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), {5000}, 113);
  FileStoreSpec spec = recording.spec(true);
  spec.indexFromBytes = 32 << 20;
  CHECK(FileStore::open(spec)->status().index == IndexState::None);
  CHECK_FALSE(std::filesystem::exists(recording.index));
  Recording::write(recording.index, test::bytesOf("IIOINDX1"));
  const auto store = FileStore::open(spec);
  REQUIRE(rebuilt(*store));
  CHECK(store->status().index == IndexState::Whole);
  CHECK(entriesOf(test::contentOf(recording.index)).size() == 1);
}

TEST_CASE("an index of another layout, of other samples or of another version is made anew") {
  const Recording recording(uniform(2, NumberKind::Signed, 16, 16), kRuns, 121);
  const auto plain = plainOf(recording);
  recording.record(122);
  const auto right = test::contentOf(recording.index);
  const Recording others(uniform(2, NumberKind::Signed, 16, 16), kRuns, 123);
  others.record(124);
  const Recording wide(uniform(2, NumberKind::Unsigned, 16, 16), kRuns, 121);
  wide.record(125);
  auto version = right;
  version[8] = std::byte{9};
  for (const auto& wrong : {test::contentOf(others.index), test::contentOf(wide.index), version,
                            test::bytesOf("no index at all"), damaged(right, 20)}) {
    Recording::write(recording.index, wrong);
    const auto store = FileStore::open(recording.spec(true));
    CHECK(store->status().indexNote.find("made anew from") != std::string::npos);
    compare(recording, *store, *plain, 126);
    REQUIRE(rebuilt(*store));
    CHECK(test::contentOf(recording.index) == right);
  }
}

TEST_CASE("a damaged place in an index is noticed when it is read, and mended from the data") {
  const Recording recording(uniform(2, NumberKind::Signed, 16, 16), kRuns, 131);
  const auto plain = plainOf(recording);
  recording.record(132);
  const auto right = test::contentOf(recording.index);
  const auto entries = entriesOf(right);
  // A head, coarse, middle and fine records; the directory at the end.
  for (const size_t at : {entries[1].at + 9, entries[1].at + 60, entries[1].at + 1500,
                          entries[1].at + entries[1].bytes - 20, right.size() - 600}) {
    CAPTURE(at);
    Recording::write(recording.index, damaged(right, at));
    const auto store = FileStore::open(recording.spec(true));
    // Columns that need what is damaged are without until the thread has made it.
    const Query query{{trace(0)}, FixedRange{1'500'000, 3'500'000}, 400};
    REQUIRE(waitFor([&] { return alike(store->query(query), plain->query(query)); }));
    const Query fine{{trace(0)}, FixedRange{1'500'000, 1'600'000}, 4};
    REQUIRE(waitFor([&] { return alike(store->query(fine), plain->query(fine)); }));
    REQUIRE(whole(*store));
    compare(recording, *store, *plain, 133);
  }
}

TEST_CASE("an index that can't be saved is done without, and the reason told") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), {100'000}, 141);
  FileStoreSpec spec = recording.spec(true);
  spec.indexPath = "/sys/kernel/a.iio-index";
  const auto store = FileStore::open(spec);
  REQUIRE(rebuilt(*store));
  CHECK(store->status().index == IndexState::Unsaved);
  CHECK(store->status().indexNote.find("can't be saved") != std::string::npos);
  compare(recording, *store, *plainOf(recording), 142);
}

TEST_CASE("the index of a recording that still runs is read and left alone") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), {9'000'000}, 151);
  Random random(152);
  IndexWriter writer(recording.index, recording.layout);
  recording.feed(writer, random, 0, 6'000'000);
  writer.flush();
  const auto before = test::contentOf(recording.index);
  CHECK(entriesOf(before).size() == 1);
  const auto store = FileStore::open(recording.spec(true));
  REQUIRE(rebuilt(*store));
  CHECK(store->status().index == IndexState::Unsaved);
  CHECK(store->status().indexNote.find("still being recorded") != std::string::npos);
  REQUIRE(whole(*store));
  CHECK(test::contentOf(recording.index) == before);
  recording.feed(writer, random, 6'000'000, 9'000'000);
  writer.finish(9'000'000);
  CHECK(entriesOf(test::contentOf(recording.index)).size() == 3);
}

TEST_CASE("data that were cut are shown as far as they go, with what the index has of them") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), {9'000'000}, 161);
  recording.record(162);
  REQUIRE(::truncate(recording.data.c_str(), 2 * 5'000'001) == 0);
  const auto store = FileStore::open(recording.spec(true));
  compare(recording, *store, *plainOf(recording), 163);
  REQUIRE(rebuilt(*store));
  const auto entries = entriesOf(test::contentOf(recording.index));
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].scans == 5'000'001 - (1 << 22));
}

TEST_CASE("an index that can't be written says so and still gives CRCs; a stale one is replaced") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), {1000}, 171);
  Random random(172);
  IndexWriter nowhere(recording.folder.file("none/a.iio-index"), recording.layout);
  CHECK(nowhere.fault().err == ENOENT);
  recording.feed(nowhere, random, 0, 1000);  // checks the CRCs
  nowhere.finish(1000);
  Recording::write(recording.index, test::bytesOf("somebody's notes"));
  CHECK(IndexWriter(recording.index, recording.layout).fault().err == EEXIST);
  CHECK(test::contentOf(recording.index) == test::bytesOf("somebody's notes"));
  Recording::write(recording.index, test::bytesOf("IIOINDX1 of long ago"));
  recording.record(173);
  CHECK(entriesOf(test::contentOf(recording.index)).size() == 1);
}

TEST_CASE("what is held in memory decides how fast a frame comes, not what it shows") {
  const Recording recording(uniform(1, NumberKind::Signed, 16, 16), kRuns, 181);
  recording.record(182);
  const auto plain = plainOf(recording);
  FileStoreSpec spec = recording.spec(true);
  spec.heldBytes = 150'000;  // the fine records of one whole strip
  const auto store = FileStore::open(spec);
  compare(recording, *store, *plain, 183);
  // Without an index the thread makes what a view lacks, a strip at a time.
  spec.indexPath.clear();
  const auto bare = FileStore::open(spec);
  REQUIRE(whole(*bare));
  Random random(184);
  for (int i = 0; i < 20; ++i) {
    const double from = below(random, 4'000'000);
    const Query query{{trace(0)}, FixedRange{from, from + 20'000 + below(random, 400'000)}, 4};
    REQUIRE(waitFor([&] { return alike(bare->query(query), plain->query(query)); }));
  }
}

TEST_CASE("records asked for longest ago make room first, fine ones before middle ones") {
  const LaneSet lanes(uniform(1, NumberKind::Signed, 16, 16));
  const auto strip = std::make_shared<StripRecords>(lanes, 1 << 20, kRecordScans);
  const size_t fine = strip->partBytes(RecordPart::Fine);
  const size_t middle = strip->partBytes(RecordPart::Middle);
  HeldRecords held(2 * fine + 3 * middle);
  for (uint64_t i = 0; i < 2; ++i) held.hold({i, 0}, *strip);
  CHECK_FALSE(held.victim());
  CHECK(held.room(middle));
  CHECK_FALSE(held.room(middle + 1));
  held.touch({0, 0});
  held.hold({2, 5}, *strip);
  auto victim = held.victim();
  REQUIRE(victim);
  CHECK(victim->key == HeldRecords::Key{1, 0});
  CHECK(victim->downTo == RecordPart::Middle);
  CHECK_FALSE(held.victim());
  held.hold({3, 0}, *strip->downTo(RecordPart::Middle));
  CHECK(held.victim()->key == HeldRecords::Key{0, 0});
  CHECK_FALSE(held.victim());
  held.forget(5);
  CHECK(held.bytes() == 3 * middle);
  // Nothing but middle ones left: these go then.
  HeldRecords few(middle);
  few.hold({7, 0}, *strip->downTo(RecordPart::Middle));
  few.hold({8, 0}, *strip->downTo(RecordPart::Middle));
  victim = few.victim();
  REQUIRE(victim);
  CHECK(victim->key == HeldRecords::Key{7, 0});
  CHECK(victim->downTo == RecordPart::Coarse);
}
