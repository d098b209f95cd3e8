// NativeControl of native/addon.ts.
#pragma once
#include "environment.h"
#include "js.h"

namespace iio::binding {

Napi::Object makeControlObject(Napi::Env env, const std::shared_ptr<Environment>& environment,
                               std::string name, int64_t deadlineMs, uint32_t queueLimit);

}  // namespace iio::binding
