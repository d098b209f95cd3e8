#include "bench.h"

#include <time.h>

#include "deferred.h"
#include "options.h"
#include "pyramid.h"
#include "trigger.h"

namespace iio::binding {
namespace {

// As a stream's block has them: a run of scans, page-aligned by chance of the allocator only.
struct Scans {
  std::vector<std::byte> data;
  uint32_t count = 0;
};

Scans readScans(const Field& field, const ScanLayout& layout) {
  const auto bytes = field.bytes();
  if (bytes.empty() || bytes.size() % layout.scanBytes)
    field.refuse("must hold whole scans of " + std::to_string(layout.scanBytes) + " bytes.");
  if (bytes.size() / layout.scanBytes > UINT32_MAX) field.refuse("is too long.");
  return {{bytes.begin(), bytes.end()}, uint32_t(bytes.size() / layout.scanBytes)};
}

// CPU time of this thread, so that others on the machine don't count.
double threadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

Napi::Value benchPyramid(const Napi::CallbackInfo& info,
                         const std::shared_ptr<Environment>& environment) {
  const ScanLayout layout = readLayout(argument(info, 1, "layout"));
  auto scans = std::make_shared<const Scans>(readScans(argument(info, 0, "data"), layout));
  const int64_t rounds = argument(info, 2, "rounds").integer(1, 1'000'000'000);
  return promiseOf<double>(
      info.Env(), *environment, environment->queries(),
      [layout, scans, rounds] {
        PyramidBuilder builder(std::make_shared<LaneSet>(layout), kRecordScans);
        const double begin = threadSeconds();
        for (int64_t i = 0; i < rounds; ++i) builder.build(scans->data.data(), scans->count);
        return threadSeconds() - begin;
      },
      [](Napi::Env env, double& seconds) -> Napi::Value {
        return Napi::Number::New(env, seconds);
      });
}

struct TriggerTime {
  double seconds = 0;
  uint64_t found = 0;
};

TriggerTime timeTrigger(const ScanLayout& layout, const TriggerSpec& spec, const Scans& scans,
                        int64_t rounds) {
  const auto lanes = std::make_shared<LaneSet>(layout);
  PyramidBuilder builder(lanes, kRecordScans);
  const auto records = builder.build(scans.data.data(), scans.count);
  TriggerSearch search(lanes, spec);
  TriggerTime out;
  std::vector<Crossing> found;
  const double begin = threadSeconds();
  for (int64_t i = 0; i < rounds; ++i) {
    found.clear();
    search.search(scans.data.data(), scans.count, i * scans.count, records.get(), found);
    out.found += found.size();
  }
  out.seconds = threadSeconds() - begin;
  return out;
}

Napi::Value benchTrigger(const Napi::CallbackInfo& info,
                         const std::shared_ptr<Environment>& environment) {
  const ScanLayout layout = readLayout(argument(info, 1, "layout"));
  auto scans = std::make_shared<const Scans>(readScans(argument(info, 0, "data"), layout));
  const TriggerSpec trigger = readTrigger(argument(info, 2, "trigger"), layout);
  const int64_t rounds = argument(info, 3, "rounds").integer(1, 1'000'000'000);
  return promiseOf<TriggerTime>(
      info.Env(), *environment, environment->queries(),
      [layout, scans, trigger, rounds] { return timeTrigger(layout, trigger, *scans, rounds); },
      [](Napi::Env env, TriggerTime& time) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("seconds", Napi::Number::New(env, time.seconds));
        out.Set("found", toNumber(env, int64_t(time.found)));
        return out;
      });
}

}  // namespace

void addBench(Napi::Object exports, const std::shared_ptr<Environment>& environment) {
  addAsync(exports, "benchPyramid", [environment](const Napi::CallbackInfo& info) {
    return benchPyramid(info, environment);
  });
  addAsync(exports, "benchTrigger", [environment](const Napi::CallbackInfo& info) {
    return benchTrigger(info, environment);
  });
}

}  // namespace iio::binding
