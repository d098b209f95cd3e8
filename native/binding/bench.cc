#include "bench.h"

#include "deferred.h"
#include "options.h"
#include "pyramid-bench.h"

namespace iio::binding {
namespace {

constexpr int64_t kMostRounds = 1'000'000'000;

// A copy: what JavaScript owns may not be read on another thread.
using Bytes = std::shared_ptr<const std::vector<std::byte>>;

Bytes readScans(const Field& field, const ScanLayout& layout) {
  const auto bytes = field.bytes();
  if (bytes.empty() || bytes.size() % layout.scanBytes)
    field.refuse("must hold whole scans of " + std::to_string(layout.scanBytes) + " bytes.");
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

Napi::Value pyramid(const Napi::CallbackInfo& info,
                    const std::shared_ptr<Environment>& environment) {
  const ScanLayout layout = readLayout(argument(info, 1, "layout"));
  const Bytes data = readScans(argument(info, 0, "data"), layout);
  const auto rounds = uint32_t(argument(info, 2, "rounds").integer(1, kMostRounds));
  return promiseOf<double>(
      info.Env(), *environment, environment->queries(),
      [=] { return benchPyramid(data->data(), data->size(), layout, rounds); },
      [](Napi::Env env, double& seconds) -> Napi::Value {
        return Napi::Number::New(env, seconds);
      });
}

Napi::Value trigger(const Napi::CallbackInfo& info,
                    const std::shared_ptr<Environment>& environment) {
  const ScanLayout layout = readLayout(argument(info, 1, "layout"));
  const Bytes data = readScans(argument(info, 0, "data"), layout);
  const TriggerSpec spec = readTrigger(argument(info, 2, "trigger"), layout);
  const auto rounds = uint32_t(argument(info, 3, "rounds").integer(1, kMostRounds));
  return promiseOf<TriggerBench>(
      info.Env(), *environment, environment->queries(),
      [=] { return benchTrigger(data->data(), data->size(), layout, spec, rounds); },
      [](Napi::Env env, TriggerBench& bench) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("seconds", Napi::Number::New(env, bench.seconds));
        out.Set("found", toNumber(env, int64_t(bench.found)));
        return out;
      });
}

}  // namespace

void addBench(Napi::Object exports, const std::shared_ptr<Environment>& environment) {
  addAsync(exports, "benchPyramid",
           [environment](const Napi::CallbackInfo& info) { return pyramid(info, environment); });
  addAsync(exports, "benchTrigger",
           [environment](const Napi::CallbackInfo& info) { return trigger(info, environment); });
}

}  // namespace iio::binding
