#include "native-recording.h"

#include "deferred.h"
#include "results.h"

namespace iio::binding {
namespace {

// What the methods of one recording share. Goes with the last of them, on the JavaScript thread.
struct Handle {
  ~Handle() {
    // A recording that nobody stopped goes on until its stream ends; should this be the last to
    // hold it, its end may wait for the disk and belongs to another thread.
    if (!environment->closed()) environment->disks().submit([recorder = recorder] {});
  }
  std::shared_ptr<Environment> environment;
  std::shared_ptr<OpenStream> stream;
  std::shared_ptr<Recorder> recorder;
};
using HandlePtr = std::shared_ptr<Handle>;

// A promise for what `make` answers on a thread that may wait for the disk.
Napi::Promise promise(Napi::Env env, const std::shared_ptr<Environment>& environment,
                      const std::shared_ptr<OpenStream>& stream,
                      std::function<std::shared_ptr<Recorder>()> make);

Napi::Object makeRecording(Napi::Env env, const HandlePtr& handle) {
  Napi::Object object = Napi::Object::New(env);
  addMethod(object, "status", [handle](const Napi::CallbackInfo& info) {
    return toRecordingStatus(info.Env(), handle->recorder->status());
  });
  addMethod(object, "appendEvent", [handle](const Napi::CallbackInfo& info) {
    const auto bytes = argument(info, 0, "bytes").bytes();
    handle->recorder->appendEvent({bytes.begin(), bytes.end()});
    return info.Env().Undefined();
  });
  addMethod(object, "captures", [handle](const Napi::CallbackInfo& info) {
    return toCaptures(info.Env(), handle->recorder->drainCaptures());
  });
  addAsync(object, "stop", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    return promiseOf<RecorderStatus>(
        info.Env(), *handle->environment, handle->environment->disks(),
        [recorder = handle->recorder] { return recorder->finish(); },
        [](Napi::Env to, RecorderStatus& status) { return toRecordingStatus(to, status); });
  });
  addAsync(object, "next", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    auto options = readRecordingOptions(argument(info, 0, "options"), handle->stream->layout());
    return promise(info.Env(), handle->environment, handle->stream,
                   [stream = handle->stream, part = handle->recorder,
                    options = std::move(options)] { return stream->next(part.get(), options); });
  });
  return object;
}

Napi::Promise promise(Napi::Env env, const std::shared_ptr<Environment>& environment,
                      const std::shared_ptr<OpenStream>& stream,
                      std::function<std::shared_ptr<Recorder>()> make) {
  return promiseOf<std::shared_ptr<Recorder>>(
      env, *environment, environment->disks(), std::move(make),
      [environment, stream](Napi::Env to, std::shared_ptr<Recorder>& recorder) -> Napi::Value {
        return makeRecording(to,
                             std::shared_ptr<Handle>(new Handle{environment, stream, recorder}));
      });
}

}  // namespace

Napi::Promise record(Napi::Env env, const std::shared_ptr<Environment>& environment,
                     const std::shared_ptr<OpenStream>& stream, RecordingOptions options) {
  return promise(env, environment, stream,
                 [stream, options = std::move(options)] { return stream->record(options); });
}

}  // namespace iio::binding
