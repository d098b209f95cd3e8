// NativeStream and NativeRecording of native/addon.ts.
#pragma once
#include "environment.h"
#include "js.h"
#include "options.h"

namespace iio::binding {

Napi::Object makeStream(Napi::Env env, const std::shared_ptr<Environment>& environment,
                        StreamOptions options);

}  // namespace iio::binding
