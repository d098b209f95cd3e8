// RecorderChain: one recording in parts, each a FileRecorder with files of its own. Takes the
// stream's blocks in place of the parts and gives each of them to one: the change from a part to
// the next falls between two blocks, so that nothing is lost or written twice. A part that is full
// goes on until the next one is ready; it then ends by itself, behind the change.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "recorder-file.h"

namespace iio {

class RecorderChain final : public Consumer,
                            public CaptureSink,
                            public std::enable_shared_from_this<RecorderChain> {
 public:
  // Its first part takes blocks from now on. Throws CoreError.
  static std::shared_ptr<RecorderChain> create(RecorderSpec first, Leases& leases);
  ~RecorderChain() override { finish(); }
  RecorderChain(const RecorderChain&) = delete;
  RecorderChain& operator=(const RecorderChain&) = delete;

  // Makes the first part's files. Throws CoreError, and then is over.
  std::shared_ptr<Recorder> begin();
  // Makes the part behind `part` and lets it wait. What the spec leaves open of `scans` and
  // `toScan` is what is left of the part before. Throws CoreError: the files, EBUSY if one waits
  // already, ECANCELED if `part` has ended or not begun.
  std::shared_ptr<Recorder> next(const Recorder* part, RecorderSpec spec);
  bool holds(const Recorder* part) const;
  bool over() const;       // takes no more blocks, and all parts have ended
  void finish() noexcept;  // ends all parts; waits

  bool offer(const HeaderPtr& header, const std::byte* data) override;
  void ended() noexcept override;

  // Of a recording of captures. A part ends between two of them, where blocks are left out.
  bool take(const HeaderPtr& header, const std::byte* data, bool begins) override;
  uint32_t held() const override;
  void captured(const Capture& capture) override;
  void missed() override;
  void done() override { ended(); }
  // Called without a lock when somebody ends the recording. Before begin().
  void onFinish(std::function<void()> listener) { finish_ = std::move(listener); }

 private:
  explicit RecorderChain(Leases& leases) : leases_(leases) {}
  std::shared_ptr<FileRecorder> make(RecorderSpec spec);
  void partEnded(const FileRecorder* part);  // on the part's own thread
  void finishing(const FileRecorder* part);
  // With the lock held; what it answers is let go without.
  [[nodiscard]] std::vector<std::shared_ptr<FileRecorder>> takeEnded();

  Leases& leases_;
  std::function<void()> finish_;
  mutable std::mutex lock_;  // guards what follows; a part's own lock is taken under it
  std::shared_ptr<FileRecorder> current_, next_;
  std::vector<std::shared_ptr<FileRecorder>> parts_;  // whose threads may still run
  bool open_ = true;                                  // takes blocks
};

}  // namespace iio
