// NativeFileStore of native/addon.ts.
#pragma once
#include "environment.h"
#include "js.h"
#include "summariser.h"

namespace iio::binding {

Napi::Promise openFile(Napi::Env env, const std::shared_ptr<Environment>& environment,
                       FileStoreSpec spec);

}  // namespace iio::binding
