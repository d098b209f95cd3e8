#include "results.h"

#include "clock.h"

namespace iio::binding {
namespace {

const char* nameOf(EngineState state) {
  constexpr const char* kNames[] = {"new", "running", "stopped", "failed", "closed"};
  return kNames[size_t(state)];
}

const char* nameOf(RecorderState state) {
  constexpr const char* kNames[] = {"recording", "done", "failed", "waiting", "withdrawn"};
  return kNames[size_t(state)];
}

const char* nameOf(WriteWay way) {
  constexpr const char* kNames[] = {"direct", "gathered", "buffered"};
  return kNames[size_t(way)];
}

// Sets fields one after the other.
class Builder {
 public:
  explicit Builder(Napi::Env env) : env_(env), object_(Napi::Object::New(env)) {}
  Builder& count(const char* name, int64_t value) { return set(name, toNumber(env_, value)); }
  Builder& number(const char* name, double value) {
    return set(name, Napi::Number::New(env_, value));
  }
  Builder& time(const char* name, int64_t ns) { return set(name, toTime(env_, ns)); }
  Builder& text(const char* name, const char* value) {
    return set(name, Napi::String::New(env_, value));
  }
  Builder& flag(const char* name, bool value) { return set(name, Napi::Boolean::New(env_, value)); }
  Builder& set(const char* name, Napi::Value value) {
    object_.Set(name, value);
    return *this;
  }
  Napi::Object object() const { return object_; }

