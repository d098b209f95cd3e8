// What tests of one recorder share: recordings of counting 16-bit words, and a look at what they
// left.
#pragma once
#include <doctest/doctest.h>

#include "recorder-fixture.h"
#include "recorder.h"

namespace test {

inline iio::RecorderSpec specOf(const Folder& folder, uint32_t scanBytes, uint32_t blockCount) {
  iio::RecorderSpec spec;
  spec.layout.scanBytes = scanBytes;
  for (uint32_t offset = 0; offset + 2 <= scanBytes; offset += 2)
    spec.layout.elements.push_back({offset, 16, 16, 0, 1, iio::NumberKind::Unsigned, false});
  spec.outputs.push_back({folder.file("data"), true, {}});
  spec.journalPath = folder.file("journal");
  spec.journalHeader = bytesOf("{\"name\":\"test\"}");
  spec.directIo = true;
  spec.blockCount = blockCount;
  spec.proof = {iio::Grade::Exact, iio::Evidence::Transport};
  return spec;
}

inline std::vector<std::byte> someOf(const std::vector<std::byte>& bytes, int64_t from,
                                     int64_t count) {
  return {bytes.begin() + from, bytes.begin() + from + count};
}

// Segments follow one another, and their CRCs are those of the file's bytes; answers the scans they
// hold.
inline int64_t checkSegments(const Folder& folder, const std::string& name, int64_t scanBytes) {
  const auto data = contentOf(folder.file(name));
  int64_t sample = 0;
  for (const auto& record : ofType(readJournal(folder.file("journal")), 2)) {
    CHECK(at<int64_t>(record.payload, 16) == sample);
    const int64_t count = at<uint32_t>(record.payload, 24);
    REQUIRE((sample + count) * scanBytes <= int64_t(data.size()));
    const auto part = someOf(data, sample * scanBytes, count * scanBytes);
    CHECK(at<uint32_t>(record.payload, 28) == iio::crc32c(0, part.data(), part.size()));
    sample += count;
  }
  return sample;
}

inline int64_t endSamples(const Folder& folder) {
  const auto ends = ofType(readJournal(folder.file("journal")), 4);
  return ends.size() == 1 ? at<int64_t>(ends[0].payload, 0) : -1;
}

inline uint32_t endErrno(const Folder& folder) {
  const auto ends = ofType(readJournal(folder.file("journal")), 4);
  return ends.size() == 1 ? at<uint32_t>(ends[0].payload, 16) : UINT32_MAX;
}

inline iio::Fault faultOf(const iio::RecorderSpec& spec, iio::Leases& leases) {
  try {
    iio::Recorder::create(spec, leases);
  } catch (const iio::CoreError& error) {
    return error.fault;
  }
  return {};
}

}  // namespace test
