// Those who follow a stream block by block behind its summaries, with what the scope trigger found.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "consumer.h"
#include "pyramid.h"
#include "trigger.h"

namespace iio {

// A segment of a block that the trigger was searched in. Valid for the call.
struct SearchedStrip {
  const Segment* segment = nullptr;
  const std::byte* scans = nullptr;
  const StripRecords* records = nullptr;
  std::span<const Crossing> found;  // those whose sample that fired is one of these
};

// Called on the store's thread, one block after the other.
class TriggerFollower {
 public:
  virtual ~TriggerFollower() = default;
  // `trigger`: null if none is set. Without strips the block was left out, or held nothing; else
  // the store holds a lease of it for the call. False: it follows no more.
  virtual bool searched(const HeaderPtr& header, const TriggerSearch* trigger,
                        std::span<const SearchedStrip> strips) = 0;
  // The stream has ended and this was all of it, or the store has shut down. Nothing is called
  // after that.
  virtual void ended() noexcept = 0;
};

class TriggerFollowers {
 public:
  void add(std::shared_ptr<TriggerFollower> follower) {
    std::lock_guard lock(lock_);
    followers_.push_back(std::move(follower));
  }
  void searched(const HeaderPtr& header, const TriggerSearch* trigger,
                std::span<const SearchedStrip> strips) {
    std::vector<std::shared_ptr<TriggerFollower>> gone;
    for (const auto& follower : all())
      if (!follower->searched(header, trigger, strips)) gone.push_back(follower);
    if (gone.empty()) return;
    std::lock_guard lock(lock_);
    for (const auto& follower : gone) std::erase(followers_, follower);
  }
  void end() noexcept {
    std::vector<std::shared_ptr<TriggerFollower>> left;
    {
      std::lock_guard lock(lock_);
      left.swap(followers_);
    }
    for (const auto& follower : left) follower->ended();
  }

 private:
  std::vector<std::shared_ptr<TriggerFollower>> all() const {
    std::lock_guard lock(lock_);
    return followers_;
  }

  mutable std::mutex lock_;
  std::vector<std::shared_ptr<TriggerFollower>> followers_;
};

}  // namespace iio
