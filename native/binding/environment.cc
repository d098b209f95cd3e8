#include "environment.h"

#include <pthread.h>

#include <system_error>

namespace iio::binding {

uint64_t nextNumber() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

std::shared_ptr<Dispatcher> Dispatcher::create(Napi::Env env) {
  std::shared_ptr<Dispatcher> made(new Dispatcher(env));
  auto* kept = new std::shared_ptr<Dispatcher>(made);  // by Node, until it calls finalize
  if (napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "iio-studio"),
                                      1, 1, kept, finalize, made.get(), call,
                                      &made->function_) != napi_ok) {
    delete kept;
    throw Napi::Error::New(env, "The addon could not make its way back to JavaScript.");
  }
  napi_unref_threadsafe_function(env, made->function_);
  return made;
}

void Dispatcher::post(std::shared_ptr<Task> task) {
  std::lock_guard lock(lock_);
  if (!function_) return;
  tasks_.push_back(std::move(task));
  if (called_) return;
  called_ = true;
  napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Dispatcher::hold() {
  if (held_++ == 0 && function_) napi_ref_threadsafe_function(env_, function_);
}

void Dispatcher::drop() {
  if (--held_ == 0 && function_) napi_unref_threadsafe_function(env_, function_);
}

void Dispatcher::close() {
  std::deque<std::shared_ptr<Task>> dropped;
  std::lock_guard lock(lock_);
  if (function_) napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
  dropped.swap(tasks_);
}

// Node itself ends the function with the environment, and frees it after this.
void Dispatcher::finalize(napi_env, void* kept, void*) {
  auto* dispatcher = static_cast<std::shared_ptr<Dispatcher>*>(kept);
  {
    std::lock_guard lock((*dispatcher)->lock_);
    (*dispatcher)->function_ = nullptr;
  }
  delete dispatcher;
}

void Dispatcher::call(napi_env env, napi_value, void* context, void*) {
  if (env) static_cast<Dispatcher*>(context)->drain(env);
}

void Dispatcher::drain(Napi::Env env) {
  std::deque<std::shared_ptr<Task>> tasks;
  {
    std::lock_guard lock(lock_);
    called_ = false;
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) {
    Napi::HandleScope scope(env);
    try {
      task->run(env);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());
    }
  }
}

bool WorkPool::submit(std::function<void()> work) {
  std::lock_guard lock(lock_);
  if (closed_ || queue_.size() >= queueLimit_) return false;
  queue_.push_back(std::move(work));
  if (queue_.size() > idle_ && threads_.size() < limit_ && !spawn()) {
    queue_.pop_back();
    return false;
  }
  changed_.notify_one();
  return true;
}

// False if the system gives no thread and there is none yet.
bool WorkPool::spawn() {
  try {
    threads_.emplace_back([this] { run(); });
    pthread_setname_np(threads_.back().native_handle(), name_);
  } catch (const std::system_error&) {
  }
  return !threads_.empty();
}

void WorkPool::close() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(lock_);
    closed_ = true;
    changed_.notify_all();
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void WorkPool::run() {
  std::unique_lock lock(lock_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [&] { return closed_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it held goes before the lock is taken
    lock.lock();
  }
}

News::News(const std::shared_ptr<Environment>& environment)
    : environment_(environment), id_(nextNumber()) {}

void News::notify() {
  if (!wanted_ || queued_.exchange(true)) return;
  if (const auto environment = environment_.lock())
    environment->dispatcher()->post(shared_from_this());
}

void News::set(const Napi::Value& listener) {
  wanted_ = !listener.IsEmpty() && listener.IsFunction();
  if (const auto environment = environment_.lock()) environment->setListener(id_, listener);
}

void News::run(Napi::Env env) {
  queued_ = false;
  if (const auto environment = environment_.lock()) environment->callListener(env, id_, {});
}

std::shared_ptr<Environment> Environment::create(Napi::Env env) {
  std::shared_ptr<Environment> made(new Environment(env));
  // Added after the dispatcher's thread-safe function, so it runs before Node ends that.
  auto* kept = new std::shared_ptr<Environment>(made);
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        auto* environment = static_cast<std::shared_ptr<Environment>*>(data);
        (*environment)->shutdown();
        delete environment;
      },
      kept);
  // process.exit() runs no cleanup hooks: without this a buffer would stay enabled and a recording
  // without its end.
  const auto process = env.Global().Get("process").As<Napi::Object>();
  const auto on = process.Get("on");
  if (on.IsFunction())
    on.As<Napi::Function>().Call(
        process,
        {Napi::String::New(env, "exit"),
         Napi::Function::New(env, [made](const Napi::CallbackInfo&) { made->shutdown(); })});
  return made;
}

Environment::Environment(Napi::Env env) : dispatcher_(Dispatcher::create(env)) {}

uint64_t Environment::atEnd(std::function<void()> close) {
  closers_.emplace(next_, std::move(close));
  return next_++;
}

void Environment::forget(uint64_t id) { closers_.erase(id); }

void Environment::setListener(uint64_t id, const Napi::Value& listener) {
  if (!listener.IsEmpty() && listener.IsFunction() && !closed_)
    listeners_[id] = Napi::Persistent(listener.As<Napi::Function>());
  else
    listeners_.erase(id);
}

void Environment::callListener(Napi::Env env, uint64_t id,
                               const std::vector<napi_value>& arguments) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  const Napi::Function listener = found->second.Value();  // it may remove itself
  try {
    listener.Call(env.Undefined(), arguments);
  } catch (const Napi::Error& error) {
    napi_fatal_exception(env, error.Value());
  }
}

void Environment::shutdown() {
  if (closed_.exchange(true)) return;
  listeners_.clear();
  dispatcher_->close();
  auto closers = std::move(closers_);
  closers_.clear();
  for (auto& [id, close] : closers) close();
  lifecycle_.close();
  queries_.close();
  disks_.close();
  fileQueries_.close();
}

}  // namespace iio::binding
