// Two threads a device: the worker makes the calls, the watcher looks at the clock. A worker that
// misses its deadline is disowned: it keeps its share of the state, drops its late answer and ends,
// or serves again if no other took its place.
#include "control.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "control-files.h"

namespace iio {
namespace {

using Clock = std::chrono::steady_clock;
using Replies = std::vector<ControlReply>;

// So many threads may hang in the kernel for one device before it is called dead.
constexpr int kMostStuck = 4;
// Urgent calls have a queue of their own, so that what others ask for never keeps a buffer running.
// Those who make them wait for the answer: so many are only there if something is wrong.
constexpr size_t kMostUrgent = 64;

void nameThread(pthread_t thread, const std::string& name) {
  ::pthread_setname_np(thread, name.substr(0, 15).c_str());
}

struct Job {
  std::vector<Control::Request> requests;
  Replies replies;
  std::function<void(Replies)> done;
  const Control::Request& next() const { return requests[replies.size()]; }
  bool finished() const { return replies.size() == requests.size(); }
  bool urgent() const { return requests.front().urgent; }
};
using JobPtr = std::shared_ptr<Job>;

class Shared : public std::enable_shared_from_this<Shared> {
 public:
  Shared(std::string name, int64_t deadlineMs, uint32_t queueLimit)
      : name_(std::move(name)), deadline_(deadlineMs), limit_(std::max(1u, queueLimit)) {}

  void start() {
    const std::lock_guard lock(mutex_);
    spawnWorker();
    launch([](Shared& self) { self.watch(); });
  }
  void submit(JobPtr job);
  void close();

 private:
  struct Running {
    JobPtr job;
    Clock::time_point deadline;
    pthread_t thread;
    pid_t tid;
  };

  void launch(std::function<void(Shared&)> body);
  void spawnWorker();
  void work(uint64_t turn);
  void watch();
  void disown(std::unique_lock<std::mutex>& lock);
  void finishAll(std::unique_lock<std::mutex>& lock);
  std::deque<JobPtr>& waiting(const Job& job) { return job.urgent() ? urgent_ : queue_; }
  JobPtr take();
  Fault timeout(const std::string& path, pid_t tid) const;
  Fault dead(const std::string& path) const;
  Fault closedFault(const std::string& path) const;
  Fault full(const std::string& path) const;
  // Fills what is left of a job with the reason and calls back. Without the lock.
  void answer(const JobPtr& job, Fault (Shared::*reason)(const std::string&) const) const;

  const std::string name_;
  const std::chrono::milliseconds deadline_;
  const uint32_t limit_;

  std::mutex mutex_;
  std::condition_variable work_, watch_, gone_;
  std::deque<JobPtr> urgent_, queue_;
  std::optional<Running> running_;
  uint64_t turn_ = 0;     // of the worker that may take jobs
  bool serving_ = false;  // whether there is such a worker
  bool closed_ = false;
  int stuck_ = 0;
  int threads_ = 0;
  std::vector<std::thread::id> own_;
};

// Threads are detached, because one that hangs in the kernel can't be joined by anyone; each keeps
// the state alive.
void Shared::launch(std::function<void(Shared&)> body) {
  ++threads_;
  std::thread([self = shared_from_this(), body = std::move(body)] {
    {
      const std::lock_guard lock(self->mutex_);
      self->own_.push_back(std::this_thread::get_id());
    }
    body(*self);
    const std::lock_guard lock(self->mutex_);
    std::erase(self->own_, std::this_thread::get_id());
    --self->threads_;
    self->gone_.notify_all();
  }).detach();
}

void Shared::spawnWorker() {
  serving_ = true;
  const uint64_t turn = ++turn_;
  launch([turn](Shared& self) { self.work(turn); });
}

void Shared::answer(const JobPtr& job, Fault (Shared::*reason)(const std::string&) const) const {
  while (!job->finished()) {
    ControlReply reply;
    reply.fault = (this->*reason)(job->next().path);
    job->replies.push_back(std::move(reply));
  }
  job->done(std::move(job->replies));
}

Fault Shared::timeout(const std::string& path, pid_t tid) const {
  Fault fault = makeFault(ETIMEDOUT, "control", path);
  fault.message = "The kernel did not answer within " + std::to_string(deadline_.count()) +
                  " ms at " + path + ". Thread " + std::to_string(tid) + " (stuck " + name_ +
                  ") was left behind waiting; check the device and its connection.";
  return fault;
}

Fault Shared::dead(const std::string& path) const {
  Fault fault = makeFault(ETIMEDOUT, "control", path);
  fault.message = "The device " + name_ + " does not answer: " + std::to_string(kMostStuck) +
                  " calls are stuck in the kernel. Unplug it or restart the machine.";
  return fault;
}

Fault Shared::closedFault(const std::string& path) const {
  Fault fault = makeFault(ECANCELED, "control", path);
  fault.message = "The control thread of " + name_ + " was closed before it came to " + path + ".";
  return fault;
}

Fault Shared::full(const std::string& path) const {
  Fault fault = makeFault(EAGAIN, "control", path);
  fault.message = "Too many requests wait for the device " + name_ + ". Try again in a moment.";
  return fault;
}

void Shared::submit(JobPtr job) {
  auto refusal = &Shared::closedFault;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && !serving_) {
      refusal = &Shared::dead;
    } else if (!closed_ && waiting(*job).size() >= (job->urgent() ? kMostUrgent : limit_)) {
      refusal = &Shared::full;
    } else if (!closed_) {
      waiting(*job).push_back(std::move(job));
      work_.notify_one();
      return;
    }
  }
  answer(job, refusal);
}

