// Results on their way to JavaScript: numbers, arrays of exactly their size, errors with all that
// is known.
#pragma once
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "block.h"
#include "error.h"
#include "js.h"
#include "store.h"

namespace iio::binding {

// A count or an index. Throws CoreError (EOVERFLOW) at 2^53, where numbers stop being exact.
Napi::Number toNumber(Napi::Env env, int64_t value);
Napi::BigInt toTime(Napi::Env env, int64_t ns);

// An Error with code, errno, syscall and path.
Napi::Error toError(Napi::Env env, const Fault& fault);
// The same fields as a plain value; null if there is no fault.
Napi::Value toErrorFields(Napi::Env env, const Fault& fault);
// A fault that is not the system's: `code` is its name.
Fault ownFault(int err, std::string message);

const char* nameOf(Grade grade);
const char* nameOf(GapCause cause);
Napi::Object toGap(Napi::Env env, const PlacedGap& gap);
Napi::Array toGaps(Napi::Env env, const std::vector<PlacedGap>& gaps);
Napi::Value toSamples(Napi::Env env, int64_t fromScan, const SampleValues& values);

template <class T>
Napi::TypedArrayOf<T> toTypedArray(Napi::Env env, std::span<const T> values) {
  auto buffer = Napi::ArrayBuffer::New(env, values.size_bytes());
  if (!values.empty()) std::memcpy(buffer.Data(), values.data(), values.size_bytes());
  return Napi::TypedArrayOf<T>::New(env, values.size(), buffer, 0);
}

template <class T>
Napi::TypedArrayOf<T> toTypedArray(Napi::Env env, const std::vector<T>& values) {
  return toTypedArray(env, std::span<const T>(values));
}

}  // namespace iio::binding
