#include "native-stream.h"

#include "deferred.h"
#include "native-recording.h"
#include "open-stream.h"
#include "reading.h"
#include "results.h"

namespace iio::binding {
namespace {

// What the methods of one stream share. Goes with the last of them, on the JavaScript thread.
struct Handle {
  ~Handle() {
    if (news) news->set({});
    environment->forget(closer);
  }
  std::shared_ptr<Environment> environment;
  std::shared_ptr<OpenStream> stream;
  std::shared_ptr<News> news;
  uint64_t closer = 0;
};
using HandlePtr = std::shared_ptr<Handle>;

// A stream that JavaScript forgot to close ends on another thread: its end may take seconds.
std::shared_ptr<OpenStream> openStream(const std::shared_ptr<Environment>& environment,
                                       StreamOptions options, const std::shared_ptr<News>& news) {
  auto* made = new OpenStream(std::move(options), [news] { news->notify(); });
  return {made, [weak = std::weak_ptr(environment)](OpenStream* stream) {
            const auto alive = weak.lock();
            if (!alive || !alive->lifecycle().submit([stream] { delete stream; })) delete stream;
          }};
}

Napi::Promise later(Napi::Env env, const HandlePtr& handle, void (OpenStream::*step)()) {
  auto stream = handle->stream;
  return promiseOf<Nothing>(
      env, *handle->environment, handle->environment->lifecycle(),
      [stream, step] {
        ((*stream).*step)();
        return Nothing{};
      },
      toUndefined);
}

struct BlockCopy {
  int64_t firstScan = 0;
  uint32_t scanCount = 0;
  std::vector<uint8_t> data;
};

// One block of the history, or nothing if it is gone.
std::optional<BlockCopy> copyBlock(Engine& engine, uint64_t sequence) {
  const HeaderPtr header = engine.tryLease(sequence);
  if (!header) return std::nullopt;
  const LeaseGuard lease(engine, header->block);
  const auto* data = reinterpret_cast<const uint8_t*>(engine.data(header->block));
  return BlockCopy{header->firstScan(), header->scanCount, {data, data + header->bytes}};
}

Napi::Value toBlock(Napi::Env env, std::optional<BlockCopy>& copy) {
  if (!copy) return env.Null();
  Napi::Object out = Napi::Object::New(env);
  out.Set("firstScan", toNumber(env, copy->firstScan));
  out.Set("scanCount", toNumber(env, copy->scanCount));
  out.Set("data", toTypedArray(env, copy->data));
  return out;
}

void addLifecycle(Napi::Object object, const HandlePtr& handle) {
  addAsync(object, "start", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    if (handle->environment->closed())
      throw CoreError(ownFault(ECANCELED, "The program is ending."));
    return later(info.Env(), handle, &OpenStream::start);
  });
  addAsync(object, "stop", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    return later(info.Env(), handle, &OpenStream::stop);
  });
  addAsync(object, "close", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    handle->news->set(info.Env().Null());
    handle->environment->forget(handle->closer);
    // Now: the thread that closes may be one that allocates.
    handle->stream->cancelStart();
    return later(info.Env(), handle, &OpenStream::close);
  });
  addMethod(object, "cancelStart", [handle](const Napi::CallbackInfo& info) {
    handle->stream->cancelStart();
    return info.Env().Undefined();
  });
  addMethod(object, "onNews", [handle](const Napi::CallbackInfo& info) {
    const Field listener = argument(info, 0, "listener");
    if (!listener.isNull() && !info[0].IsFunction()) listener.refuse("must be a function or null.");
    handle->news->set(info[0]);
    return info.Env().Undefined();
  });
}

void addState(Napi::Object object, const HandlePtr& handle) {
  addMethod(object, "allocation", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const Allocation& allocation = handle->stream->allocation();
    Napi::Object out = Napi::Object::New(info.Env());
    out.Set("bytes", toNumber(info.Env(), int64_t(allocation.bytes())));
    out.Set("totalBytes", toNumber(info.Env(), int64_t(allocation.totalBytes())));
    return out;
  });
  addMethod(object, "counters", [handle](const Napi::CallbackInfo& info) {
    return toCounters(info.Env(), handle->stream->counters());
  });
  addMethod(object, "notes", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const auto notes = handle->stream->notes();
    Napi::Array out = Napi::Array::New(info.Env(), notes.size());
    for (size_t i = 0; i < notes.size(); ++i)
      out.Set(uint32_t(i), Napi::String::New(info.Env(), notes[i]));
    return out;
  });
  addMethod(object, "headers", [handle](const Napi::CallbackInfo& info) {
    const auto stream = handle->stream->streamIfAny();
    return toHeaders(info.Env(), stream ? stream->engine().drainHeaders() : HeaderBatch{});
  });
  addMethod(object, "blockStates", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const auto stream = handle->stream->streamIfAny();
    return toTypedArray(info.Env(),
                        stream ? stream->engine().blockStates() : std::vector<uint8_t>{});
  });
}