JobPtr Shared::take() {
  std::deque<JobPtr>& from = urgent_.empty() ? queue_ : urgent_;
  if (from.empty()) return nullptr;
  JobPtr job = std::move(from.front());
  from.pop_front();
  return job;
}

void Shared::work(uint64_t turn) {
  nameThread(::pthread_self(), name_);
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock,
               [&] { return closed_ || turn != turn_ || !urgent_.empty() || !queue_.empty(); });
    if (closed_ || turn != turn_) break;
    JobPtr job = take();
    running_ = Running{job, Clock::now() + deadline_, ::pthread_self(), ::gettid()};
    watch_.notify_one();
    const Control::Request request = job->next();
    lock.unlock();
    ControlReply reply = runRequest(request);
    lock.lock();
    if (turn != turn_) {  // disowned meanwhile: the answer was given without us
      --stuck_;
      if (serving_ || closed_) break;
      turn = ++turn_;
      serving_ = true;
      nameThread(::pthread_self(), name_);
      continue;
    }
    running_.reset();
    watch_.notify_one();
    job->replies.push_back(std::move(reply));
    if (!job->finished()) {
      if (closed_) {
        lock.unlock();
        answer(job, &Shared::closedFault);
        lock.lock();
      } else {
        queue_.push_front(std::move(job));
      }
      continue;
    }
    lock.unlock();
    job->done(std::move(job->replies));
    job.reset();
    lock.lock();
  }
}

void Shared::watch() {
  nameThread(::pthread_self(), "watch " + name_);
  std::unique_lock lock(mutex_);
  while (!closed_ || running_) {
    if (!running_) {
      watch_.wait(lock);
    } else if (Clock::now() < running_->deadline) {
      watch_.wait_until(lock, running_->deadline);
    } else {
      disown(lock);
    }
  }
}

void Shared::disown(std::unique_lock<std::mutex>& lock) {
  const Running late = std::move(*running_);
  running_.reset();
  ++stuck_;
  ++turn_;
  serving_ = false;
  nameThread(late.thread, "stuck " + name_);
  const JobPtr job = late.job;
  ControlReply reply;
  reply.fault = timeout(job->next().path, late.tid);
  job->replies.push_back(std::move(reply));
  const bool alive = !closed_ && stuck_ < kMostStuck;
  if (alive) spawnWorker();
  if (alive && !job->finished()) {
    queue_.push_front(job);
    work_.notify_one();
    return;
  }
  lock.unlock();
  answer(job, &Shared::dead);
  lock.lock();
  if (!alive) finishAll(lock);
}

void Shared::finishAll(std::unique_lock<std::mutex>& lock) {
  const auto reason = closed_ ? &Shared::closedFault : &Shared::dead;
  std::deque<JobPtr> all;
  all.swap(urgent_);
  for (JobPtr& job : queue_) all.push_back(std::move(job));
  queue_.clear();
  lock.unlock();
  for (const JobPtr& job : all) answer(job, reason);
  lock.lock();
}

void Shared::close() {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  closed_ = true;
  work_.notify_all();
  watch_.notify_all();
  finishAll(lock);
  // Idle threads end at once; wait for them, but never for one that the kernel holds, nor for
  // ourselves.
  const bool ours = std::ranges::find(own_, std::this_thread::get_id()) != own_.end();
  if (!ours && !running_ && stuck_ == 0)
    gone_.wait_for(lock, std::chrono::milliseconds(200), [&] { return threads_ == 0; });
}

class ControlThread final : public Control {
 public:
  ControlThread(std::string name, int64_t deadlineMs, uint32_t queueLimit)
      : shared_(std::make_shared<Shared>(std::move(name), deadlineMs, queueLimit)) {
    shared_->start();
  }
  ~ControlThread() override { ControlThread::close(); }

  void submit(Request request, std::function<void(ControlReply)> done) override {
    auto job = std::make_shared<Job>();
    job->requests.push_back(std::move(request));
    job->done = [done = std::move(done)](Replies replies) { done(std::move(replies.front())); };
    shared_->submit(std::move(job));
  }

  void readAll(std::vector<std::string> paths, std::function<void(Replies)> done) override {
    if (paths.empty()) return done({});
    auto job = std::make_shared<Job>();
    for (std::string& path : paths) job->requests.push_back({Op::Read, std::move(path)});
    job->done = std::move(done);
    shared_->submit(std::move(job));
  }

  ControlReply call(Request request) override {
    struct Waiting {
      std::mutex mutex;
      std::condition_variable ready;
      std::optional<ControlReply> reply;
    };
    auto waiting = std::make_shared<Waiting>();
    submit(std::move(request), [waiting](ControlReply reply) {
      const std::lock_guard lock(waiting->mutex);
      waiting->reply = std::move(reply);
      waiting->ready.notify_one();
    });
    std::unique_lock lock(waiting->mutex);
    waiting->ready.wait(lock, [&] { return waiting->reply.has_value(); });
    return std::move(*waiting->reply);
  }

  void close() noexcept override { shared_->close(); }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace

std::shared_ptr<Control> makeControl(std::string name, int64_t deadlineMs, uint32_t queueLimit) {
  return std::make_shared<ControlThread>(std::move(name), deadlineMs, queueLimit);
}

}  // namespace iio
