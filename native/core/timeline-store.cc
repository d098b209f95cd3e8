#include "timeline-store.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "error.h"

namespace iio {
namespace {

constexpr double kScanLimit = 9007199254740992.0;  // 2^53: scan indices are numbers in JavaScript
constexpr uint32_t kColumnLimit = 65536;
constexpr size_t kTraceLimit = 1024;

[[noreturn]] void refuse(std::string message) {
  Fault fault;
  fault.err = EINVAL;
  fault.message = std::move(message);
  throw CoreError(fault);
}

bool usable(double scans) { return std::isfinite(scans) && std::abs(scans) <= kScanLimit; }

struct CheckRange {
  bool operator()(const FollowRange& r) const { return usable(r.scans) && r.scans > 0; }
  bool operator()(const TriggerRange& r) const {
    return usable(r.preScans) && usable(r.postScans) && r.preScans + r.postScans > 0;
  }
  bool operator()(const FixedRange& r) const {
    return usable(r.fromScan) && usable(r.toScan) && r.toScan > r.fromScan;
  }
  bool operator()(const WholeRange&) const { return true; }
};

}  // namespace

uint32_t DerivedLanes::ask(const TraceSource& source, const TraceSpec& spec,
                           Clock::time_point now) {
  std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    if (!(entry.spec == spec)) continue;
    entry.asked = now;
    return entry.lane.id;
  }
  if (entries_.size() >= kLimit) {
    const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                         [](auto& a, auto& b) { return a.asked < b.asked; });
    dropped_.push_back(oldest->lane.id);
    entries_.erase(oldest);
  }
  entries_.push_back({{++last_, source}, spec, now});
  return last_;
}

std::vector<DerivedLanes::Lane> DerivedLanes::kept() const {
  std::lock_guard lock(mutex_);
  std::vector<Lane> lanes;
  for (const Entry& entry : entries_) lanes.push_back(entry.lane);
  return lanes;
}

std::vector<uint32_t> DerivedLanes::dropped(Clock::time_point now) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) {
    const bool old = now - entry.asked > kKept;
    if (old) dropped_.push_back(entry.lane.id);
    return old;
  });
  return std::exchange(dropped_, {});
}

FrameSetup prepareQuery(const Query& query, const ScanLayout& layout,
                        std::shared_ptr<const LaneSet> lanes, double rateHz,
                        DerivedLanes& derived) {
  if (query.columns == 0 || query.columns > kColumnLimit)
    refuse("A view of " + std::to_string(query.columns) + " columns can't be drawn; ask for 1 to " +
           std::to_string(kColumnLimit) + ".");
  if (query.traces.size() > kTraceLimit)
    refuse("A view can't have more than " + std::to_string(kTraceLimit) + " traces; remove some.");
  if (!std::visit(CheckRange{}, query.range))
    refuse(
        "The range of the view has no width or is no number; choose one with a start before its "
        "end.");
  FrameSetup setup;
  setup.columns = query.columns;
  setup.rateHz = rateHz;
  for (const TraceSpec& spec : query.traces) {
    FrameTrace trace{traceSource(*lanes, spec), 0};
    if (trace.source.isPair())
      trace.derived = derived.ask(trace.source, spec, DerivedLanes::Clock::now());
    setup.traces.push_back(trace);
  }
  if (layout.timestamp >= 0 &&
      layout.elements[static_cast<size_t>(layout.timestamp)].kind != NumberKind::Float)
    setup.timestampLane =
        static_cast<int>(lanes->laneOf(static_cast<uint32_t>(layout.timestamp), 0));
  setup.lanes = std::move(lanes);
  return setup;
}

SamplesPlan planSamples(const Timeline& timeline, const StripSamples& samples, int64_t fromScan,
                        uint32_t count) {
  SamplesPlan plan;
  plan.fromScan = fromScan;
  int64_t next = fromScan;
  for (uint64_t i = timeline.find(fromScan); i < timeline.end() && count > 0; ++i) {
    const Strip& strip = timeline[i];
    const bool there = samples.has(strip);
    if (plan.parts.empty()) {
      if (!there) continue;
      plan.fromScan = next = std::max(fromScan, strip.scan);
    } else if (!there || strip.hasGap || strip.scan != next) {
      break;
    }
    const auto at = static_cast<uint32_t>(next - strip.scan);
    const uint32_t n = std::min(count, strip.scans - at);
    plan.parts.push_back({strip.samples, at, n});
    next += n;
    count -= n;
  }
  return plan;
}

SampleValues readSamples(const SamplesPlan& plan, const ScanElement& element, uint32_t scanBytes,
                         StripSamples& samples) {
  SampleValues values = emptySamples(element);
  for (const SamplesPlan::Part& part : plan.parts) {
    for (uint32_t at = 0, got = 0; at < part.count; at += got) {
      const std::byte* scans = samples.read(part.ref, part.at + at, part.count - at, got);
      if (scans == nullptr) return values;
      appendSamples(element, scans, scanBytes, got, values);
    }
  }
  return values;
}

const ScanElement& elementOf(const ScanLayout& layout, uint32_t element) {
  if (element >= layout.elements.size())
    refuse("Scan element " + std::to_string(element) +
           " is not in this stream. Choose an enabled channel.");
  return layout.elements[element];
}

int64_t samplesFrom(const Timeline& timeline, const StripSamples& samples, int64_t fromScan,
                    int64_t toScan) {
  if (timeline.empty() || toScan <= timeline.fromScan()) return toScan;
  int64_t from = toScan;
  for (uint64_t i = std::min(timeline.find(toScan - 1), timeline.end() - 1);; --i) {
    const int64_t there = samples.thereFrom(timeline[i]);
    if (there > timeline[i].scan) break;
    from = std::max(there, timeline.fromScan());
    i = timeline.find(from);
    if (from <= fromScan || i == timeline.begin()) break;
  }
  return std::max(from, fromScan);
}

}  // namespace iio