void addBlock(Napi::Object object, const HandlePtr& handle) {
  addAsync(object, "block", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const auto sequence = uint64_t(argument(info, 0, "sequence").integer(0, kMostExact));
    auto stream = handle->stream->stream();
    return promiseOf<std::optional<BlockCopy>>(
        info.Env(), *handle->environment, handle->environment->queries(),
        [stream, sequence] { return copyBlock(stream->engine(), sequence); }, toBlock);
  });
}

void addHolding(Napi::Object object, const HandlePtr& handle) {
  addMethod(object, "pin", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const std::string key = argument(info, 0, "key").text();
    int64_t from = argument(info, 1, "fromScan").integer(-kMostExact, kMostExact);
    int64_t to = argument(info, 2, "toScan").integer(-kMostExact, kMostExact);
    handle->stream->pin(key, from, to);
    Napi::Object out = Napi::Object::New(info.Env());
    out.Set("fromScan", toNumber(info.Env(), from));
    out.Set("toScan", toNumber(info.Env(), to));
    return out;
  });
  addMethod(object, "unpin", [handle](const Napi::CallbackInfo& info) {
    handle->stream->unpin(argument(info, 0, "key").text());
    return info.Env().Undefined();
  });
  addMethod(object, "setTrigger", [handle](const Napi::CallbackInfo& info) {
    const Field trigger = argument(info, 0, "trigger");
    handle->stream->setTrigger(trigger.isNull()
                                   ? std::nullopt
                                   : std::optional(readTrigger(trigger, handle->stream->layout())));
    return info.Env().Undefined();
  });
  addMethod(object, "nextTrigger", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const int64_t after = argument(info, 0, "afterScan").integer(-kMostExact, kMostExact);
    const double post = argument(info, 1, "postScans").number(-double(kMostExact), kMostExact);
    const auto stream = handle->stream->streamIfAny();
    const auto found = stream ? stream->store().nextTrigger(after, post) : std::nullopt;
    if (!found) return info.Env().Null();
    Napi::Object out = Napi::Object::New(info.Env());
    out.Set("scan", toNumber(info.Env(), found->scan));
    out.Set("fraction", Napi::Number::New(info.Env(), found->fraction));
    return out;
  });
}

void addSimulator(Napi::Object object, const HandlePtr& handle) {
  auto simulated = [handle] {
    if (!handle->stream->simulated())
      throw CoreError(ownFault(EOPNOTSUPP,
                               "This stream is not a simulator's: what it delivers "
                               "comes from the device."));
  };
  addMethod(object, "setSimulator", [handle, simulated](const Napi::CallbackInfo& info) {
    simulated();
    handle->stream->setSimulator(readSimulatedElements(argument(info, 0, "channels"),
                                                       handle->stream->layout().elements.size()));
    return info.Env().Undefined();
  });
  addMethod(object, "fault", [handle, simulated](const Napi::CallbackInfo& info) {
    const SimulatedFault fault = readFault(argument(info, 0, "kind"));
    simulated();
    handle->stream->setFault(fault);
    return info.Env().Undefined();
  });
}

}  // namespace

Napi::Object makeStream(Napi::Env env, const std::shared_ptr<Environment>& environment,
                        StreamOptions options) {
  auto handle = std::make_shared<Handle>();
  handle->environment = environment;
  handle->news = std::make_shared<News>(environment);
  handle->stream = openStream(environment, std::move(options), handle->news);
  handle->closer = environment->atEnd([weak = std::weak_ptr(handle->stream)] {
    if (const auto stream = weak.lock()) stream->close();
  });
  Napi::Object object = Napi::Object::New(env);
  addLifecycle(object, handle);
  addState(object, handle);
  addBlock(object, handle);
  addReading(object, environment, environment->queries(), handle->stream->layout(), [handle] {
    const auto stream = handle->stream->stream();
    return std::shared_ptr<SampleStore>(stream, &stream->store());
  });
  addHolding(object, handle);
  addSimulator(object, handle);
  addAsync(object, "record", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    return record(info.Env(), handle->environment, handle->stream,
                  readRecordingOptions(argument(info, 0, "options"), handle->stream->layout()));
  });
  return object;
}

}  // namespace iio::binding
