// LiveStore: the SampleStore of a stream. A consumer that summarises each block on its own thread (pyramid and scope
// trigger over every sample) and answers queries from memory.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "consumer.h"
#include "engine.h"
#include "latency.h"
#include "store.h"
#include "trigger-follower.h"

namespace iio {

struct LiveStoreStatus {
  int64_t summarisedToScan = 0;
  int64_t pyramidFromScan = 0;
  int64_t historyFromScan = 0;  // oldest scan that samples() can still give, from blocks or copies
  uint64_t triggers = 0;  // of the trigger as set now
  double cpuSeconds = 0;
  uint64_t unsummarisedBlocks = 0;  // not taken because it had fallen behind: holes in the picture, not losses
  LatencySpread toSummary;          // from a block's completion until frames can show it
};

class LiveStore : public Consumer, public SampleStore {
 public:
  // `pyramidBytes`: budget of the records that outlive their blocks.
  static std::shared_ptr<LiveStore> create(Engine& engine, double rateHz, uint64_t pyramidBytes);
  virtual void setTrigger(std::optional<TriggerSpec> trigger) = 0;
  virtual std::optional<TriggerPoint> nextTrigger(int64_t afterScan, double postScans) const = 0;
  // From the next block on, until it has enough or there are no more.
  virtual void follow(std::shared_ptr<TriggerFollower> follower) = 0;
  virtual LiveStoreStatus status() const = 0;
  virtual void onNews(std::function<void()> listener) = 0;
  // Ends the thread and gives every lease back. Before Engine::close().
  virtual void shutdown() noexcept = 0;
};

// FileStore: the same over a file of scans, cut into strips: their records come from the side index
// (docs/index.md), and where there is none, from the data, in the background.
struct FileStoreSpec {
  std::string path;
  int64_t headerBytes = 0;
  ScanLayout layout;
  double rateHz = 0;
  std::vector<PlacedGap> captures;  // sorted by sample; the first may have no loss
  int64_t firstTimeNs = -1;
  std::string indexPath;              // "": none
  int64_t indexFromBytes = 32 << 20;  // for less data an index is not made where there is none
  size_t heldBytes = 256 << 20;       // of records below the coarse ones, kept in memory
};
// Whole: all comes from it. Building: it is made from the data. Unsaved: it can't be saved.
enum class IndexState : uint8_t { None, Whole, Building, Unsaved };
struct FileStoreStatus {
  int64_t scans = 0, toScan = 0;
  double summarised = 0;  // 0 … 1
  Fault fault;
  IndexState index = IndexState::None;
  std::string indexNote;  // a sentence if the index did not serve as it was found; else ""
};
class FileStore : public SampleStore {
 public:
  static std::shared_ptr<FileStore> open(FileStoreSpec spec);  // throws CoreError
  virtual FileStoreStatus status() const = 0;
  virtual void onNews(std::function<void()> listener) = 0;
  virtual void shutdown() noexcept = 0;
};

}  // namespace iio