 private:
  Napi::Env env_;
  Napi::Object object_;
};

Napi::Value toTrigger(Napi::Env env, const std::optional<TriggerPoint>& trigger) {
  if (!trigger) return env.Null();
  return Builder(env)
      .count("scan", trigger->scan)
      .number("fraction", trigger->fraction)
      .count("number", int64_t(trigger->number))
      .object();
}

Napi::Value toFrameTrace(Napi::Env env, const FrameTraceData& trace) {
  return Builder(env)
      .set("y", toTypedArray(env, trace.y))
      .count("touchesTop", trace.touchesTop)
      .count("touchesBottom", trace.touchesBottom)
      .flag("hasNaN", trace.hasNaN)
      .object();
}

Napi::Value toSpread(Napi::Env env, const LatencySpread& spread) {
  if (spread.count == 0) return env.Null();
  return Builder(env)
      .count("p50", spread.p50Ns)
      .count("p99", spread.p99Ns)
      .count("max", spread.maxNs)
      .object();
}

template <class Get>
Napi::Value column(Napi::Env env, const std::vector<HeaderPtr>& headers, Get get) {
  std::vector<double> values;
  values.reserve(headers.size());
  for (const HeaderPtr& header : headers) values.push_back(double(get(*header)));
  return toTypedArray(env, values);
}

}  // namespace

Napi::Value toCounters(Napi::Env env, const OpenStream::Counters& counters) {
  const EngineCounters& e = counters.engine;
  const LiveStoreStatus& s = counters.store;
  Builder out(env);
  out.text("state", nameOf(e.state)).set("error", toErrorFields(env, e.fault));
  out.flag("vanished", e.vanished);
  out.count("blocks", int64_t(e.blocks)).count("failedBlocks", int64_t(e.failedBlocks));
  out.count("scans", int64_t(e.scans)).count("bytes", int64_t(e.bytes));
  out.number("rateHz", e.rateHz).number("bytesPerSecond", e.bytesPerSecond);
  out.count("queued", e.queued).count("queuedLeast", e.queuedLeast);
  out.count("dryRuns", int64_t(e.dryRuns));
  out.text("grade", binding::nameOf(e.grade)).count("gaps", int64_t(e.gaps));
  out.count("lost", e.lost).count("lostMin", e.lostMin).count("lostMax", e.lostMax);
  out.count("historyFromScan", s.historyFromScan).count("historyToScan", e.endScan);
  out.count("unsummarisedBlocks", int64_t(s.unsummarisedBlocks));
  out.count("summarisedToScan", s.summarisedToScan).count("pyramidFromScan", s.pyramidFromScan);
  out.count("triggers", int64_t(s.triggers));
  out.time("newestTimeNs", e.newestTimeNs).time("startTimeNs", e.startTimeNs);
  out.time("nowNs", monotonicNs());
  out.number("cpuSeconds", e.cpuSeconds + s.cpuSeconds).number("jitterSeconds", e.jitterSeconds);
  out.set("overwritten", Builder(env)
                             .count("blocks", e.overwritten.blocks)
                             .count("staleBytes", int64_t(e.overwritten.staleBytes))
                             .object());
  out.set("latency", Builder(env)
                         .set("completionToConsumerNs", toSpread(env, e.toConsumers))
                         .set("completionToSummaryNs", toSpread(env, s.toSummary))
                         .object());
  return out.object();
}

Napi::Value toHeaders(Napi::Env env, const HeaderBatch& batch) {
  const auto& headers = batch.headers;
  Builder out(env);
  out.set("sequence", column(env, headers, [](const BlockHeader& h) { return h.sequence; }));
  out.set("firstScan", column(env, headers, [](const BlockHeader& h) { return h.firstScan(); }));
  out.set("scanCount", column(env, headers, [](const BlockHeader& h) { return h.scanCount; }));
  out.set("bytes", column(env, headers, [](const BlockHeader& h) { return h.bytes; }));
  std::vector<int64_t> times;
  for (const HeaderPtr& header : headers) times.push_back(header->timeNs);
  out.set("timeNs", toTypedArray(env, times));
  out.count("coalescedBlocks", int64_t(batch.coalescedBlocks));
  out.count("coalescedScans", int64_t(batch.coalescedScans));
  out.count("coalescedBytes", int64_t(batch.coalescedBytes));
  out.count("coalescedGaps", int64_t(batch.coalescedGaps));
  out.count("coalescedFailures", int64_t(batch.coalescedFailures));
  out.set("gaps", toGaps(env, batch.gaps));
  Napi::Array failures = Napi::Array::New(env, batch.failures.size());
  for (size_t i = 0; i < batch.failures.size(); ++i)
    failures.Set(uint32_t(i), Builder(env)
                                  .count("sequence", int64_t(batch.failures[i].sequence))
                                  .text("message", batch.failures[i].message.c_str())
                                  .object());
  return out.set("failures", failures).object();
}

Napi::Value toFrame(Napi::Env env, const FrameData& frame) {
  Builder out(env);
  out.text("form", frame.columns ? "columns" : "samples");
  out.count("originScan", frame.originScan).number("zeroFraction", frame.zeroFraction);
  out.set("x", toTypedArray(env, frame.x)).set("t", toTypedArray(env, frame.t));
  out.time("zeroTimeNs", frame.zeroTimeNs);
  out.flag("zeroTimeFromTimestamp", frame.zeroTimeFromTimestamp);
  out.time("newestTimeNs", frame.newestTimeNs).time("nowNs", monotonicNs());
  Napi::Array traces = Napi::Array::New(env, frame.traces.size());
  for (size_t i = 0; i < frame.traces.size(); ++i)
    traces.Set(uint32_t(i), toFrameTrace(env, frame.traces[i]));
  out.set("traces", traces).set("gaps", toGaps(env, frame.gaps));
  out.count("fromScan", frame.fromScan).count("toScan", frame.toScan);
  out.count("samplesFromScan", frame.samplesFromScan);
  out.set("trigger", toTrigger(env, frame.trigger));
  out.count("triggersTotal", int64_t(frame.triggersTotal)).number("summarised", frame.summarised);
  return out.object();
}

Napi::Value toCaptures(Napi::Env env, const std::vector<Capture>& captures) {
  Napi::Array out = Napi::Array::New(env, captures.size());
  for (size_t i = 0; i < captures.size(); ++i) {
    const Capture& c = captures[i];
    out.Set(uint32_t(i), Builder(env)
                             .count("scan", c.scan)
                             .number("fraction", c.fraction)
                             .count("fromScan", c.fromScan)
                             .count("toScan", c.toScan)
                             .number("peak", c.peak)
                             .number("widthScans", c.widthScans)
                             .flag("cut", c.cut)
                             .time("timeNs", c.timeNs)
                             .object());
  }
  return out;
}

Napi::Value toRecordingStatus(Napi::Env env, const RecorderStatus& s) {
  Builder out(env);
  out.text("state", nameOf(s.state)).set("error", toErrorFields(env, s.fault));
  out.set("indexError", toErrorFields(env, s.indexFault));
  out.count("scans", s.scans).count("bytes", s.bytes).number("seconds", s.seconds);
  out.count("backlogBlocks", s.backlogBlocks).number("worstWriteMs", s.worstWriteMs);
  out.count("freeBytes", s.freeBytes).count("gaps", int64_t(s.gaps));
  out.count("lost", s.lost).count("lostMin", s.lostMin).count("lostMax", s.lostMax);
  out.text("grade", binding::nameOf(s.grade));
  out.number("copiesPerByte", s.copiesPerByte).number("cpuSeconds", s.cpuSeconds);
  out.flag("directWrites", s.directWrites);
  out.text("writePath", nameOf(s.writeWay.way)).text("writePathWhy", s.writeWay.why.c_str());
  out.count("writesInFlight", s.writesInFlight);
  out.count("firstScan", s.firstScan).count("endScan", s.endScan).flag("full", s.full);
  out.count("captures", int64_t(s.captures)).count("capturesMissed", int64_t(s.capturesMissed));
  out.count("capturesUnlisted", int64_t(s.capturesUnlisted));
  return out.object();
}

}  // namespace iio::binding
