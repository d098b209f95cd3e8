#include "writer-crew.h"

#include <pthread.h>

#include <algorithm>

namespace iio {

WriteCrew::WriteCrew(uint32_t threads) {
  for (uint32_t i = 0; i < std::max(threads, 1u); ++i)
    cpus_.push_back(std::make_unique<ThreadCpu>());
  try {
    for (const auto& cpu : cpus_) {
      threads_.emplace_back([this, of = cpu.get()] { run(*of); });
      pthread_setname_np(threads_.back().native_handle(), "iio-disk");
    }
  } catch (...) {
    close();
    throw;
  }
}

void WriteCrew::submit(const std::shared_ptr<Lane>& lane, Job job) {
  std::lock_guard lock(lock_);
  lane->waiting_.push_back(std::move(job));
  list(lane);
}

void WriteCrew::list(const std::shared_ptr<Lane>& lane) {
  if (lane->running_ + lane->listed_ >= lane->atOnce_) return;
  if (lane->waiting_.size() <= lane->listed_) return;
  ++lane->listed_;
  ready_.push_back(lane);
  changed_.notify_one();
}

void WriteCrew::run(ThreadCpu& cpu) {
  cpu.begin();
  std::unique_lock lock(lock_);
  for (;;) {
    changed_.wait(lock, [&] { return closing_ || !ready_.empty(); });
    if (ready_.empty()) break;
    const std::shared_ptr<Lane> lane = std::move(ready_.front());
    ready_.pop_front();
    Job job = std::move(lane->waiting_.front());
    lane->waiting_.pop_front();
    --lane->listed_;
    ++lane->running_;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    --lane->running_;
    list(lane);
  }
  lock.unlock();
  cpu.end();
}

void WriteCrew::close() {
  {
    std::lock_guard lock(lock_);
    closing_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

double WriteCrew::cpuSeconds() const {
  double sum = 0;
  for (const auto& cpu : cpus_) sum += cpu->seconds();
  return sum;
}

}  // namespace iio
