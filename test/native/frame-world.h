// A timeline over scans held in plain memory, for the tests of frames: any strip may be without
// records or without samples, and every answer can be worked out scan by scan.
#pragma once
#include <map>
#include <set>

#include "frame.h"
#include "summary-support.h"
#include "timeline-store.h"

namespace summary {

// The samples of the world's strips; `start` of a reference is the strip's number.
class WorldSamples : public StripSamples {
 public:
  explicit WorldSamples(struct World& world) : world_(world) {}
  bool has(const Strip& strip) const override;
  const std::byte* read(const SampleRef& ref, uint32_t at, uint32_t count, uint32_t& got) override;
  uint64_t scansRead = 0;
  bool vanished = false;  // every read fails

 private:
  World& world_;
};

struct World {
  ScanLayout layout;
  std::shared_ptr<const LaneSet> lanes;
  Timeline timeline;
  std::vector<std::vector<std::byte>> bytes;  // of each strip
  std::set<uint64_t> withoutSamples;
  std::map<int64_t, const std::byte*> scans;  // all delivered
  DerivedLanes derived;
  double rateHz = 1e6;
  uint32_t mostGot = UINT32_MAX;

  explicit World(ScanLayout of, uint32_t grain = kRecordScans)
      : layout(std::move(of)),
        lanes(std::make_shared<const LaneSet>(layout)),
        timeline(lanes, grain) {}

  std::byte* add(Random& random, int64_t scan, uint32_t count, bool gap = false,
                 bool summarised = true, bool samples = true, GapCause cause = GapCause::DryQueue) {
    bytes.push_back(randomBytes(random, size_t{layout.scanBytes} * count));
    Strip strip;
    strip.scan = strip.sample = scan;
    strip.scans = count;
    strip.hasGap = gap;
    strip.gap.cause = cause;
    if (gap && !timeline.empty() && cause != GapCause::NotRecorded)
      strip.gap.lost = scan - timeline.toScan();
    strip.samples.start = static_cast<int64_t>(bytes.size()) - 1;
    std::byte* data = bytes.back().data();
    stamp(random, data, scan, count);
    if (summarised) strip.records = PyramidBuilder(lanes, timeline.grain()).build(data, count);
    if (!samples) withoutSamples.insert(bytes.size() - 1);
    for (uint32_t i = 0; i < count; ++i) scans[scan + i] = data + size_t{i} * layout.scanBytes;
    timeline.append(strip);
    return data;
  }

  // Times of about a microsecond a scan, exact only as integers.
  static int64_t timeOf(int64_t scan) { return (int64_t{1} << 60) + scan * 1000 + scan % 7; }
  void stamp(Random&, std::byte* data, int64_t scan, uint32_t count) {
    if (layout.timestamp < 0) return;
    const ScanElement& e = layout.elements[static_cast<size_t>(layout.timestamp)];
    for (uint32_t i = 0; i < count; ++i)
      put(data + size_t{i} * layout.scanBytes, e, static_cast<uint64_t>(timeOf(scan + i)));
  }

  void keepDerived(uint32_t id, const TraceSource& source) {
    for (uint64_t i = timeline.begin(); i < timeline.end(); ++i) {
      DerivedBuilder builder(source, layout.scanBytes, timeline.grain(), timeline[i].scans);
      builder.add(bytes[i].data(), timeline[i].scans);
      timeline.setDerived(i, id, builder.finish());
    }
  }

  FrameData query(const Query& query, WorldSamples& samples, bool* complete = nullptr,
                  const TriggerRing* triggers = nullptr) {
    FrameSetup setup = prepareQuery(query, layout, lanes, rateHz, derived);
    setup.range =
        resolveRange(query.range, {timeline.fromScan(), timeline.toScan(), rateHz, triggers});
    FrameBuilder frame(setup);
    frame.plan(timeline, samples);
    const bool read = frame.read(samples);
    if (complete != nullptr) *complete = read;
    return frame.finish();
  }
  FrameData query(const Query& q) {
    WorldSamples samples(*this);
    return query(q, samples);
  }

  // Of delivered scans [from, to].
  Expected expect(const TraceSpec& trace, int64_t from, int64_t to) const {
    Expected e;
    for (auto it = scans.lower_bound(from); it != scans.end() && it->first <= to; ++it)
      e.add(traceValue(it->second, layout, trace));
    return e;
  }
};

inline bool WorldSamples::has(const Strip& strip) const {
  return !world_.withoutSamples.contains(static_cast<uint64_t>(strip.samples.start));
}

inline const std::byte* WorldSamples::read(const SampleRef& ref, uint32_t at, uint32_t count,
                                           uint32_t& got) {
  if (vanished || world_.withoutSamples.contains(static_cast<uint64_t>(ref.start))) return nullptr;
  got = std::min(count, world_.mostGot);
  scansRead += got;
  return world_.bytes[static_cast<size_t>(ref.start)].data() + size_t{at} * world_.layout.scanBytes;
}

}  // namespace summary
