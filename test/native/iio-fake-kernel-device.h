// The device of FakeKernel: converter, engine, halves and kfifo. Included by iio-fake-kernel.h.
#pragma once
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace fakes {

inline int64_t FakeKernel::produced() const {
  return now_ <= startNs_
             ? 0
             : static_cast<int64_t>(static_cast<double>(now_ - startNs_) * rateHz / kSecond);
}

inline int64_t FakeKernel::nextEventNs() const {
  int64_t next = INT64_MAX;
  if (!events_.empty()) next = events_.begin()->first;
  if (!jobs_.empty()) next = std::min(next, std::max(heldUntilNs, jobs_.front().endNs + latencyNs));
  if (kind_ == BufferKind::Kfifo && enabled_)
    next = std::min(next, startNs_ + static_cast<int64_t>(std::ceil(
                                         static_cast<double>(arrived_ + 1) * kSecond / rateHz)));
  return std::max(next, now_ + 1);
}

inline void FakeKernel::runTo(int64_t ns) {
  while (now_ < ns) {
    now_ = std::min(ns, nextEventNs());
    while (!events_.empty() && events_.begin()->first <= now_) {
      const auto event = events_.begin()->second;
      events_.erase(events_.begin());
      event();
    }
    completeDue();
    arrive();
  }
}

inline void FakeKernel::completeDue() {
  while (!jobs_.empty() && std::max(heldUntilNs, jobs_.front().endNs + latencyNs) <= now_) {
    const Job job = jobs_.front();
    jobs_.pop_front();
    if (!job.fails) {
      if (deliveredEnd_ >= 0) lost += job.start - deliveredEnd_;
      deliveredEnd_ = job.start + job.scans;
    }
    job.done(job, job.fails ? -EINTR : 0);
  }
}

// False if the driver refuses it.
inline bool FakeKernel::submit(Job job) {
  if (refuseNext > 0) {
    --refuseNext;
    return false;
  }
  job.start = jobs_.empty() ? std::max(tail_, produced()) : tail_;
  tail_ = job.start + job.scans;
  job.endNs =
      startNs_ + static_cast<int64_t>(std::ceil(static_cast<double>(tail_) * kSecond / rateHz));
  jobs_.push_back(std::move(job));
  return true;
}

inline void FakeKernel::submitBlock(int dmabuf) {
  Block& block = blocks_.at(dmabuf);
  block.state = State::Active;
  const FencePtr fence = block.fence;
  Job job;
  job.scans = block.bytes / scanBytes;
  if (abortNext > 0) {
    --abortNext;
    job.fails = true;
  }
  const auto signal = [this, fence](int error) {
    fence->signalled = true;
    fence->error = error;
    fence->timeNs = now_;
    pending_.erase(fence.get());
  };
  job.done = [this, dmabuf, fence, signal](const Job& done, int error) {
    const auto at = blocks_.find(dmabuf);
    if (at != blocks_.end() && at->second.fence == fence) at->second.state = State::Done;
    if (!error && arena)
      std::memcpy(arena->data(static_cast<uint32_t>(dmabuf - 1000)), &done.start,
                  sizeof done.start);
    signal(error);
  };
  if (!submit(std::move(job)))
    signal(-EIO);  // the block stays Active: EBUSY until it is attached anew
}

inline void FakeKernel::submitHalf(int index) {
  halves_[index].state = State::Active;
  Job job;
  job.scans =
      static_cast<int64_t>((halves_[index].used - halves_[index].used % engineAlign) / scanBytes);
  job.done = [this, index](const Job& done, int error) {
    halves_[index].state = State::Done;
    halves_[index].start = done.start;
    halves_[index].used = error ? 0 : static_cast<uint64_t>(done.scans) * scanBytes;
  };
  submit(std::move(job));
}

inline void FakeKernel::abortAll() {
  completeDue();
  std::deque<Job> jobs;
  jobs.swap(jobs_);
  for (const Job& job : jobs) job.done(job, -EINTR);
}

inline void FakeKernel::setEnabled(bool on) {
  if (on == enabled_) return;
  enabled_ = on;
  if (!on) {
    abortAll();
    fileio_ = false;
    return;
  }
  ++enables;
  startNs_ = now_;
  tail_ = 0;
  deliveredEnd_ = -1;
  arrived_ = 0;
  fifo_.clear();
  if (kind_ == BufferKind::Kfifo) return;
  fileio_ = blocks_.empty() && pending_.empty() && now_ >= detachingUntilNs;
  if (fileio_) {
    hasHalves_ = true;
    activeHalf_ = -1;
    for (int i = 0; i < 2; ++i) {
      halves_[i].used = (static_cast<uint64_t>(length) * scanBytes + 1) / 2;
      submitHalf(i);
    }
    return;
  }
  std::deque<int> queued;
  queued.swap(incoming_);
  for (const int dmabuf : queued) {
    if (!blocks_.contains(dmabuf)) {  // left by one that closed: done, and its memory free
      std::erase_if(pending_, [&](const auto& entry) { return entry.second == dmabuf; });
      continue;
    }
    submitBlock(dmabuf);
  }
}

inline void FakeKernel::unplug() {
  present_ = false;
  const auto abort = [this] {
    abortAll();
    enabled_ = false;
  };
  if (abortNs == 0) return abort();
  at(nowNs() + abortNs, abort);
}

inline uint64_t FakeKernel::available() const {
  if (!hasHalves_) return 0;
  uint64_t bytes = 0;
  const uint64_t size = (static_cast<uint64_t>(length) * scanBytes + 1) / 2;
  for (int i = 0; i < 2; ++i)
    if (i == activeHalf_ || halves_[i].state == State::Done) bytes += size;
  return bytes;
}

// Scan n is the 64-bit number n and then zeros.
inline void FakeKernel::scansTo(std::byte* to, int64_t first, uint64_t bytes, uint64_t skip) const {
  for (uint64_t i = 0; i < bytes; ++i) {
    const uint64_t at = skip + i;
    const int64_t scan = first + static_cast<int64_t>(at / scanBytes);
    std::byte word[sizeof scan];
    std::memcpy(word, &scan, sizeof scan);
    to[i] = at % scanBytes < sizeof scan ? word[at % scanBytes] : std::byte{0};
  }
}

inline int64_t FakeKernel::readHalf(std::byte* to, size_t bytes) {
  if (!hasHalves_) {
    crimes.push_back("read() of a buffer in DMABUF mode");
    return -EIO;
  }
  if (activeHalf_ < 0) {
    if (halves_[nextHalf_].state != State::Done) return -EAGAIN;
    activeHalf_ = nextHalf_;
    nextHalf_ = 1 - nextHalf_;
    halfPosition_ = 0;
  }
  Half& half = halves_[activeHalf_];
  const uint64_t n = std::min<uint64_t>(bytes / scanBytes * scanBytes, half.used - halfPosition_);
  scansTo(to, half.start, n, halfPosition_);
  halfPosition_ += n;
  if (halfPosition_ == half.used) {
    const int index = activeHalf_;
    activeHalf_ = -1;
    half.state = State::Queued;
    half.used = (static_cast<uint64_t>(length) * scanBytes + 1) / 2;
    if (enabled_) submitHalf(index);
  }
  return n == 0 ? -EAGAIN : static_cast<int64_t>(n);
}

inline void FakeKernel::arrive() {
  if (kind_ != BufferKind::Kfifo || !enabled_) return;
  for (const int64_t end = produced(); arrived_ < end; ++arrived_) {
    if (static_cast<int64_t>(fifo_.size()) < length)
      fifo_.push_back(arrived_);
    else
      ++lost;
  }
}

inline int64_t FakeKernel::readFifo(std::byte* to, size_t bytes) {
  uint64_t n = 0;
  for (; n + scanBytes <= bytes && !fifo_.empty(); n += scanBytes) {
    scansTo(to + n, fifo_.front(), scanBytes, 0);
    fifo_.pop_front();
  }
  return n == 0 ? -EAGAIN : static_cast<int64_t>(n);
}

inline iio::ControlReply FakeKernel::attribute(const iio::Control::Request& request) {
  ++looks;
  pass(30 * kMicro);
  iio::ControlReply reply;
  const std::string name = request.path.substr(request.path.rfind('/') + 1);
  const auto fail = [&](int err) {
    reply.fault =
        iio::makeFault(err, request.op == iio::Control::Op::Write ? "write" : "open", request.path);
    return reply;
  };
  if (!present_) return fail(ENOENT);
  if (request.op == iio::Control::Op::List) {
    if (failList) return fail(failList);
    const uint32_t mode = kind_ == BufferKind::Dma ? 0444 : 0644;
    reply.entries = {{"enable", iio::ControlEntry::Kind::File, 0644},
                     {"length", iio::ControlEntry::Kind::File, 0644},
                     {"watermark", iio::ControlEntry::Kind::File, mode}};
  } else if (request.op == iio::Control::Op::Read) {
    if (name == "enable") reply.text = enabled_ ? "1\n" : "0\n";
    if (name == "direction") reply.text = direction + "\n";
    if (name == "length") reply.text = std::to_string(length) + "\n";
    if (name == "length_align_bytes" && tellsAlign && engineAlign > 1)
      reply.text = std::to_string(engineAlign) + "\n";
    if (name == "data_available") reply.text = std::to_string(available()) + "\n";
  } else if (name == "enable") {
    onWrites += request.text == "1";
    if (request.text == "0" && hangDisable) return fail(ETIMEDOUT);
    if (request.text == "0" && refuseDisable > 0) {
      --refuseDisable;
      return fail(EIO);
    }
    if (request.text == "1" && failEnable) return fail(failEnable);
    setEnabled(request.text == "1");
  }
  return reply;
}

}  // namespace fakes
