// FileRecorder: the Recorder over files. One thread says what is written (recorder-write.cc) and a
// crew's threads write it; a Finisher journals and gives blocks back; a Ticker syncs each second.
// offer() accepts every block: how far the files may fall behind is how much history the pool has,
// and what happens beyond is the engine's to decide (block.h, GapCause::Overrun).
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "index-writer.h"
#include "journal.h"
#include "recorder-plan.h"
#include "recorder-threads.h"
#include "recorder.h"
#include "transform.h"
#include "writer-crew.h"
#include "writer.h"

namespace iio {

// One data file, and how scans become its bytes.
struct RecorderOutput {
  std::unique_ptr<SampleFile> file;
  std::optional<Transform> transform;  // none: verbatim
  uint32_t scanBytes = 0;              // in the file
  std::unique_ptr<IndexWriter> index;  // none: without
};

class FileRecorder final : public Recorder {
 public:
  FileRecorder(RecorderSpec spec, Leases& leases);  // throws CoreError or std::invalid_argument
  ~FileRecorder() override;
  static std::shared_ptr<FileRecorder> make(RecorderSpec spec, Leases& leases);  // throws CoreError

  void begin() override;
  bool offer(const HeaderPtr& header, const std::byte* data) override;
  void ended() noexcept override;
  RecorderStatus status() const override;
  void appendEvent(std::vector<std::byte> bytes) override;
  std::vector<Capture> drainCaptures() override;
  RecorderStatus finish() override;
  void onNews(std::function<void()> listener) override;

  // As a part of a chain (recorder-chain.h).
  // Called once, on a thread of its own, before it is known to have ended. Before begin().
  void onEnd(std::function<void()> listener) { end_ = std::move(listener); }
  // Ends here if it is full, so that `next` takes what comes. False if it goes on, or has ended for
  // another reason, or `next` can't.
  bool handOver(FileRecorder& next);
  void withdraw() noexcept;  // one that waits ends, and its files go
  bool ready() const;        // waits, and could take over
  bool over() const;         // everything is written and closed, or it never began
  void captured(const Capture& capture);
  void missedCapture();
  uint32_t held() const { return held_; }  // leases
  // Called without a lock when somebody ends it. Before begin().
  void onFinish(std::function<void()> listener) { finish_ = std::move(listener); }

 private:
  // Creation.
  void createFiles();
  void startThreads();
  void removeFiles() noexcept;
  bool takeOver(int64_t scans, int64_t toScan);
  void giveUp() noexcept;
  void dropQueue() noexcept;

  // Any thread.
  void fail(const Fault& fault);
  void progressed();
  void release(BlockIndex block);
  int64_t freeBytes() const;
  RecorderState stateNow() const;  // with the lock held
  void syncAll();                  // on the ticker's thread

  // The writer thread (recorder-write.cc).
  void run();
  bool collect(std::vector<Take>& batch);
  void write(std::vector<Take>& batch);
  void writeTransformed(RecorderOutput& output, Written& written, bool first);
  void plan(const Written& written);
  bool filesReady() const;
  int64_t flushDueNs() const;
  void flushFiles();
  void giveBack();
  void confirm();
  void checkSpace();
  void conclude();
  void finishFiles();
  int64_t samplesOnFile() const;

  const RecorderSpec spec_;
  Leases& leases_;
  std::unique_ptr<WriteCrew> crew_;  // outlives the files
  std::vector<RecorderOutput> outputs_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Finisher> finisher_;
  std::unique_ptr<Ticker> ticker_;
  std::atomic<uint32_t> held_{0};  // leases

  mutable std::mutex lock_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Take> queue_;
  size_t queuedBytes_ = 0;
  int64_t accepted_ = 0;             // scans
  bool ending_ = false;              // takes no more blocks
  bool begun_ = false;               // files and threads are there
  bool waiting_ = false;             // for the part before
  bool progressed_ = false;          // a write is done that the writer has not seen
  int64_t scans_ = 0, toScan_ = -1;  // as the spec's, or what the part before had left of them
  bool journalEnded_ = false, concluded_ = false;
  Fault fault_;
  GapTally tally_;
  ScanTrack track_;
  int64_t scansOnFile_ = 0, firstScan_ = 0, freeBytes_ = 0;
  std::optional<int64_t> startNs_;
  bool startKnown_ = false;  // else the second block tells how long the first took
  uint32_t firstScans_ = 0;
  int64_t firstTimeNs_ = 0, lastWriteNs_ = 0;
  std::function<void()> news_, end_, finish_;
  std::vector<Capture> captures_;
  uint64_t captured_ = 0, missed_ = 0, unlisted_ = 0;  // captures

  // The writer thread's own.
  std::deque<Written> inWork_;  // their blocks are still read from
  int64_t spaceCheckedNs_ = 0;
  ThreadCpu cpu_;
  std::mutex joinLock_;
  std::thread thread_;
};

}  // namespace iio
