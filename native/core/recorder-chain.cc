#include "recorder-chain.h"

#include <algorithm>

namespace iio {
namespace {

CoreError refused(int err, const char* message) { return CoreError(Fault{err, "", "", message}); }

}  // namespace

RecorderChain::RecorderChain(RecorderSpec first, Leases& leases) : leases_(leases) {
  first.goesOn = false;
  current_ = make(std::move(first));
  parts_.push_back(current_);
}

std::shared_ptr<FileRecorder> RecorderChain::make(RecorderSpec spec) {
  auto part = FileRecorder::make(std::move(spec), leases_);
  part->onEnd([this, of = part.get()] { partEnded(of); });
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
    std::lock_guard lock(lock_);
    check();
    forgetEnded();
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

void RecorderChain::forgetEnded() {
  std::erase_if(parts_, [&](const auto& part) { return part != current_ && part->over(); });
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
  std::lock_guard lock(lock_);
  if (!open_) return false;
  if (next_ && current_->handOver(*next_)) current_ = std::move(next_);
  return current_->offer(header, data);
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
