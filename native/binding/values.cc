#include "values.h"

namespace iio::binding {
namespace {

constexpr int64_t kExact = int64_t{1} << 53;

std::string codeOf(const Fault& fault) { return fault.err ? errnoName(fault.err) : "INTERNAL"; }

void setFields(Napi::Object object, const Fault& fault) {
  const Napi::Env env = object.Env();
  object.Set("code", Napi::String::New(env, codeOf(fault)));
  object.Set("errno", Napi::Number::New(env, fault.err));
  object.Set("syscall", Napi::String::New(env, fault.syscall));
  object.Set("path", Napi::String::New(env, fault.path));
}

}  // namespace

Napi::Number toNumber(Napi::Env env, int64_t value) {
  if (value >= kExact || value <= -kExact)
    throw CoreError(Fault{EOVERFLOW, "", "",
                          "A count has reached 2^53, beyond which it is no longer exact. Start the "
                          "stream again."});
  return Napi::Number::New(env, double(value));
}

Napi::BigInt toTime(Napi::Env env, int64_t ns) { return Napi::BigInt::New(env, ns); }

Napi::Error toError(Napi::Env env, const Fault& fault) {
  Napi::Error error = Napi::Error::New(env, fault.message);
  setFields(error.Value(), fault);
  return error;
}

Napi::Value toErrorFields(Napi::Env env, const Fault& fault) {
  if (!fault) return env.Null();
  Napi::Object out = Napi::Object::New(env);
  setFields(out, fault);
  out.Set("message", Napi::String::New(env, fault.message));
  return out;
}

Fault ownFault(int err, std::string message) { return {err, "", "", std::move(message)}; }

const char* nameOf(Grade grade) {
  constexpr const char* kNames[] = {"exact", "estimated", "unknown"};
  return kNames[size_t(grade)];
}

const char* nameOf(GapCause cause) {
  constexpr const char* kNames[] = {"dry-queue",    "timestamp",    "counter", "simulator",
                                    "overrun",      "failed-block", "restart", "unjournaled",
                                    "not-recorded", "resumed"};
  return kNames[size_t(cause)];
}

Napi::Object toGap(Napi::Env env, const PlacedGap& placed) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("scan", toNumber(env, placed.scan));
  out.Set("sample", toNumber(env, placed.sample));
  out.Set("lost", toNumber(env, placed.gap.lost));
  out.Set("lostMin", toNumber(env, placed.gap.lostMin));
  out.Set("lostMax", toNumber(env, placed.gap.lostMax));
  out.Set("grade", Napi::String::New(env, nameOf(placed.gap.grade)));
  out.Set("cause", Napi::String::New(env, nameOf(placed.gap.cause)));
  out.Set("timeNs", toTime(env, placed.timeNs));
  return out;
}

Napi::Array toGaps(Napi::Env env, const std::vector<PlacedGap>& gaps) {
  Napi::Array out = Napi::Array::New(env, gaps.size());
  for (size_t i = 0; i < gaps.size(); ++i) out.Set(uint32_t(i), toGap(env, gaps[i]));
  return out;
}

Napi::Value toSamples(Napi::Env env, int64_t fromScan, const SampleValues& values) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("fromScan", toNumber(env, fromScan));
  std::visit([&](const auto& list) { out.Set("values", toTypedArray(env, list)); }, values);
  return out;
}

}  // namespace iio::binding
