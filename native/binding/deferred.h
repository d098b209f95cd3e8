// Promises that work elsewhere settles, and methods whose failures are what the caller expects: a
// TypeError for a wrong argument, an Error with code, errno, syscall and path for the rest;
// rejected where a promise was promised.
#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <variant>

#include "environment.h"
#include "error.h"
#include "fields.h"
#include "values.h"

namespace iio::binding {

using Nothing = std::monostate;
inline Napi::Value toUndefined(Napi::Env env, Nothing&) { return env.Undefined(); }

// What the current exception is about. Call within a catch block.
Fault currentFault() noexcept;
// The current exception as JavaScript's.
Napi::Error currentError(Napi::Env env);

// Settled once, from any thread.
template <class T>
class Deferred final : public Task, public std::enable_shared_from_this<Deferred<T>> {
 public:
  using Convert = std::function<Napi::Value(Napi::Env, T&)>;

  // JavaScript thread. `convert` must hold nothing of JavaScript's.
  Deferred(Napi::Env env, std::shared_ptr<Dispatcher> dispatcher, Convert convert)
      : dispatcher_(std::move(dispatcher)),
        convert_(std::move(convert)),
        promise_(Napi::Promise::Deferred::New(env)) {
    dispatcher_->hold();
  }
  Napi::Promise promise() const { return promise_.Promise(); }

  void resolve(T value) {
    value_ = std::move(value);
    dispatcher_->post(this->shared_from_this());
  }
  void reject(Fault fault) {
    fault_ = std::move(fault);
    dispatcher_->post(this->shared_from_this());
  }

  void run(Napi::Env env) override {
    dispatcher_->drop();
    if (!value_) return promise_.Reject(toError(env, fault_).Value());
    try {
      promise_.Resolve(convert_(env, *value_));
    } catch (...) {
      promise_.Reject(currentError(env).Value());
    }
  }

 private:
  const std::shared_ptr<Dispatcher> dispatcher_;
  const Convert convert_;
  Napi::Promise::Deferred promise_;
  std::optional<T> value_;
  Fault fault_;
};

template <class T>
std::shared_ptr<Deferred<T>> makeDeferred(Napi::Env env, Environment& environment,
                                          typename Deferred<T>::Convert convert) {
  return std::make_shared<Deferred<T>>(env, environment.dispatcher(), std::move(convert));
}

// Does `work` and settles with what it answers or throws.
template <class T>
void settle(Deferred<T>& deferred, const std::function<T()>& work) {
  std::optional<T> value;
  Fault fault;
  try {
    value = work();
  } catch (...) {
    fault = currentFault();
  }
  if (value)
    deferred.resolve(std::move(*value));
  else
    deferred.reject(std::move(fault));
}

// A promise for what `work` answers on one of the pool's threads.
template <class T>
Napi::Promise promiseOf(Napi::Env env, Environment& environment, WorkPool& pool,
                        std::function<T()> work, typename Deferred<T>::Convert convert) {
  auto deferred = makeDeferred<T>(env, environment, std::move(convert));
  if (!pool.submit([deferred, work = std::move(work)] { settle<T>(*deferred, work); }))
    deferred->reject(ownFault(EAGAIN, "Too much is waiting to be done. Try again in a moment."));
  return deferred->promise();
}

using Method = std::function<Napi::Value(const Napi::CallbackInfo&)>;
// Adds a method that throws.
void addMethod(Napi::Object object, const char* name, Method method);
// Adds a method that answers a promise in every case.
void addAsync(Napi::Object object, const char* name, Method method);

// Argument `i` as a field of that name.
inline Field argument(const Napi::CallbackInfo& info, size_t i, const char* name) {
  return {info[i], name};
}

}  // namespace iio::binding
