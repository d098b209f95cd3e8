// The file store itself: file-store.cc has its queries, file-store-work.cc its thread, and
// file-store-index.cc what has to do with the side index.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <set>
#include <thread>

#include "file-store.h"
#include "held-records.h"
#include "index-rebuild.h"

namespace iio {

class FileStoreImpl final : public FileStore {
 public:
  explicit FileStoreImpl(FileStoreSpec spec);  // throws CoreError
  ~FileStoreImpl() override { shutdown(); }

  FrameData query(const Query& query) override;
  SampleValues samples(uint32_t element, int64_t& fromScan, uint32_t count) override;
  FileStoreStatus status() const override;
  void onNews(std::function<void()> listener) override {
    std::lock_guard lock(newsMutex_);
    news_ = std::move(listener);
  }
  void shutdown() noexcept override;

 private:
  using Pairs = std::vector<DerivedLanes::Lane>;
  // What a strip is read for.
  struct Job {
    uint64_t strip = 0;
    Pairs pairs;           // lanes to derive
    bool records = false;  // its own records
    bool asked = false;    // a view waits for it: what others hold makes room
  };
  // Lanes of a pair for strips summarised before it was asked for: from where the view was, round
  // to there again.
  struct Fill {
    DerivedLanes::Lane pair;
    uint64_t next = 0, left = 0;
  };
  enum class Did : uint8_t { Nothing, Something, News };  // News: views may show more
  struct IndexNews {
    IndexState state = IndexState::None;
    std::string found, saved;  // what was wrong, what became of it
  };

  // Any thread (file-store.cc).
  FrameData answer(const Query& query, FrameSetup& setup, FileSamples& samples);
  void lookAt(const FrameRange& range, const std::vector<RecordNeed>& needs);
  void note(const Fault& fault) const {
    std::lock_guard lock(faultMutex_);
    if (fault && !fault_) fault_ = fault;
  }
  bool stopping() const {
    std::lock_guard lock(wakeMutex_);
    return stopping_;
  }

  // Any thread (file-store-index.cc).
  void openIndex(std::vector<Strip>& strips);
  std::shared_ptr<IndexFile> sourceOf(uint64_t strip) const;  // with the lock; null: none
  bool load(const std::vector<RecordNeed>& needs);
  bool loadOne(const IndexFile& from, const RecordNeed& need);
  void adopt(uint64_t strip, std::shared_ptr<const StripRecords> records, bool asked);
  void adoptDerived(uint64_t strip, uint32_t lane, std::shared_ptr<const StripRecords> records,
                    bool asked);
  std::shared_ptr<const StripRecords> fitting(std::shared_ptr<const StripRecords> records,
                                              bool asked);
  void giveUpOldest();
  // The thread's (file-store-index.cc).
  void beginRebuild();
  Did rebuildNext();
  void saveRebuilt();
  void endRebuild(const std::string& why);
  bool readAhead();

  // The thread's (file-store-work.cc).
  void run();
  Did work();
  std::shared_ptr<const StripRecords> recordsOf(uint64_t strip, uint32_t lane = 0) const;
  bool bareIn(uint64_t first, uint64_t end, uint64_t& found) const;
  bool summariseWanted(const Pairs& pairs);
  void summarise(const Job& job);
  void adoptMade(const Job& job, uint32_t dataCrc);
  bool fill(const Pairs& pairs);
  void tellNews();

  const FileStoreSpec spec_;
  const IndexShape shape_;
  const std::shared_ptr<const LaneSet> lanes_;
  const ScanFile file_;
  StoreLock lock_;
  // Strips never come or go, and only the thread summarises one; queries too change which of a
  // strip's records are held.
  Timeline timeline_;
  HeldRecords held_;
  std::shared_ptr<IndexFile> index_, newIndex_;
  DerivedLanes derived_;

  // The thread's own.
  PyramidBuilder builder_;
  std::vector<std::byte> chunk_, entry_;
  std::set<uint64_t> unreadable_;
  std::vector<Fill> fills_;
  std::unique_ptr<IndexRebuild> rebuild_;
  uint64_t rebuiltTo_ = 0;
  uint64_t aheadTo_ = 0;
  RecordPart ahead_ = RecordPart::Middle;
  std::chrono::steady_clock::time_point told_{};
  bool untold_ = false;

  mutable std::mutex faultMutex_;
  mutable Fault fault_;
  IndexNews indexNews_;
  mutable std::mutex wakeMutex_;
  std::condition_variable waker_;
  bool awake_ = false, stopping_ = false, rebuildAsked_ = false;
  int64_t viewFrom_ = 0, viewTo_ = 0;  // what was asked for last is summarised first
  std::vector<RecordNeed> wanted_;     // by it, and not to be had from an index
  std::mutex newsMutex_;
  std::function<void()> news_;
  std::thread thread_;
};

}  // namespace iio
