// NativeRecording of native/addon.ts.
#pragma once
#include "environment.h"
#include "js.h"
#include "open-stream.h"

namespace iio::binding {

// A promise for the recording, once its files are there and blocks go to it.
Napi::Promise record(Napi::Env env, const std::shared_ptr<Environment>& environment,
                     const std::shared_ptr<OpenStream>& stream, RecordingOptions options);

}  // namespace iio::binding
