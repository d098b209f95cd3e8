// The writes of a data file under way, on the crew's threads.
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "writer.h"

namespace iio {
namespace {

constexpr size_t kMaxParts = IOV_MAX;
// Page cache: written back in pieces of this size as they fill up …
constexpr int64_t kWritebackBytes = 8 << 20;
// … and never more than this dirty, so that no sync and no other program has to wait for gigabytes.
constexpr int64_t kMaxDirtyBytes = 64 << 20;

bool refusesDirect(int err) { return err == EINVAL || err == EFAULT || err == EOPNOTSUPP; }

void raise(std::atomic<int64_t>& most, int64_t to) {
  int64_t now = most.load(std::memory_order_relaxed);
  while (now < to && !most.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

}  // namespace

void SampleFile::perform(Flight& flight) noexcept {
  Fault fault = attempt(flight);
  int64_t end;
  {
    std::lock_guard lock(lock_);
    if (fault_) fault = {};  // told already
    if (fault) fault_ = fault;
    flight.finished = true;
    if (flight.buffer >= 0) bufferFree_[size_t(flight.buffer)] = true;
    end = advance();  // the flight may be gone now
    changed_.notify_all();
  }
  if (!direct_) try {
      pace(end);
    } catch (const CoreError& error) {
      std::lock_guard lock(lock_);
      if (!fault_) fault_ = fault = error.fault;
      changed_.notify_all();
    }
  if (fault && options_.failed) options_.failed(fault);
  if (options_.progress) options_.progress();
  std::lock_guard lock(lock_);
  --performing_;
  changed_.notify_all();
}

// Behind a write that failed nothing counts, and nothing is tried.
Fault SampleFile::attempt(Flight& flight) noexcept {
  {
    std::lock_guard lock(lock_);
    if (fault_) return fault_;
  }
  try {
    write(flight);
  } catch (const CoreError& error) {
    return error.fault;
  }
  return {};
}

// Where the file holds everything from its beginning: behind a write that was cut short nothing
// counts.
int64_t SampleFile::advance() {
  for (; !flights_.empty() && flights_.front().finished; flights_.pop_front()) {
    const Flight& flight = flights_.front();
    if (!broken_) raise(onFile_, flight.offset + int64_t(flight.done));
    broken_ = broken_ || flight.done < flight.bytes;
  }
  return bytesOnFile();
}

int64_t SampleFile::settledTo() const {
  std::lock_guard lock(lock_);
  if (halted_) return INT64_MAX;
  for (const Flight& flight : flights_)
    if (flight.borrowed && !flight.finished) return std::min<int64_t>(flight.offset, handedTo_);
  return handedTo_;
}

bool SampleFile::ready() const {
  std::lock_guard lock(lock_);
  return flights_.size() <= options_.inFlight;
}

uint32_t SampleFile::underWay() const {
  std::lock_guard lock(lock_);
  return performing_;
}

ssize_t SampleFile::transfer(bool direct, const iovec* parts, int count, int64_t offset) {
  return ::pwritev(direct ? directFd_ : fd_, parts, count, offset);
}

void SampleFile::write(Flight& flight) {
  const int64_t begin = monotonicNs();
  auto& parts = flight.parts;
  for (size_t next = 0; next < parts.size();) {
    ssize_t n = transfer(flight.direct, &parts[next], int(std::min(parts.size() - next, kMaxParts)),
                         flight.offset + int64_t(flight.done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && flight.direct && refusesDirect(errno)) {
      // After a write that was cut short within a page only its rest goes another way.
      if (flight.done == 0) leaveDirect(flight, errno);
      flight.direct = false;
      continue;
    }
    if (n <= 0) throw CoreError(writeFault(n < 0 ? errno : EIO, "pwritev", options_.path));
    flight.done += size_t(n);
    if (!flight.direct) copied_.fetch_add(n, std::memory_order_relaxed);
    for (; n > 0 && size_t(n) >= parts[next].iov_len; ++next) n -= ssize_t(parts[next].iov_len);
    if (n > 0) {
      parts[next].iov_base = static_cast<std::byte*>(parts[next].iov_base) + n;
      parts[next].iov_len -= size_t(n);
    }
  }
  if (flight.direct && flight.borrowed && way_ != WriteWay::Direct) tellDirect();
  raise(worstNs_, monotonicNs() - begin);
}

// Writes back what is dirty as it comes, and waits where too much is.
void SampleFile::pace(int64_t end) {
  std::lock_guard lock(paceLock_);
  const int64_t begin = monotonicNs();
  auto check = [&](int result) {
    // ESPIPE and the like: not offered here, then the kernel's own limits must do.
    if (result != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
      throw CoreError(writeFault(errno, "sync_file_range", options_.path));
  };
  for (; end - writebackStarted_ >= kWritebackBytes; writebackStarted_ += kWritebackBytes)
    check(::sync_file_range(fd_, writebackStarted_, kWritebackBytes, SYNC_FILE_RANGE_WRITE));
  for (; writebackStarted_ - writebackDone_ > kMaxDirtyBytes; writebackDone_ += kWritebackBytes) {
    check(::sync_file_range(
        fd_, writebackDone_, kWritebackBytes,
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
    ::posix_fadvise(fd_, writebackDone_, kWritebackBytes, POSIX_FADV_DONTNEED);
  }
  raise(worstNs_, monotonicNs() - begin);
}

}  // namespace iio
