// What a stream, a store and a recording answer, as native/addon.ts has it.
#pragma once
#include "news.h"
#include "open-stream.h"
#include "recorder.h"
#include "values.h"

namespace iio::binding {

Napi::Value toCounters(Napi::Env env, const OpenStream::Counters& counters);
Napi::Value toHeaders(Napi::Env env, const HeaderBatch& batch);
Napi::Value toFrame(Napi::Env env, const FrameData& frame);
Napi::Value toCaptures(Napi::Env env, const std::vector<Capture>& captures);
Napi::Value toRecordingStatus(Napi::Env env, const RecorderStatus& status);

}  // namespace iio::binding
