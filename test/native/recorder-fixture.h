// What recorder tests share: a folder that goes away, a reader of the journal written from
// docs/journal.md alone, and a pool of blocks that counts leases.
#pragma once
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "consumer.h"
#include "crc32c.h"

namespace test {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/iio-recorder-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() {
    for (const auto& name : names()) ::unlink(file(name).c_str());
    ::rmdir(path_.c_str());
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    if (DIR* dir = ::opendir(path_.c_str())) {
      while (const dirent* entry = ::readdir(dir))
        if (entry->d_name[0] != '.') out.push_back(entry->d_name);
      ::closedir(dir);
    }
    return out;
  }

 private:
  std::string path_;
};

inline std::vector<std::byte> contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::vector<std::byte> out(in ? size_t(in.tellg()) : 0);
  in.seekg(0).read(reinterpret_cast<char*>(out.data()), std::streamsize(out.size()));
  out.resize(size_t(in.gcount()));
  return out;
}

inline std::vector<std::byte> bytesOf(const std::string& text) {
  std::vector<std::byte> out(text.size());
  if (!text.empty()) std::memcpy(out.data(), text.data(), text.size());
  return out;
}

template <class T>
T at(const std::vector<std::byte>& bytes, size_t offset) {
  T value{};
  if (offset + sizeof value <= bytes.size())
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

struct JournalRecord {
  uint32_t type;
  std::vector<std::byte> payload;
};

// Whole records; empty if the file's header is wrong.
inline std::vector<JournalRecord> readJournal(const std::string& path) {
  const auto bytes = contentOf(path);
  std::vector<JournalRecord> out;
  if (bytes.size() < 16 || std::memcmp(bytes.data(), "IIOJRNL1", 8) != 0) return out;
  if (at<uint32_t>(bytes, 8) != 1 || at<uint32_t>(bytes, 12) != 0) return out;
  for (size_t p = 16; p + 16 <= bytes.size();) {
    const size_t length = at<uint32_t>(bytes, p + 4);
    const size_t whole = 16 + (length + 7) / 8 * 8;
    if (p + whole > bytes.size()) break;
    if (at<uint32_t>(bytes, p + whole - 8) != iio::crc32c(0, bytes.data() + p, 8 + length)) break;
    out.push_back({at<uint32_t>(bytes, p),
                   {bytes.begin() + long(p + 8), bytes.begin() + long(p + 8 + length)}});
    p += whole;
  }
  return out;
}

inline std::vector<JournalRecord> ofType(const std::vector<JournalRecord>& records, uint32_t type) {
  std::vector<JournalRecord> out;
  for (const auto& record : records)
    if (record.type == type) out.push_back(record);
  return out;
}

// Waits for what must come; only the deadline is generous.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

// Page-aligned blocks of counting scans: the first four bytes of a scan are its sample number, the
// rest follows from it.
class Blocks : public iio::Leases {
 public:
  Blocks(uint32_t count, uint32_t blockBytes, uint32_t scanBytes, size_t misalign = 0)
      : blockBytes_(blockBytes), scanBytes_(scanBytes), leases_(count) {
    for (uint32_t i = 0; i < count; ++i) {
      const size_t room = (blockBytes + misalign + 4095) / 4096 * 4096;
      memory_.emplace_back(static_cast<std::byte*>(std::aligned_alloc(4096, room)), std::free);
      data_.push_back(memory_.back().get() + misalign);
    }
  }
  void release(iio::BlockIndex block) noexcept override {
    --leases_[block];
    ++released_;
  }
  static void fill(std::byte* scan, uint32_t scanBytes, uint32_t number) {
    for (uint32_t i = 0; i < scanBytes; ++i)
      scan[i] = std::byte((number * (i / 4 + 1)) >> (8 * (i % 4)));
  }
  // Completes the next block of `scans` scans and offers it; waits for a block without a lease.
  // `gaps` (optional) is called on the header before it is offered.
  bool complete(iio::Consumer& consumer, uint32_t scans,
                const std::function<void(iio::BlockHeader&)>& edit = nullptr) {
    const auto block = iio::BlockIndex(sequence_ % leases_.size());
    if (!eventually([&] { return leases_[block] == 0; })) return false;
    for (uint32_t i = 0; i < scans; ++i)
      fill(data_[block] + size_t{i} * scanBytes_, scanBytes_, sample_ + i);
    auto header = std::make_shared<iio::BlockHeader>();
    header->sequence = sequence_++;
    header->block = block;
    header->bytes = scans * scanBytes_;
    header->scanCount = scans;
    header->timeNs = timeNs_ += 1'000'000;
    header->proof = proof;
    header->segments.push_back({0, scans, scan_, int64_t{sample_}, false, {}});
    if (edit) edit(*header);
    scan_ = header->endScan();
    sample_ += scans;
    ++leases_[block];
    const bool accepted = consumer.offer(header, data_[block]);
    if (!accepted) --leases_[block];
    return accepted;
  }
  uint32_t held() const {
    uint32_t sum = 0;
    for (const auto& n : leases_) sum += n;
    return sum;
  }
  uint32_t fullBlock() const { return blockBytes_ / scanBytes_; }

  // Of the blocks to come.
  iio::Proof proof{iio::Grade::Exact, iio::Evidence::Transport};

 private:
  uint32_t blockBytes_, scanBytes_;
  std::vector<std::unique_ptr<std::byte, void (*)(void*)>> memory_;
  std::vector<std::byte*> data_;
  std::vector<std::atomic<uint32_t>> leases_;
  std::atomic<uint32_t> released_{0};
  uint64_t sequence_ = 0;
  uint32_t sample_ = 0;
  int64_t scan_ = 1000, timeNs_ = 5'000'000'000;
};

// Whether a file holds the scans 0 … count-1 of Blocks and nothing else.
inline bool holdsCount(const std::string& path, uint32_t scanBytes, int64_t count) {
  const auto bytes = contentOf(path);
  if (int64_t(bytes.size()) != count * scanBytes) return false;
  std::vector<std::byte> scan(scanBytes);
  for (int64_t n = 0; n < count; ++n) {
    Blocks::fill(scan.data(), scanBytes, uint32_t(n));
    if (std::memcmp(scan.data(), bytes.data() + n * scanBytes, scanBytes) != 0) return false;
  }
  return true;
}

}  // namespace test
