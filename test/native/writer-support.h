// What writer tests share: aligned memory, and disks with a mind of their own.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "recorder-fixture.h"
#include "writer.h"

namespace test {

struct Aligned {
  explicit Aligned(size_t bytes)
      : memory(static_cast<std::byte*>(std::aligned_alloc(4096, (bytes + 8191) / 4096 * 4096)),
               std::free) {}
  std::byte* data() { return memory.get(); }
  std::unique_ptr<std::byte, void (*)(void*)> memory;
};

inline iio::SampleFile::Options options(const std::string& path,
                                        iio::WritePath asked = iio::WritePath::Auto) {
  iio::SampleFile::Options out;
  out.path = path;
  out.asked = asked;
  return out;
}

// A file system with a mind of its own about O_DIRECT.
class Reluctant : public iio::SampleFile {
 public:
  enum class About { Memory, Everything, WholeWrites };
  Reluctant(Options given, About about) : SampleFile(std::move(given)), about_(about) {}
  ~Reluctant() override { halt(); }
  const std::byte* from = nullptr;
  size_t bytes = 0;

 protected:
  ssize_t transfer(bool direct, const iovec* parts, int count, int64_t offset) override {
    const auto* base = static_cast<const std::byte*>(parts[0].iov_base);
    const bool theirs = base >= from && base < from + bytes;
    if (direct && (about_ == About::Everything || (about_ == About::Memory && theirs))) {
      errno = about_ == About::Memory ? EFAULT : EINVAL;
      return -1;
    }
    if (direct && offset % kAlign) {
      errno = EINVAL;
      return -1;
    }
    if (about_ != About::WholeWrites) return SampleFile::transfer(direct, parts, count, offset);
    const iovec part{parts[0].iov_base,
                     std::min<size_t>(parts[0].iov_len, calls_++ % 3 ? 1000 : 4096)};
    return SampleFile::transfer(direct && part.iov_len == 4096, &part, 1, offset);
  }

 private:
  const About about_;
  std::atomic<uint32_t> calls_{0};
};

// A disk that holds up, fails or cuts short the writes it is told to, and notes them all.
class Told : public iio::SampleFile {
 public:
  struct Call {
    bool direct;
    int parts;
    int64_t offset;
    size_t bytes;
  };
  // Before a write: >0 bytes of it are written, 0: all, -errno: it fails.
  using Rule = std::function<ssize_t(const Call&)>;
  Told(Options given, Rule rule) : SampleFile(std::move(given)), rule_(std::move(rule)) {}
  ~Told() override { halt(); }
  std::vector<Call> calls() const {
    std::lock_guard lock(notes_);
    return calls_;
  }

 protected:
  ssize_t transfer(bool direct, const iovec* parts, int count, int64_t offset) override {
    Call call{direct, count, offset, 0};
    for (int i = 0; i < count; ++i) call.bytes += parts[i].iov_len;
    {
      std::lock_guard lock(notes_);
      calls_.push_back(call);
    }
    const ssize_t answer = rule_ ? rule_(call) : 0;
    if (answer < 0) {
      errno = int(-answer);
      return -1;
    }
    if (answer == 0) return SampleFile::transfer(direct, parts, count, offset);
    const iovec part{parts[0].iov_base, std::min(size_t(answer), parts[0].iov_len)};
    return SampleFile::transfer(direct, &part, 1, offset);
  }

 private:
  const Rule rule_;
  mutable std::mutex notes_;
  std::vector<Call> calls_;
};

}  // namespace test
