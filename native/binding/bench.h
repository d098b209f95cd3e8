// What `npm run bench` measures on one core.
#pragma once
#include "environment.h"
#include "js.h"

namespace iio::binding {

void addBench(Napi::Object exports, const std::shared_ptr<Environment>& environment);

}  // namespace iio::binding
