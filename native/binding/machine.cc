#include "machine.h"

#include <system_error>
#include <thread>

#include "clock.h"
#include "crc32c.h"
#include "deferred.h"
#include "fs-limits.h"
#include "fs.h"
#include "iio-transport.h"
#include "uevent.h"

namespace iio::binding {
namespace {

using EnvironmentPtr = std::shared_ptr<Environment>;

// On a thread of its own, left behind if the kernel never answers: a probe must not take one from
// the pool.
template <class T>
Napi::Promise onOwnThread(Napi::Env env, const EnvironmentPtr& environment, std::function<T()> work,
                          typename Deferred<T>::Convert convert) {
  auto deferred = makeDeferred<T>(env, *environment, std::move(convert));
  try {
    std::thread([deferred, work = std::move(work)] { settle<T>(*deferred, work); }).detach();
  } catch (const std::system_error& error) {
    deferred->reject(makeFault(error.code().value(), "pthread_create", ""));
  }
  return deferred->promise();
}

ArenaKind readHeapKind(const Field& field) {
  return field.choice({"heap", "udmabuf"}) == 0 ? ArenaKind::Heap : ArenaKind::Udmabuf;
}

Napi::Value probeHeapOf(const Napi::CallbackInfo& info, const EnvironmentPtr& environment) {
  const ArenaKind kind = readHeapKind(argument(info, 0, "kind"));
  const std::string path = argument(info, 1, "devicePath").path(false);
  return onOwnThread<int>(
      info.Env(), environment, [kind, path] { return probeHeap(kind, path); },
      [](Napi::Env env, int& err) -> Napi::Value { return Napi::Number::New(env, err); });
}

Napi::Value probeBufferOf(const Napi::CallbackInfo& info, const EnvironmentPtr& environment) {
  const std::string path = argument(info, 0, "devicePath").path(false);
  const auto index = uint32_t(argument(info, 1, "bufferIndex").integer(0, 1023));
  const Field heap = argument(info, 2, "heap");
  std::optional<ArenaSpec> arena;
  if (!heap.isNull())
    arena = ArenaSpec{readHeapKind(heap["kind"]), heap["devicePath"].path(false), 1, 4096};
  return onOwnThread<BufferProbe>(
      info.Env(), environment,
      [path, index, arena] { return probeBuffer(path, index, arena ? &*arena : nullptr); },
      [](Napi::Env env, BufferProbe& probe) -> Napi::Value {
        Napi::Object out = Napi::Object::New(env);
        out.Set("getFd", Napi::Number::New(env, probe.getFd));
        out.Set("attach", Napi::Number::New(env, probe.attach));
        out.Set("holder", Napi::String::New(env, probe.holder));
        return out;
      });
}

// Events on their way to JavaScript. What comes while too many wait is replaced by the word that
// something was missed.
class UeventQueue final : public Task, public std::enable_shared_from_this<UeventQueue> {
 public:
  static constexpr size_t kWaiting = 4096;

  explicit UeventQueue(const EnvironmentPtr& environment)
      : id(nextNumber()), environment_(environment) {}

  void push(std::vector<std::string> fields) {
    {
      std::lock_guard lock(lock_);
      if (waiting_.size() >= kWaiting) waiting_.assign(1, {"overflow"});
      waiting_.push_back(std::move(fields));
      if (waiting_.size() > 1) return;
    }
    if (const auto environment = environment_.lock())
      environment->dispatcher()->post(shared_from_this());
  }

  void run(Napi::Env env) override {
    std::vector<std::vector<std::string>> events;
    {
      std::lock_guard lock(lock_);
      events.swap(waiting_);
    }
    const auto environment = environment_.lock();
    if (!environment) return;
    for (const auto& fields : events) {
      Napi::Array list = Napi::Array::New(env, fields.size());
      for (size_t i = 0; i < fields.size(); ++i)
        list.Set(uint32_t(i), Napi::String::New(env, fields[i]));
      environment->callListener(env, id, {list});
    }
  }

  const uint64_t id;

 private:
  const std::weak_ptr<Environment> environment_;
  std::mutex lock_;
  std::vector<std::vector<std::string>> waiting_;
};

Napi::Value watchUevents(const Napi::CallbackInfo& info, const EnvironmentPtr& environment) {
  if (!info[0].IsFunction()) argument(info, 0, "listener").refuse("must be a function.");
  auto queue = std::make_shared<UeventQueue>(environment);
  std::shared_ptr<UeventMonitor> monitor = UeventMonitor::create(
      [queue](std::vector<std::string> fields) { queue->push(std::move(fields)); });
  environment->setListener(queue->id, info[0]);
  const uint64_t closer = environment->atEnd([monitor] { monitor->close(); });
  return Napi::Function::New(info.Env(),
                             [environment, monitor, queue, closer](const Napi::CallbackInfo&) {
                               environment->setListener(queue->id, {});
                               environment->forget(closer);
                               monitor->close();
                             });
}

Napi::Value clocks(const Napi::CallbackInfo& info) {
  // The same moment: CLOCK_REALTIME is read between two readings of the other.
  const int64_t before = monotonicNs();
  const int64_t realtime = nanosecondsOf(CLOCK_REALTIME);
  const int64_t after = monotonicNs();
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("monotonicNs", toTime(info.Env(), before + (after - before) / 2));
  out.Set("realtimeNs", toTime(info.Env(), realtime));
  return out;
}

Napi::Value fileLimit(const Napi::CallbackInfo& info) {
  const FileLimit limit = raiseFileLimit();
  auto shown = [](uint64_t value) {
    return double(std::min<uint64_t>(value, uint64_t(kMostExact)));
  };
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("soft", Napi::Number::New(info.Env(), shown(limit.soft)));
  out.Set("hard", Napi::Number::New(info.Env(), shown(limit.hard)));
  return out;
}

}  // namespace

void addMachine(Napi::Object exports, const EnvironmentPtr& environment) {
  addAsync(exports, "probeHeap", [environment](const Napi::CallbackInfo& info) {
    return probeHeapOf(info, environment);
  });
  addAsync(exports, "probeBuffer", [environment](const Napi::CallbackInfo& info) {
    return probeBufferOf(info, environment);
  });
  addMethod(exports, "watchUevents", [environment](const Napi::CallbackInfo& info) {
    return watchUevents(info, environment);
  });
  addMethod(exports, "raiseFileLimit", fileLimit);
  addMethod(exports, "clocks", clocks);
  addAsync(exports, "freeBytes", [environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return promiseOf<int64_t>(
        info.Env(), *environment, environment->disks(),
        [path = argument(info, 0, "path").path(false)] { return freeBytes(path); },
        [](Napi::Env env, int64_t& bytes) -> Napi::Value {
          return Napi::Number::New(env, double(bytes));
        });
  });
  addMethod(exports, "crc32c", [](const Napi::CallbackInfo& info) -> Napi::Value {
    const auto bytes = argument(info, 0, "data").bytes();
    const auto seed = uint32_t(argument(info, 1, "seed").integer(0, UINT32_MAX));
    return Napi::Number::New(info.Env(), crc32c(seed, bytes.data(), bytes.size()));
  });
}

}  // namespace iio::binding
