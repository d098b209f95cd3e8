// Fakes for the engine's tests: an arena that watches the brackets, a transport whose completions
// the test orders, and a consumer that keeps what it is offered. Every sample is a u32 that counts
// scans, lost ones included.
#pragma once
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "engine.h"

namespace fakes {

using namespace iio;

inline bool eventually(const std::function<bool()>& holds) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// What arena and transport tell the test; outlives the engine.
struct Bench {
  std::mutex lock;
  std::vector<std::string> calls;  // open, enqueue N, enable, disable, close
  std::vector<bool> bracket;
  uint32_t begins = 0, ends = 0;
  std::vector<std::string> faults;  // against the rules of use
  std::atomic<bool> memoryFreed{false};
  std::function<void()> whileFreeing;  // called as the memory goes, if set

  void call(std::string what) {
    std::lock_guard guard(lock);
    calls.push_back(std::move(what));
  }
  void fault(std::string what) { faults.push_back(std::move(what)); }  // with the lock held
  void checkNoFaults() {
    std::lock_guard guard(lock);
    for (const std::string& what : faults) FAIL_CHECK(what);
  }
};

class FakeArena : public Arena {
 public:
  FakeArena(std::shared_ptr<Bench> bench, uint32_t count, uint32_t bytes)
      : bench_(std::move(bench)), count_(count), bytes_(bytes), memory_(size_t{count} * bytes) {
    bench_->bracket.assign(count, false);
  }
  ~FakeArena() override {
    if (bench_->whileFreeing) bench_->whileFreeing();
    for (bool open : bench_->bracket)
      if (open) bench_->fault("memory freed with a bracket open");
    bench_->memoryFreed = true;
  }
  ArenaKind kind() const override { return ArenaKind::Pages; }
  uint32_t blockCount() const override { return count_; }
  uint32_t allocatedBytes() const override { return bytes_; }
  std::byte* data(BlockIndex i) const override {
    return const_cast<std::byte*>(memory_.data()) + size_t{i} * bytes_;
  }
  int fd(BlockIndex) const override { return -1; }
  bool directIo() const override { return false; }
  void beginRead(BlockIndex i) override {
    std::lock_guard guard(bench_->lock);
    if (bench_->bracket[i]) bench_->fault("bracket opened twice");
    bench_->bracket[i] = true;
    ++bench_->begins;
  }
  void endRead(BlockIndex i) override {
    std::lock_guard guard(bench_->lock);
    if (!bench_->bracket[i]) bench_->fault("bracket closed twice");
    bench_->bracket[i] = false;
    ++bench_->ends;
  }

 private:
  std::shared_ptr<Bench> bench_;
  uint32_t count_, bytes_;
  std::vector<std::byte> memory_;
};

struct Order {
  CompletionStatus status = CompletionStatus::Ok;
  uint32_t lostBefore = 0;  // scans the device loses before this block
  bool tells = false;       // whether the transport reports them
  Grade grade = Grade::Exact;
  uint32_t bytes = 0;  // 0: full
  bool writes = true;  // false: the block is as it was
};

class FakeTransport : public Transport {
 public:
  FakeTransport(std::shared_ptr<Bench> bench, uint32_t scanBytes, bool waits = false,
                Grade grade = Grade::Exact)
      : bench_(std::move(bench)),
        scanBytes_(scanBytes),
        waits_(waits),
        grade_(grade),
        ready_(eventfd(0, EFD_NONBLOCK)) {}
  ~FakeTransport() override { ::close(ready_); }

  // The test's side.
  void complete(uint32_t blocks) {
    for (uint32_t i = 0; i < blocks; ++i) order({});
  }
  void order(Order order) {
    std::lock_guard guard(lock_);
    orders_.push_back(order);
    ring();
  }
  // All together, as one batch of completions.
  void batch(std::vector<Order> orders) {
    std::lock_guard guard(lock_);
    orders_.insert(orders_.end(), orders.begin(), orders.end());
    ring();
  }
  void atDisable(std::vector<Order> orders) { last_ = std::move(orders); }  // before start
  void runFreely(bool freely) {
    std::lock_guard guard(lock_);
    freely_ = freely;
    ring();
  }
  void end(WaitResult how, Fault why) {
    std::lock_guard guard(lock_);
    end_ = how;
    fault_ = std::move(why);
    ring();
  }
  void failEnqueueAfter(uint32_t enqueues) {
    std::lock_guard guard(lock_);
    enqueuesLeft_ = enqueues;
  }
  void failEnable(Fault fault) { enableFault_ = std::move(fault); }
  uint32_t queued() {
    std::lock_guard guard(lock_);
    return static_cast<uint32_t>(queue_.size());
  }
  uint64_t waits() { return waitCount_; }
  uint64_t deviceScan() {
    std::lock_guard guard(lock_);
    return scan_;
  }

