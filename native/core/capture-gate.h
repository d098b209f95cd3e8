// CaptureGate: lets a recording take the blocks around the scope trigger's crossings and no others.
// It follows the summaries, so a crossing is known while its block and those before it are still in
// the history: they are taken from there, and no second buffer is needed.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "capture.h"
#include "live-store.h"
#include "trigger-follower.h"
#include "trigger-pulse.h"

namespace iio {

struct CaptureGateSpec {
  CaptureSpec captures;
  int64_t fromScan = -1, toScan = -1;  // of the crossings; no block that begins at or after toScan
  double rateHz = 0;                   // as set; 0: by the completions
};

class CaptureGate final : public TriggerFollower {
 public:
  CaptureGate(CaptureGateSpec spec, std::shared_ptr<BlockMemory> memory,
              std::shared_ptr<CaptureSink> sink);

  bool searched(const HeaderPtr& header, const TriggerSearch* trigger,
                std::span<const SearchedStrip> strips) override;
  void ended() noexcept override;
  // Lists what is under way as far as it is known, and takes no more. From any thread.
  void close() noexcept;

 private:
  struct Open {
    Capture capture;
    int64_t toScan = 0;  // as asked
  };
  // All with the lock held, on the store's thread.
  void remember(const HeaderPtr& header);
  void goOn(const HeaderPtr& header);
  void follow(const SearchedStrip& strip, const HeaderPtr& header, const TriggerSearch* trigger);
  void begin(const Crossing& crossing, const HeaderPtr& header, const TriggerSearch& trigger);
  bool reachBack(const HeaderPtr& header, int64_t fromScan);
  bool give(const HeaderPtr& header, bool begins, int64_t fromScan);
  size_t room() const;
  void measure(const SearchedStrip& strip, int64_t toScan);
  void settlePulse();
  void list(int64_t endScan);
  void finish();
  int64_t timeOf(const Crossing& crossing, const BlockHeader& header) const;

  const CaptureGateSpec spec_;
  const std::shared_ptr<BlockMemory> memory_;
  const std::shared_ptr<CaptureSink> sink_;
  std::mutex lock_;  // guards what follows
  bool over_ = false;
  HeaderPtr before_;                 // the block it was told of before
  uint64_t nextSequence_ = 0;        // of the first block that is not in the recording
  int64_t runFrom_ = 0, runTo_ = 0;  // the newest run of scans in the recording
  int64_t until_ = INT64_MIN;        // blocks that begin before it are taken
  int64_t searchedTo_ = 0;           // end of the last strip
  int64_t begun_ = 0;                // captures
  std::deque<Open> open_;            // captures whose span has not ended
  std::optional<PulseMeter> meter_;
  bool measuring_ = false;  // the newest of open_
};

}  // namespace iio
