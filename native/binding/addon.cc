// The addon object of native/addon.ts: one for each JavaScript environment that loads it.
#include "bench.h"
#include "deferred.h"
#include "machine.h"
#include "native-control.h"
#include "native-file.h"
#include "native-stream.h"
#include "simd.h"

#ifndef IIO_STUDIO_VERSION
#error "Build with native/Makefile: it tells the version"
#endif

namespace iio::binding {
namespace {

void addOpeners(Napi::Object exports, const std::shared_ptr<Environment>& environment) {
  addMethod(exports, "openStream", [environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return makeStream(info.Env(), environment, readStreamOptions(argument(info, 0, "options")));
  });
  addAsync(exports, "openFile", [environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return openFile(info.Env(), environment, readFileStoreOptions(argument(info, 0, "options")));
  });
  addMethod(exports, "openControl", [environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return makeControlObject(info.Env(), environment, argument(info, 0, "name").text(),
                             argument(info, 1, "deadlineMs").integer(1, 600'000),
                             uint32_t(argument(info, 2, "queueLimit").integer(1, 65536)));
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const auto environment = Environment::create(env);
  exports.Set("version", Napi::String::New(env, IIO_STUDIO_VERSION));
  exports.Set("vectorPath", Napi::String::New(env, vectorPathName()));
  addOpeners(exports, environment);
  addMachine(exports, environment);
  addBench(exports, environment);
  return exports;
}

}  // namespace
}  // namespace iio::binding

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  return iio::binding::init(env, exports);
}
NODE_API_MODULE(iio_studio, init)