  void open(Arena& arena) override {
    arena_ = &arena;
    bench_->call("open");
  }
  std::function<void()> onEnqueue;  // called on the acquisition thread, if set before start
  void enqueue(BlockIndex block, uint32_t payloadBytes) override {
    if (onEnqueue) onEnqueue();
    bench_->call("enqueue " + std::to_string(block));
    std::lock_guard guard(lock_);
    if (enqueuesLeft_ == 0) throw CoreError(Fault{EIO, "enqueue", "", "The block was refused."});
    --enqueuesLeft_;
    std::lock_guard rules(bench_->lock);
    if (bench_->bracket[block]) bench_->fault("block queued with its bracket open");
    if (std::find(queue_.begin(), queue_.end(), block) != queue_.end())
      bench_->fault("block queued twice");
    queue_.push_back(block);
    payload_ = payloadBytes;
  }
  void enable() override {
    bench_->call("enable");
    if (enableFault_) throw CoreError(enableFault_);
  }
  WaitResult wait(std::span<Completion> out, size_t& count, int64_t deadlineNs,
                  int stopFd) override {
    ++waitCount_;
    count = 0;
    for (;;) {
      {
        std::lock_guard guard(lock_);
        while (count < out.size() && (freely_ ? count == 0 : !orders_.empty()) && !queue_.empty()) {
          Order next;
          if (!freely_) {
            next = orders_.front();
            orders_.pop_front();
          }
          out[count++] = fill(next);
        }
        if (count > 0) return WaitResult::Completed;
        if (end_ != WaitResult::Timeout) return end_;
      }
      pollfd fds[2] = {{stopFd, POLLIN, 0}, {ready_, POLLIN, 0}};
      timespec now{};
      clock_gettime(CLOCK_MONOTONIC, &now);
      int64_t left = deadlineNs - (now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec);
      if (left <= 0) return WaitResult::Timeout;
      poll(fds, 2, static_cast<int>(left / 1'000'000 + 1));
      uint64_t rung = 0;
      if (fds[1].revents && ::read(ready_, &rung, sizeof rung) < 0) return WaitResult::Timeout;
      if (fds[0].revents) return WaitResult::Stopped;
    }
  }
  void disable(std::span<Completion> out, size_t& count) noexcept override {
    bench_->call("disable");
    std::lock_guard guard(lock_);
    count = 0;
    for (const Order& order : last_)
      if (!queue_.empty()) out[count++] = fill(order);
    while (!queue_.empty() && count < out.size()) {
      out[count].status = CompletionStatus::Aborted;
      out[count++].block = queue_.front();
      queue_.pop_front();
    }
  }
  void close() noexcept override { bench_->call("close"); }
  bool waitsForBlocks() const override { return waits_; }
  // What its source is it learns when it opens it, as the real ones do.
  Grade lossGrade() const override { return arena_ ? grade_ : Grade::Unknown; }
  const Fault& fault() const override { return fault_; }

 private:
  void ring() {
    uint64_t one = 1;
    if (::write(ready_, &one, sizeof one) < 0) FAIL("eventfd");
  }
  Completion fill(const Order& order) {
    Completion done;
    done.block = queue_.front();
    queue_.pop_front();
    done.status = order.status;
    done.bytes = order.bytes ? order.bytes : payload_;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    done.timeNs = now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
    scan_ += order.lostBefore;
    if (order.tells) {
      done.hasGap = true;
      done.gap = {.grade = order.grade,
                  .cause = GapCause::DryQueue,
                  .lost = order.lostBefore,
                  .lostMin = order.lostBefore,
                  .lostMax = order.lostBefore};
    }
    if (order.status == CompletionStatus::Failed)
      done.fault = Fault{EIO, "transfer", "", "The transfer failed."};
    std::byte* at = arena_->data(done.block);
    for (uint32_t i = 0; order.writes && i < done.bytes / scanBytes_; ++i, ++scan_) {
      auto value = static_cast<uint32_t>(scan_);
      std::memcpy(at + size_t{i} * scanBytes_, &value, sizeof value);
    }
    std::lock_guard rules(bench_->lock);
    if (bench_->bracket[done.block]) bench_->fault("block filled with its bracket open");
    return done;
  }

