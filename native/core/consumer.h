// Consumers of completed blocks (summaries, recorder, forwarders). The engine leases a block for each consumer that
// accepts it, on the acquisition thread, before the block can be queued again; the consumer gives the lease back from any
// thread. offer() must not block: a consumer's own queue is bounded by the number of blocks.
#pragma once
#include <cstddef>
#include <memory>

#include "block.h"

namespace iio {

// Releases blocks; thread safe. Implemented by the engine.
class Leases {
 public:
  virtual ~Leases() = default;
  virtual void release(BlockIndex block) noexcept = 0;
};

// Gives a lease back at its end, whatever happens meanwhile.
class LeaseGuard {
 public:
  LeaseGuard(Leases& leases, BlockIndex block) : leases_(leases), block_(block) {}
  ~LeaseGuard() { leases_.release(block_); }
  LeaseGuard(const LeaseGuard&) = delete;
  LeaseGuard& operator=(const LeaseGuard&) = delete;

 private:
  Leases& leases_;
  const BlockIndex block_;
};

using HeaderPtr = std::shared_ptr<const BlockHeader>;

class Consumer {
 public:
  virtual ~Consumer() = default;
  // True: the consumer holds one lease on header->block now and will call Leases::release once.
  virtual bool offer(const HeaderPtr& header, const std::byte* data) = 0;
  // The stream has ended: no more blocks come. The consumer finishes what it holds.
  virtual void ended() noexcept = 0;
};

}  // namespace iio
