#include "pyramid-bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "pyramid.h"
#include "trigger.h"

namespace iio {
namespace {

struct Block {
  const std::byte* data;
  uint32_t scans;
};

std::vector<Block> blocksOf(const std::byte* data, size_t bytes, uint32_t scanBytes) {
  constexpr size_t kBlockBytes = 1 << 20;
  const size_t step = std::max<size_t>(kBlockBytes / scanBytes / kRecordScans, 1) * kRecordScans;
  const size_t scans = bytes / scanBytes;
  std::vector<Block> blocks;
  for (size_t at = 0; at < scans; at += step)
    blocks.push_back({data + at * scanBytes, static_cast<uint32_t>(std::min(step, scans - at))});
  return blocks;
}

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double benchPyramid(const std::byte* data, size_t bytes, const ScanLayout& layout,
                    uint32_t rounds) {
  PyramidBuilder builder(std::make_shared<const LaneSet>(layout), kRecordScans);
  const auto blocks = blocksOf(data, bytes, layout.scanBytes);
  const auto start = std::chrono::steady_clock::now();
  for (uint32_t round = 0; round < rounds; ++round)
    for (const Block& block : blocks) builder.build(block.data, block.scans);
  return secondsSince(start);
}

TriggerBench benchTrigger(const std::byte* data, size_t bytes, const ScanLayout& layout,
                          const TriggerSpec& trigger, uint32_t rounds) {
  const auto lanes = std::make_shared<const LaneSet>(layout);
  PyramidBuilder builder(lanes, kRecordScans);
  const auto blocks = blocksOf(data, bytes, layout.scanBytes);
  std::vector<std::shared_ptr<StripRecords>> records;
  for (const Block& block : blocks) records.push_back(builder.build(block.data, block.scans));
  TriggerBench bench;
  std::vector<Crossing> found;
  const auto start = std::chrono::steady_clock::now();
  for (uint32_t round = 0; round < rounds; ++round) {
    TriggerSearch search(lanes, trigger);
    bench.found = 0;
    int64_t scan = 0;
    for (size_t i = 0; i < blocks.size(); ++i) {
      found.clear();
      search.search(blocks[i].data, blocks[i].scans, scan, records[i].get(), found);
      bench.found += found.size();
      scan += blocks[i].scans;
    }
  }
  bench.seconds = secondsSince(start);
  return bench;
}

}  // namespace iio
