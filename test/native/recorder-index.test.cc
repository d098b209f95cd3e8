// The side index as a recording leaves it: what a store would make of the data files anew.
#include <doctest/doctest.h>
#include <sys/mount.h>

#include <filesystem>

#include "index-support.h"
#include "recorder.h"

using namespace iio;
using test::Blocks;
using test::Folder;

namespace {

RecorderSpec specOf(const Folder& folder, ScanLayout layout, std::vector<OutputSpec> outputs) {
  RecorderSpec spec;
  spec.layout = std::move(layout);
  for (OutputSpec& output : outputs) {
    spec.indexPaths.push_back(folder.file(output.path + ".iio-index"));
    output.path = folder.file(output.path);
  }
  spec.outputs = std::move(outputs);
  spec.journalPath = folder.file("journal");
  spec.directIo = true;
  spec.blockCount = 8;
  return spec;
}

ScanLayout pairs(uint32_t scanBytes) {
  ScanLayout layout;
  layout.scanBytes = scanBytes;
  for (uint32_t offset = 0; offset < scanBytes; offset += 2)
    layout.elements.push_back({offset, 16, 16, 0, 1, NumberKind::Unsigned, false});
  return layout;
}

// As the metadata would have them: one where the journal notes a gap.
std::vector<PlacedGap> capturesOf(const Folder& folder) {
  std::vector<PlacedGap> captures;
  for (const auto& record : test::ofType(test::readJournal(folder.file("journal")), 2)) {
    const auto& p = record.payload;
    const bool gap = test::at<uint8_t>(p, 40) != 0;
    if (!gap && !captures.empty()) continue;
    PlacedGap capture;
    capture.scan = test::at<int64_t>(p, 8);
    capture.sample = test::at<int64_t>(p, 16);
    capture.gap.grade = Grade(test::at<uint8_t>(p, 41));
    capture.gap.lost = test::at<int64_t>(p, 48);
    captures.push_back(capture);
  }
  return captures;
}

// The index of a data file serves at once, and is to the byte what is made from the data.
void checkIndex(const Folder& folder, const std::string& name, const ScanLayout& layout) {
  FileStoreSpec spec;
  spec.path = folder.file(name);
  spec.layout = layout;
  spec.captures = capturesOf(folder);
  spec.indexPath = folder.file(name + ".iio-index");
  spec.indexFromBytes = 0;
  {
    const auto store = FileStore::open(spec);
    CHECK(store->status().index == IndexState::Whole);
    CHECK(store->status().indexNote == "");
    CHECK(store->status().summarised == 1);
  }
  const auto recorded = test::contentOf(spec.indexPath);
  CHECK(indexed::entriesOf(recorded).size() >= spec.captures.size());
  std::filesystem::remove(spec.indexPath);
  const auto store = FileStore::open(spec);
  REQUIRE(indexed::waitFor([&] { return store->status().index != IndexState::Building; }));
  CHECK(test::contentOf(spec.indexPath) == recorded);
}

auto lose(Gap gap) {
  return [gap](BlockHeader& header) {
    header.segments[0].hasGap = true;
    header.segments[0].gap = gap;
    header.segments[0].scan += gap.lost;
  };
}

}  // namespace

TEST_CASE("a recording of whole scans leaves an index that serves at once, gaps and all") {
  const Folder folder;
  Blocks blocks(8, 1 << 20, 4);
  const auto recorder = Recorder::create(specOf(folder, pairs(4), {{"data", true, {}}}), blocks);
  for (uint32_t i = 0; i < 40; ++i) {
    const uint32_t scans = i % 5 == 2 ? 1 + 777 * i : blocks.fullBlock();
    // Whole losses, one that nobody could count, and a note of a gap without one.
    const Gap gap = i == 7    ? Gap{Grade::Exact, GapCause::Counter, 100, 100, 100}
                    : i == 20 ? Gap{Grade::Unknown, GapCause::DryQueue, 0, 0, -1}
                              : Gap{Grade::Exact, GapCause::Timestamp, 0, 0, 0};
    REQUIRE((i == 7 || i == 20 || i == 30 ? blocks.complete(*recorder, scans, lose(gap))
                                          : blocks.complete(*recorder, scans)));
  }
  const auto status = recorder->finish();
  CHECK(status.state == RecorderState::Done);
  CHECK_FALSE(status.indexFault);
  CHECK(test::holdsCount(folder.file("data"), 4, status.scans));
  checkIndex(folder, "data", pairs(4));
}

