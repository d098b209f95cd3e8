#include "native-control.h"

#include "control.h"
#include "deferred.h"

namespace iio::binding {
namespace {

// What the methods of one control share. Goes with the last of them, on the JavaScript thread.
struct Handle {
  ~Handle() {
    environment->forget(closer);
    control->close();
  }
  std::shared_ptr<Environment> environment;
  std::shared_ptr<Control> control;
  uint64_t closer = 0;
};
using HandlePtr = std::shared_ptr<Handle>;

using Reply = ControlReply;
using Replies = std::vector<ControlReply>;

Napi::Value toText(Napi::Env env, Reply& reply) { return Napi::String::New(env, reply.text); }
Napi::Value toFlag(Napi::Env env, Reply& reply) {
  return Napi::Boolean::New(env, reply.text == "1");
}
Napi::Value toNothing(Napi::Env env, Reply&) { return env.Undefined(); }

Napi::Value toEntries(Napi::Env env, Reply& reply) {
  constexpr const char* kKinds[] = {"file", "directory", "link"};
  Napi::Array out = Napi::Array::New(env, reply.entries.size());
  for (size_t i = 0; i < reply.entries.size(); ++i) {
    const ControlEntry& entry = reply.entries[i];
    Napi::Object item = Napi::Object::New(env);
    item.Set("name", Napi::String::New(env, entry.name));
    item.Set("kind", Napi::String::New(env, kKinds[size_t(entry.kind)]));
    item.Set("mode", Napi::Number::New(env, entry.mode));
    out.Set(uint32_t(i), item);
  }
  return out;
}

Napi::Value toTexts(Napi::Env env, Replies& replies) {
  Napi::Array out = Napi::Array::New(env, replies.size());
  for (size_t i = 0; i < replies.size(); ++i) {
    Napi::Object item = Napi::Object::New(env);
    if (replies[i].fault)
      item.Set("error", toError(env, replies[i].fault).Value());
    else
      item.Set("text", Napi::String::New(env, replies[i].text));
    out.Set(uint32_t(i), item);
  }
  return out;
}

Napi::Promise submit(Napi::Env env, const HandlePtr& handle, Control::Request request,
                     Deferred<Reply>::Convert convert) {
  auto deferred = makeDeferred<Reply>(env, *handle->environment, std::move(convert));
  handle->control->submit(std::move(request), [deferred](ControlReply reply) {
    if (reply.fault)
      deferred->reject(std::move(reply.fault));
    else
      deferred->resolve(std::move(reply));
  });
  return deferred->promise();
}

void addOperation(Napi::Object object, const HandlePtr& handle, const char* name, Control::Op op,
                  Deferred<Reply>::Convert convert) {
  addAsync(object, name, [handle, op, convert](const Napi::CallbackInfo& info) -> Napi::Value {
    Control::Request request{op, argument(info, 0, "path").path(false)};
    if (op == Control::Op::Write) request.text = argument(info, 1, "text").text();
    return submit(info.Env(), handle, std::move(request), convert);
  });
}

}  // namespace

Napi::Object makeControlObject(Napi::Env env, const std::shared_ptr<Environment>& environment,
                               std::string name, int64_t deadlineMs, uint32_t queueLimit) {
  auto handle = std::make_shared<Handle>();
  handle->environment = environment;
  handle->control = makeControl(std::move(name), deadlineMs, queueLimit);
  handle->closer = environment->atEnd([weak = std::weak_ptr(handle->control)] {
    if (const auto control = weak.lock()) control->close();
  });
  Napi::Object object = Napi::Object::New(env);
  addOperation(object, handle, "read", Control::Op::Read, toText);
  addOperation(object, handle, "write", Control::Op::Write, toNothing);
  addOperation(object, handle, "list", Control::Op::List, toEntries);
  addOperation(object, handle, "exists", Control::Op::Exists, toFlag);
  addAsync(object, "readAll", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    std::vector<std::string> paths;
    for (const Field& path : argument(info, 0, "paths").items(65536))
      paths.push_back(path.path(false));
    auto deferred = makeDeferred<Replies>(info.Env(), *handle->environment, toTexts);
    handle->control->readAll(
        std::move(paths), [deferred](Replies replies) { deferred->resolve(std::move(replies)); });
    return deferred->promise();
  });
  addMethod(object, "close", [handle](const Napi::CallbackInfo& info) {
    handle->environment->forget(handle->closer);
    handle->control->close();
    return info.Env().Undefined();
  });
  return object;
}

}  // namespace iio::binding