  std::shared_ptr<Bench> bench_;
  uint32_t scanBytes_;
  bool waits_;
  Grade grade_;
  int ready_;
  Arena* arena_ = nullptr;
  std::atomic<uint64_t> waitCount_{0};
  std::mutex lock_;
  std::deque<BlockIndex> queue_;
  std::deque<Order> orders_;
  std::vector<Order> last_;
  bool freely_ = false;
  WaitResult end_ = WaitResult::Timeout;
  Fault fault_, enableFault_;
  uint32_t payload_ = 0, enqueuesLeft_ = UINT32_MAX;
  uint64_t scan_ = 0;
};

// Keeps the leases of what it is offered until let go.
class FakeConsumer : public Consumer {
 public:
  explicit FakeConsumer(bool accepts = true) : accepts_(accepts) {}
  bool offer(const HeaderPtr& header, const std::byte* data) override {
    if (onOffer) onOffer(header, data);
    std::lock_guard guard(lock_);
    if (ended_ > 0) late_ = true;
    seen_.push_back(header);
    if (accepts_) held_.push_back(header->block);
    return accepts_;
  }
  void ended() noexcept override {
    std::lock_guard guard(lock_);
    ++ended_;
  }
  void accept(bool accepts) {
    std::lock_guard guard(lock_);
    accepts_ = accepts;
  }
  std::vector<HeaderPtr> seen() {
    std::lock_guard guard(lock_);
    return seen_;
  }
  size_t count() {
    std::lock_guard guard(lock_);
    return seen_.size();
  }
  uint32_t endings() {
    std::lock_guard guard(lock_);
    return ended_;
  }
  bool offeredAfterEnd() {
    std::lock_guard guard(lock_);
    return late_;
  }
  void letGo(Leases& leases, size_t atMost = SIZE_MAX) {
    std::deque<BlockIndex> go;
    {
      std::lock_guard guard(lock_);
      while (!held_.empty() && go.size() < atMost) {
        go.push_back(held_.front());
        held_.pop_front();
      }
    }
    for (BlockIndex block : go) leases.release(block);
  }
  std::function<void(const HeaderPtr&, const std::byte*)> onOffer;

 private:
  std::mutex lock_;
  bool accepts_;
  bool late_ = false;
  uint32_t ended_ = 0;
  std::vector<HeaderPtr> seen_;
  std::deque<BlockIndex> held_;
};

// Pins what is in the history from one block to another.
inline PinId pinBlocks(Engine& engine, const HeaderPtr& from, const HeaderPtr& to) {
  int64_t fromScan = from->firstScan(), toScan = to->endScan();
  return engine.pin(fromScan, toScan);
}

// An engine on fakes. Scans of 4 bytes, the counter.
struct Rig {
  static constexpr uint32_t kScanBytes = 4;
  std::shared_ptr<Bench> bench = std::make_shared<Bench>();
  FakeTransport* transport;
  std::unique_ptr<Engine> engine;
  uint32_t scans;

  Rig(uint32_t blocks, uint32_t depth, uint32_t scansPerBlock = 16, bool waits = false,
      Grade grade = Grade::Exact, bool counter = false)
      : scans(scansPerBlock) {
    EngineSpec spec;
    spec.layout.scanBytes = kScanBytes;
    ScanElement element;
    element.storageBits = element.bits = 32;
    element.kind = NumberKind::Unsigned;
    spec.layout.elements = {element};
    spec.payloadBytes = scansPerBlock * kScanBytes;
    spec.queueDepth = depth;
    if (counter) spec.counter = {0};
    auto source = std::make_unique<FakeTransport>(bench, kScanBytes, waits, grade);
    transport = source.get();
    engine = std::make_unique<Engine>(
        spec, std::make_unique<FakeArena>(bench, blocks, scansPerBlock * kScanBytes),
        std::move(source));
  }
  ~Rig() {
    engine.reset();
    bench->checkNoFaults();
  }
  // Orders blocks and waits until they are published. (A wait for blocks ordered before it would
  // not be one: how many of them are published when it begins to count is chance.)
  void complete(uint32_t blocks, const Order& each = {}) {
    uint64_t want = engine->counters().blocks + blocks;
    for (uint32_t i = 0; i < blocks; ++i) transport->order(each);
    REQUIRE(eventually([&] { return engine->counters().blocks >= want; }));
  }
  uint32_t valueAt(const BlockHeader& header, uint32_t offset) const {
    uint32_t value;
    std::memcpy(&value, engine->data(header.block) + size_t{offset} * kScanBytes, sizeof value);
    return value;
  }
};

}  // namespace fakes
