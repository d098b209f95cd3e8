#include "reading.h"

#include "deferred.h"
#include "options.h"
#include "results.h"

namespace iio::binding {
namespace {

// Of one samples(): what the host asks is far below.
constexpr int64_t kMostSamples = 1 << 24;

struct Samples {
  int64_t fromScan = 0;
  SampleValues values;
};

}  // namespace

void addReading(Napi::Object object, const std::shared_ptr<Environment>& environment,
                WorkPool& pool, const ScanLayout& layout,
                std::function<std::shared_ptr<SampleStore>()> store) {
  addAsync(object, "query",
           [environment, &pool, layout, store](const Napi::CallbackInfo& info) -> Napi::Value {
             auto query = readQuery(argument(info, 0, "query"), layout);
             return promiseOf<FrameData>(
                 info.Env(), *environment, pool,
                 [asked = store(), query = std::move(query)] { return asked->query(query); },
                 toFrame);
           });
  addAsync(object, "samples",
           [environment, &pool, layout, store](const Napi::CallbackInfo& info) -> Napi::Value {
             const uint32_t element = argument(info, 0, "element").index(layout.elements.size());
             const int64_t from = argument(info, 1, "fromScan").integer(-kMostExact, kMostExact);
             const auto count = uint32_t(argument(info, 2, "count").integer(0, kMostSamples));
             return promiseOf<Samples>(
                 info.Env(), *environment, pool,
                 [asked = store(), element, from, count] {
                   Samples out{from, {}};
                   out.values = asked->samples(element, out.fromScan, count);
                   return out;
                 },
                 [](Napi::Env env, Samples& samples) {
                   return toSamples(env, samples.fromScan, samples.values);
                 });
           });
}

}  // namespace iio::binding
