#include "native-file.h"

#include "deferred.h"
#include "reading.h"
#include "results.h"

namespace iio::binding {
namespace {

// What the methods of one file share. Goes with the last of them, on the JavaScript thread.
struct Handle {
  ~Handle() {
    if (news) news->set({});
    environment->forget(closer);
    if (auto left = std::move(store); left && !environment->closed())
      environment->disks().submit([left = std::move(left)] { left->shutdown(); });
  }
  std::shared_ptr<Environment> environment;
  std::shared_ptr<FileStore> store;  // none once closed
  std::shared_ptr<News> news;
  FileStoreStatus last;
  uint64_t closer = 0;
};
using HandlePtr = std::shared_ptr<Handle>;

Napi::Value toStatus(Napi::Env env, const FileStoreStatus& status) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("scans", toNumber(env, status.scans));
  out.Set("toScan", toNumber(env, status.toScan));
  out.Set("summarised", Napi::Number::New(env, status.summarised));
  out.Set("error", toErrorFields(env, status.fault));
  constexpr const char* kIndex[] = {"none", "whole", "building", "unsaved"};
  out.Set("index", Napi::String::New(env, kIndex[size_t(status.index)]));
  out.Set("indexNote", Napi::String::New(env, status.indexNote));
  return out;
}

Napi::Object makeFile(Napi::Env env, const HandlePtr& handle, const ScanLayout& layout) {
  Napi::Object object = Napi::Object::New(env);
  addReading(object, handle->environment, handle->environment->fileQueries(), layout,
             [handle]() -> std::shared_ptr<SampleStore> {
               if (!handle->store)
                 throw CoreError(
                     ownFault(ECANCELED, "The recording is closed. Open it again to look at it."));
               return handle->store;
             });
  addMethod(object, "status", [handle](const Napi::CallbackInfo& info) {
    if (handle->store) handle->last = handle->store->status();
    return toStatus(info.Env(), handle->last);
  });
  addMethod(object, "onNews", [handle](const Napi::CallbackInfo& info) {
    const Field listener = argument(info, 0, "listener");
    if (!listener.isNull() && !info[0].IsFunction()) listener.refuse("must be a function or null.");
    handle->news->set(info[0]);
    return info.Env().Undefined();
  });
  addAsync(object, "close", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    handle->news->set({});
    handle->environment->forget(handle->closer);
    auto store = std::move(handle->store);
    return promiseOf<Nothing>(
        info.Env(), *handle->environment, handle->environment->disks(),
        [store] {
          if (store) store->shutdown();
          return Nothing{};
        },
        toUndefined);
  });
  return object;
}

}  // namespace

Napi::Promise openFile(Napi::Env env, const std::shared_ptr<Environment>& environment,
                       FileStoreSpec spec) {
  const ScanLayout layout = spec.layout;
  return promiseOf<std::shared_ptr<FileStore>>(
      env, *environment, environment->disks(),
      [spec = std::move(spec)] { return FileStore::open(spec); },
      [environment, layout](Napi::Env to, std::shared_ptr<FileStore>& store) -> Napi::Value {
        auto handle = std::make_shared<Handle>();
        handle->environment = environment;
        handle->store = store;
        handle->news = std::make_shared<News>(environment);
        handle->closer = environment->atEnd([weak = std::weak_ptr(store)] {
          if (const auto open = weak.lock()) open->shutdown();
        });
        store->onNews([news = handle->news] { news->notify(); });
        return makeFile(to, handle, layout);
      });
}

}  // namespace iio::binding
