// WriteCrew: threads that write for the files of one recording, so that the next write is made
// ready while one is under way, and each file has one under way.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "thread-cpu.h"

namespace iio {

class WriteCrew {
 public:
  using Job = std::function<void()>;
  // The jobs of a file. They begin in their order; at most `atOnce` are under way.
  class Lane {
   public:
    explicit Lane(uint32_t atOnce) : atOnce_(atOnce) {}

   private:
    friend class WriteCrew;
    const uint32_t atOnce_;
    uint32_t running_ = 0, listed_ = 0;  // jobs under way; entries in ready_
    std::deque<Job> waiting_;
  };

  explicit WriteCrew(uint32_t threads);  // throws std::system_error
  ~WriteCrew() { close(); }
  void submit(const std::shared_ptr<Lane>& lane, Job job);  // which must not throw
  void close();                                             // when all jobs are done; idempotent
  double cpuSeconds() const;

 private:
  void list(const std::shared_ptr<Lane>& lane);  // if it may begin another job; with the lock held
  void run(ThreadCpu& cpu);

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Lane>> ready_;  // a lane as often as it may begin a job now
  bool closing_ = false;
  std::vector<std::unique_ptr<ThreadCpu>> cpus_;
  std::vector<std::thread> threads_;
};

}  // namespace iio
