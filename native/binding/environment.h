// One Environment per JavaScript environment (the main thread, each worker): the way back to its
// thread, the threads that work for it, and what it has open. Everything of it may be used from any
// thread but for what says otherwise.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "js.h"

namespace iio::binding {

// Something to do on the JavaScript thread. Must hold nothing that may only be destroyed there.
class Task {
 public:
  virtual ~Task() = default;
  virtual void run(Napi::Env env) = 0;
};

// The way back: a thread-safe function with a queue of one, "there are tasks".
class Dispatcher {
 public:
  static std::shared_ptr<Dispatcher> create(Napi::Env env);  // JavaScript thread
  void post(std::shared_ptr<Task> task);
  // While something is held the process stays alive. JavaScript thread.
  void hold();
  void drop();
  // No task runs after this. JavaScript thread.
  void close();

 private:
  explicit Dispatcher(napi_env env) : env_(env) {}
  static void call(napi_env env, napi_value, void* context, void*);
  static void finalize(napi_env, void* kept, void*);
  void drain(Napi::Env env);

  std::mutex lock_;  // guards what follows
  napi_threadsafe_function function_ = nullptr;
  bool called_ = false;
  std::deque<std::shared_ptr<Task>> tasks_;
  const napi_env env_;
  uint32_t held_ = 0;  // JavaScript thread
};

// A bounded number of threads, begun as they are needed. Never libuv's: those belong to files and
// names.
class WorkPool {
 public:
  WorkPool(const char* name, size_t threads, size_t queueLimit)
      : name_(name), limit_(threads), queueLimit_(queueLimit) {}
  ~WorkPool() { close(); }
  // False: too much is waiting already, or it is closed.
  bool submit(std::function<void()> work);
  void close();  // finishes what is queued, then ends the threads; idempotent

 private:
  bool spawn();
  void run();

  const char* name_;
  const size_t limit_, queueLimit_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool closed_ = false;
};

class Environment;

// "There is news": calls a JavaScript function some time after notify(), once however often that
// was called. The function itself is kept by the environment, because it may only be let go on the
// JavaScript thread.
class News final : public Task, public std::enable_shared_from_this<News> {
 public:
  explicit News(const std::shared_ptr<Environment>& environment);
  void notify();                          // any thread
  void set(const Napi::Value& listener);  // none unless a function; JavaScript thread
  void run(Napi::Env env) override;

 private:
  std::weak_ptr<Environment> environment_;
  const uint64_t id_;
  std::atomic<bool> queued_{false}, wanted_{false};
};

class Environment : public std::enable_shared_from_this<Environment> {
 public:
  static std::shared_ptr<Environment> create(Napi::Env env);  // JavaScript thread

  const std::shared_ptr<Dispatcher>& dispatcher() const { return dispatcher_; }
  // Hardware and memory have threads apart from those that may wait for a file system: a folder
  // that does not answer must not keep a buffer running or the screen empty.
  WorkPool& lifecycle() { return lifecycle_; }      // streams begin, stop and close
  WorkPool& queries() { return queries_; }          // reads memory for the screen
  WorkPool& disks() { return disks_; }              // recordings begin and end, files open
  WorkPool& fileQueries() { return fileQueries_; }  // reads files for the screen

  // `close` is called at the end of the environment, unless forgotten before. JavaScript thread.
  uint64_t atEnd(std::function<void()> close);
  void forget(uint64_t id);
  bool closed() const { return closed_; }

  // Listeners by the number of their News. JavaScript thread.
  void setListener(uint64_t id, const Napi::Value& listener);
  // What it throws is an exception that nobody caught, as an event handler's is anywhere else; the
  // caller goes on.
  void callListener(Napi::Env env, uint64_t id, const std::vector<napi_value>& arguments);

  void shutdown();  // closes all; JavaScript thread; idempotent

 private:
  explicit Environment(Napi::Env env);
  std::shared_ptr<Dispatcher> dispatcher_;
  // A close waits for the stream's recordings, so each may keep a thread from others.
  WorkPool lifecycle_{"iio-work", 16, 1024};
  WorkPool queries_{"iio-query", 2, 1024};
  WorkPool disks_{"iio-disk", 4, 1024};
  WorkPool fileQueries_{"iio-file", 2, 1024};
  std::map<uint64_t, std::function<void()>> closers_;
  std::map<uint64_t, Napi::FunctionReference> listeners_;
  uint64_t next_ = 1;
  std::atomic<bool> closed_{false};
};

// A number that no other News of this process has.
uint64_t nextNumber();

}  // namespace iio::binding
