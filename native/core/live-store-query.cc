// Answers of a live store, on the threads of those who ask.
#include <algorithm>
#include <cmath>

#include "clock.h"
#include "live-store-impl.h"

namespace iio {

FrameData MemoryStore::attempt(FrameSetup& setup, const Query& query, BlockMemory* memory,
                               bool& complete) {
  BlockSamples samples(memory, layout_.scanBytes);
  std::unique_ptr<Timeline> merged;
  std::optional<FrameBuilder> frame;
  int64_t from = 0;
  double part = 1;
  uint64_t total = 0;
  {
    const auto lock = ring_.lock().read();
    const Timeline& all = ring_.timeline();
    {
      std::lock_guard triggerLock(triggerMutex_);
      total = triggers_.total();
      setup.range = resolveRange(query.range, {all.fromScan(), all.toScan(), rateHz_, &triggers_});
    }
    const FrameRange& range = setup.range;
    const Timeline& timeline = ring_.forRange(range.from, range.to, merged);
    frame.emplace(setup);
    frame->plan(timeline, samples);
    const auto first = std::max(static_cast<int64_t>(std::floor(range.from)), timeline.fromScan());
    const auto end = std::min(static_cast<int64_t>(std::ceil(range.to)), timeline.toScan());
    from = samplesFrom(timeline, samples, first, std::max(first, end));
    if (end > first)
      part = 1 - static_cast<double>(timeline.scansIncomplete(first, end)) /
                     static_cast<double>(end - first);
  }
  complete = frame->read(samples);
  FrameData data = frame->finish();
  data.samplesFromScan = from;
  data.summarised = std::min(data.summarised, part);
  data.triggersTotal = total;
  data.newestTimeNs = newestTimeNs_;
  return data;
}

FrameData MemoryStore::query(const Query& query) {
  FrameSetup setup = prepareQuery(query, layout_, lanes_, rateHz_, derived_);
  const bool pairs = std::any_of(setup.traces.begin(), setup.traces.end(),
                                 [](const FrameTrace& trace) { return trace.derived != 0; });
  if (pairs) wake();
  const auto use = useLock_.read();
  constexpr int kAttempts = 3;  // blocks may be taken back between plan and read
  for (int i = 1;; ++i) {
    bool complete = false;
    FrameData data = attempt(setup, query, open_ ? memory_.get() : nullptr, complete);
    if (complete || i == kAttempts) return data;
  }
}

SampleValues MemoryStore::samples(uint32_t element, int64_t& fromScan, uint32_t count) {
  const ScanElement& what = elementOf(layout_, element);
  const auto use = useLock_.read();
  constexpr int kAttempts = 3;
  for (int i = 1;; ++i) {
    BlockSamples samples(open_ ? memory_.get() : nullptr, layout_.scanBytes);
    SamplesPlan plan;
    {
      const auto lock = ring_.lock().read();
      std::unique_ptr<Timeline> merged;
      const auto from = static_cast<double>(fromScan);
      plan = planSamples(ring_.forRange(from, from + count, merged), samples, fromScan, count);
    }
    SampleValues values = readSamples(plan, what, layout_.scanBytes, samples);
    const bool none = std::visit([](const auto& v) { return v.empty(); }, values);
    if (none && !plan.parts.empty() && i < kAttempts) continue;
    if (!none) fromScan = plan.fromScan;
    return values;
  }
}

void MemoryStore::setTrigger(std::optional<TriggerSpec> trigger) {
  std::unique_ptr<TriggerSearch> search;
  if (trigger) search = std::make_unique<TriggerSearch>(lanes_, *trigger);
  {
    std::lock_guard lock(triggerMutex_);
    if (triggerSpec_ == trigger) return;
    triggerSpec_ = trigger;
    nextSearch_ = std::move(search);
    triggerChanged_ = true;
    triggers_.clear();
  }
  wake();
}

std::optional<TriggerPoint> MemoryStore::nextTrigger(int64_t afterScan, double postScans) const {
  int64_t end = 0;
  {
    const auto lock = ring_.lock().read();
    end = ring_.timeline().toScan();
  }
  std::lock_guard lock(triggerMutex_);
  return triggers_.firstComplete(afterScan, postScans, end);
}

LiveStoreStatus MemoryStore::status() const {
  LiveStoreStatus status;
  const auto use = useLock_.read();
  int64_t copies = -1;
  {
    const auto lock = ring_.lock().read();
    status.summarisedToScan = ring_.timeline().toScan();
    status.pyramidFromScan = ring_.timeline().fromScan();
    copies = ring_.oldestCopy();
  }
  const int64_t oldest = open_ ? memory_->oldestScan() : -1;
  status.historyFromScan = oldest < 0 ? status.summarisedToScan : oldest;
  if (copies >= 0) status.historyFromScan = std::min(status.historyFromScan, copies);
  {
    std::lock_guard lock(triggerMutex_);
    status.triggers = triggers_.total();
  }
  status.toSummary = toSummary_.last(monotonicNs());
  status.cpuSeconds = cpu_.seconds();
  status.unsummarisedBlocks = queue_.refused();
  return status;
}

}  // namespace iio
