// OpenStream: a stream from the moment its options are known, through start and stop, to what is
// left to say after its memory is given back. No JavaScript in here: methods may be called from any
// thread; start, stop, close and record wait.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "options.h"
#include "stream.h"

namespace iio::binding {

class OpenStream {
 public:
  OpenStream(StreamOptions options, std::function<void()> news);
  ~OpenStream() { close(); }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

  void start();  // allocates, attaches, enables; throws CoreError
  // A start that goes on throws ECANCELED as soon as it can; one to come does so at once. Nothing
  // happens once the stream runs. Waits for nothing.
  void cancelStart() noexcept { allocation_.cancel(); }
  // How far its memory is.
  const Allocation& allocation() const { return allocation_; }
  void stop() noexcept;   // history stays readable
  void close() noexcept;  // ends recordings, gives memory back; idempotent
  std::shared_ptr<Recorder> record(RecordingOptions options);
  std::shared_ptr<Recorder> next(const Recorder* part, RecordingOptions options);

  // The running or stopped stream. Throws CoreError if it never started or is closed.
  std::shared_ptr<Stream> stream() const;
  std::shared_ptr<Stream> streamIfAny() const;

  struct Counters {
    EngineCounters engine;
    LiveStoreStatus store;
  };
  Counters counters() const;
  std::vector<std::string> notes() const;  // the transport's; none before the start is over

  // Kept for the start if it has not come yet.
  void setTrigger(std::optional<TriggerSpec> trigger);
  void setSimulator(std::vector<SimulatedElement> elements);
  void setFault(SimulatedFault fault);

  // Answers the span that could be pinned. A key that is there already is replaced.
  void pin(const std::string& key, int64_t& fromScan, int64_t& toScan);
  void unpin(const std::string& key);

  const ScanLayout& layout() const { return options_.engine.layout; }
  bool simulated() const { return std::holds_alternative<SimulatorSpec>(options_.source); }

 private:
  // Memory and source without a start; once. With lifecycle_ held.
  std::shared_ptr<Stream> makeOnce();
  std::shared_ptr<Stream> make();
  std::unique_ptr<Transport> makeTransport();
  std::shared_ptr<Recorder> keep(std::shared_ptr<Recorder> recorder);
  void finishRecordings() noexcept;

  StreamOptions options_;
  Allocation allocation_;
  const std::function<void()> news_;
  std::mutex lifecycle_;     // one of start, stop, close at a time
  mutable std::mutex lock_;  // guards what follows; nothing waits under it
  std::shared_ptr<Stream> stream_;
  bool started_ = false, running_ = false, closed_ = false;
  Fault startFault_;
  Counters last_;  // once closed
  std::optional<TriggerSpec> trigger_;
  SimulatedFault fault_ = SimulatedFault::None;
  std::map<std::string, PinId> pins_;
  std::vector<std::weak_ptr<Recorder>> recorders_;
  std::shared_ptr<Control> control_;
};

}  // namespace iio::binding