TEST_CASE("converted files have indexes of what stands in them, each its own") {
  const Folder folder;
  Blocks blocks(8, 1 << 20, 16);
  ScanLayout layout;
  layout.scanBytes = 16;
  layout.elements = {{0, 16, 12, 4, 1, NumberKind::Signed, true},
                     {2, 8, 8, 0, 2, NumberKind::Unsigned, false},
                     {4, 32, 24, 8, 1, NumberKind::Unsigned, false},
                     {8, 64, 64, 0, 1, NumberKind::Signed, false}};
  layout.timestamp = 3;
  const auto recorder = Recorder::create(
      specOf(folder, layout,
             {{"samples", false, {{0, OutputType::I16}, {1, OutputType::U8}}},
              {"wide", false, {{2, OutputType::U32}}},
              {"stamps", false, {{3, OutputType::I64As2U32}}},
              {"stored", false, {{2, OutputType::Stored}, {0, OutputType::Stored}}},
              {"raw", true, {}}}),
      blocks);
  for (uint32_t i = 0; i < 30; ++i) REQUIRE(blocks.complete(*recorder, 60'001));
  CHECK_FALSE(recorder->finish().indexFault);
  // As shared/sigmf/read.ts lays them out.
  ScanLayout samples;
  samples.scanBytes = 4;
  samples.elements = {{0, 16, 12, 0, 1, NumberKind::Signed, false},
                      {2, 8, 8, 0, 2, NumberKind::Unsigned, false}};
  checkIndex(folder, "samples", samples);
  ScanLayout wide;
  wide.scanBytes = 4;
  wide.elements = {{0, 32, 24, 0, 1, NumberKind::Unsigned, false}};
  checkIndex(folder, "wide", wide);
  ScanLayout stamps;
  stamps.scanBytes = 8;
  stamps.elements = {{0, 64, 64, 0, 1, NumberKind::Signed, false}};
  stamps.timestamp = 0;
  checkIndex(folder, "stamps", stamps);
  ScanLayout stored;
  stored.scanBytes = 6;
  stored.elements = {{0, 32, 24, 8, 1, NumberKind::Unsigned, false},
                     {4, 16, 12, 4, 1, NumberKind::Signed, true}};
  checkIndex(folder, "stored", stored);
  checkIndex(folder, "raw", layout);
}

TEST_CASE("a recording that runs has the index of what is whole on file, for a kill to leave") {
  const Folder folder;
  Blocks blocks(8, 4 << 20, 4);
  const auto recorder = Recorder::create(specOf(folder, pairs(4), {{"data", true, {}}}), blocks);
  for (uint32_t i = 0; i < 5; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
  const std::string index = folder.file("data.iio-index");
  CHECK(test::eventually([&] { return indexed::wholeEntries(test::contentOf(index)) == 2; }));
  recorder->finish();
  CHECK(indexed::entriesOf(test::contentOf(index)).size() == 3);
}

TEST_CASE("an index that fails is given up and told, and the recording is whole") {
  const Folder folder;
  Blocks blocks(8, 1 << 20, 4);
  auto spec = specOf(folder, pairs(4), {{"data", true, {}}});
  spec.indexPaths[0] = folder.file("none/data.iio-index");
  const auto recorder = Recorder::create(spec, blocks);
  for (uint32_t i = 0; i < 10; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
  CHECK(recorder->status().indexFault.err == ENOENT);
  const auto status = recorder->finish();
  CHECK(status.state == RecorderState::Done);
  CHECK(status.indexFault.message.find("goes on without its side index") != std::string::npos);
  CHECK(test::holdsCount(folder.file("data"), 4, 10 << 18));
  const auto segments = test::ofType(test::readJournal(folder.file("journal")), 2);
  CHECK(segments.size() == 10);
  const auto data = test::contentOf(folder.file("data"));
  CHECK(test::at<uint32_t>(segments[3].payload, 28) ==
        crc32c(0, data.data() + (size_t{3} << 20), 1 << 20));
}

TEST_CASE("an index whose disk fills up is given up where it is whole; the recording goes on") {
  const Folder folder;
  const auto mountPoint = folder.file("disk");
  ::mkdir(mountPoint.c_str(), 0700);
  if (::mount("iio", mountPoint.c_str(), "tmpfs", 0, "size=400k") != 0) {
    MESSAGE("mounting a small disk is not permitted here: left out");
    ::rmdir(mountPoint.c_str());
    return;
  }
  {
    Blocks blocks(4, 4 << 20, 4);
    auto spec = specOf(folder, pairs(4), {{"data", true, {}}});
    spec.indexPaths[0] = mountPoint + "/data.iio-index";
    const auto recorder = Recorder::create(spec, blocks);
    for (uint32_t i = 0; i < 2; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
    CHECK(test::eventually([&] { return test::contentOf(spec.indexPaths[0]).size() > 64; }));
    for (uint32_t i = 2; i < 8; ++i) REQUIRE(blocks.complete(*recorder, blocks.fullBlock()));
    const auto status = recorder->finish();
    CHECK(status.state == RecorderState::Done);
    CHECK(status.indexFault.err == ENOSPC);
    CHECK(test::holdsCount(folder.file("data"), 4, 8 << 20));
    const auto entries = indexed::entriesOf(test::contentOf(spec.indexPaths[0]));
    CHECK(entries.size() >= 1);
    CHECK(entries.size() < 4);
  }
  ::umount(mountPoint.c_str());
  ::rmdir(mountPoint.c_str());
}

TEST_CASE("a recording that could not begin leaves no index, and takes none that is another's") {
  const Folder folder;
  Blocks blocks(8, 1 << 20, 4);
  const auto spec = specOf(folder, pairs(4), {{"data", true, {}}});
  indexed::Recording::write(spec.indexPaths[0], test::bytesOf("IIOINDX1 of an older one"));
  indexed::Recording::write(spec.journalPath, test::bytesOf("there"));
  CHECK_THROWS_AS(Recorder::create(spec, blocks), CoreError);
  CHECK(test::contentOf(spec.indexPaths[0]) == test::bytesOf("IIOINDX1 of an older one"));
  CHECK(folder.names().size() == 2);
}
