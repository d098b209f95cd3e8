// What the addon tells of this machine: probes, limits, clocks, devices that come and go.
#pragma once
#include "environment.h"
#include "js.h"

namespace iio::binding {

void addMachine(Napi::Object exports, const std::shared_ptr<Environment>& environment);

}  // namespace iio::binding
