#include "deferred.h"

#include <stdexcept>

namespace iio::binding {

Fault currentFault() noexcept {
  try {
    throw;
  } catch (const CoreError& error) {
    return error.fault;
  } catch (const std::bad_alloc&) {
    return makeFault(ENOMEM, "malloc", "", "Ask for fewer or smaller blocks.");
  } catch (const std::invalid_argument& error) {
    return ownFault(EINVAL, error.what());
  } catch (const std::exception& error) {
    return ownFault(0, error.what());
  } catch (...) {
    return ownFault(0, "The addon failed for a reason it does not know.");
  }
}

Napi::Error currentError(Napi::Env env) {
  try {
    throw;
  } catch (const Napi::Error& error) {
    return error;
  } catch (const ArgumentError& error) {
    const Napi::TypeError made = Napi::TypeError::New(env, error.what());
    made.Value().Set("code", Napi::String::New(env, "BAD_REQUEST"));
    made.Value().Set("field", Napi::String::New(env, error.field));
    return made;
  } catch (...) {
    return toError(env, currentFault());
  }
}

void addMethod(Napi::Object object, const char* name, Method method) {
  auto call = [method = std::move(method)](const Napi::CallbackInfo& info) -> Napi::Value {
    try {
      return method(info);
    } catch (...) {
      throw currentError(info.Env());
    }
  };
  object.Set(name, Napi::Function::New(object.Env(), std::move(call), name));
}

void addAsync(Napi::Object object, const char* name, Method method) {
  auto call = [method = std::move(method)](const Napi::CallbackInfo& info) -> Napi::Value {
    try {
      return method(info);
    } catch (...) {
      const auto deferred = Napi::Promise::Deferred::New(info.Env());
      deferred.Reject(currentError(info.Env()).Value());
      return deferred.Promise();
    }
  };
  object.Set(name, Napi::Function::New(object.Env(), std::move(call), name));
}

}  // namespace iio::binding
