// query() and samples(), the same for a stream and for a file.
#pragma once
#include <functional>
#include <memory>

#include "environment.h"
#include "js.h"
#include "layout.h"
#include "store.h"

namespace iio::binding {

// Adds both methods, which work on threads of `pool`, one of the environment's. `store` answers
// what to ask, or throws; what it answers is kept alive while it is asked.
void addReading(Napi::Object object, const std::shared_ptr<Environment>& environment,
                WorkPool& pool, const ScanLayout& layout,
                std::function<std::shared_ptr<SampleStore>()> store);

}  // namespace iio::binding
