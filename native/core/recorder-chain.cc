#include "recorder-chain.h"

#include <algorithm>
#include <iterator>

namespace iio {
namespace {

CoreError refused(int err, const char* message) { return CoreError(Fault{err, "", "", message}); }

}  // namespace

std::shared_ptr<RecorderChain> RecorderChain::create(RecorderSpec first, Leases& leases) {
  first.goesOn = false;
  const std::shared_ptr<RecorderChain> chain(new RecorderChain(leases));
  chain->current_ = chain->make(std::move(first));
  chain->parts_.push_back(chain->current_);
  return chain;
}

std::shared_ptr<FileRecorder> RecorderChain::make(RecorderSpec spec) {
  auto part = FileRecorder::make(std::move(spec), leases_);
  part->onEnd([this, of = part.get()] { partEnded(of); });
  // Unlike its own end, the finish of a part may be asked for when the chain has gone.
  part->onFinish([weak = weak_from_this(), of = part.get()] {
    if (const auto chain = weak.lock()) chain->finishing(of);
  });
  return part;
}

std::shared_ptr<Recorder> RecorderChain::begin() {
  try {
    current_->begin();
  } catch (...) {
    std::lock_guard lock(lock_);
    open_ = false;
    throw;
  }
  return current_;
}

std::shared_ptr<Recorder> RecorderChain::next(const Recorder* part, RecorderSpec spec) {
  const auto check = [&] {
    if (next_) throw refused(EBUSY, "A next part is waiting already. Wait until it has begun.");
    if (!open_ || current_.get() != part)
      throw refused(ECANCELED,
                    "No part can follow this one: it has ended, or has not begun. Ask the part "
                    "that is being recorded.");
  };
  {
    std::vector<std::shared_ptr<FileRecorder>> ended;  // go after the lock
    std::lock_guard lock(lock_);
    check();
    ended = takeEnded();
  }
  spec.goesOn = true;
  spec.fromScan = -1;
  auto made = make(std::move(spec));
  made->begin();  // may wait for the disk, and no block is to wait for that
  std::unique_lock lock(lock_);
  parts_.push_back(made);
  try {
    check();
    if (!made->ready()) throw CoreError(made->status().fault);
  } catch (const CoreError&) {
    lock.unlock();
    made->withdraw();
    made->finish();
    throw;
  }
  next_ = made;
  return made;
}

bool RecorderChain::holds(const Recorder* part) const {
  std::lock_guard lock(lock_);
  return std::any_of(parts_.begin(), parts_.end(), [&](const auto& p) { return p.get() == part; });
}

bool RecorderChain::over() const {
  std::lock_guard lock(lock_);
  return !open_ &&
         std::all_of(parts_.begin(), parts_.end(), [](const auto& p) { return p->over(); });
}

// The chain may be the last to hold one, whose end then waits for its thread and asks here for the
// part that takes blocks.
std::vector<std::shared_ptr<FileRecorder>> RecorderChain::takeEnded() {
  const auto stays = std::stable_partition(parts_.begin(), parts_.end(), [&](const auto& part) {
    return part == current_ || !part->over();
  });
  std::vector<std::shared_ptr<FileRecorder>> out(std::make_move_iterator(stays),
                                                 std::make_move_iterator(parts_.end()));
  parts_.erase(stays, parts_.end());
  return out;
}

void RecorderChain::finish() noexcept {
  std::vector<std::shared_ptr<FileRecorder>> parts;
  {
    std::lock_guard lock(lock_);
    open_ = false;
    if (next_) next_->withdraw();
    next_.reset();
    parts = parts_;
  }
  for (const auto& part : parts) part->finish();
}

bool RecorderChain::offer(const HeaderPtr& header, const std::byte* data) {
  return take(header, data, true);
}

bool RecorderChain::take(const HeaderPtr& header, const std::byte* data, bool begins) {
  std::lock_guard lock(lock_);
  if (!open_) return false;
  if (begins && next_ && current_->handOver(*next_)) current_ = std::move(next_);
  return current_->offer(header, data);
}

uint32_t RecorderChain::held() const {
  std::lock_guard lock(lock_);
  uint32_t sum = 0;
  for (const auto& part : parts_) sum += part->held();
  return sum;
}

void RecorderChain::captured(const Capture& capture) {
  std::lock_guard lock(lock_);
  current_->captured(capture);
}

void RecorderChain::missed() {
  std::lock_guard lock(lock_);
  current_->missedCapture();
}

void RecorderChain::finishing(const FileRecorder* part) {
  {
    std::lock_guard lock(lock_);
    if (current_.get() != part) return;
  }
  if (finish_) finish_();
}

void RecorderChain::ended() noexcept {
  std::lock_guard lock(lock_);
  current_->ended();
}

// The end of the part that takes blocks is the end of all: what comes after it is not recorded. One
// that ends while it waits is as good as none.
void RecorderChain::partEnded(const FileRecorder* part) {
  std::lock_guard lock(lock_);
  if (next_.get() == part) next_.reset();
  if (current_.get() != part) return;
  open_ = false;
  if (next_) next_->withdraw();
  next_.reset();
}

}  // namespace iio
