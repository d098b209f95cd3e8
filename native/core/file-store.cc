#include "file-store.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <functional>
#include <thread>

namespace iio {
namespace {

constexpr int64_t kChunkBytes = 1 << 20;
constexpr int64_t kExtraBytes = 64 << 20;  // read in place of records for one frame, at most
constexpr std::chrono::milliseconds kNewsEvery{50};

class Store final : public FileStore {
 public:
  explicit Store(FileStoreSpec spec)
      : spec_(std::move(spec)),
        lanes_(std::make_shared<const LaneSet>(spec_.layout)),
        file_(spec_.path, spec_.headerBytes, spec_.layout.scanBytes),
        geometry_(fileGeometry(file_.scans(), *lanes_)),
        timeline_(lanes_, geometry_.grain),
        builder_(lanes_, geometry_.grain) {
    for (Strip& strip : fileStrips(spec_, file_.scans(), geometry_.stripScans, mostStrips(*lanes_)))
      timeline_.append(std::move(strip));
    thread_ = std::thread([this] { run(); });
  }
  ~Store() override { shutdown(); }

  FrameData query(const Query& query) override;
  SampleValues samples(uint32_t element, int64_t& fromScan, uint32_t count) override;
  FileStoreStatus status() const override;
  void onNews(std::function<void()> listener) override {
    std::lock_guard lock(newsMutex_);
    news_ = std::move(listener);
  }
  void shutdown() noexcept override;

 private:
  // Lanes of a pair for strips summarised before it was asked for: from where the view was, round
  // to there again.
  struct Fill {
    DerivedLanes::Lane pair;
    uint64_t next = 0, left = 0;
  };

  void run();
  bool work();
  uint64_t nextBare() const;
  void summarise(uint64_t index, std::vector<DerivedLanes::Lane> pairs, bool records);
  bool fill(const std::vector<DerivedLanes::Lane>& pairs);
  bool stopping() const {
    std::lock_guard lock(wakeMutex_);
    return stopping_;
  }
  void note(const Fault& fault) const {
    std::lock_guard lock(faultMutex_);
    if (fault && !fault_) fault_ = fault;
  }
  void tellNews(bool now);

  const FileStoreSpec spec_;
  const std::shared_ptr<const LaneSet> lanes_;
  const ScanFile file_;
  const FileGeometry geometry_;
  StoreLock lock_;
  Timeline timeline_;  // written by the thread only; strips never come or go
  PyramidBuilder builder_;
  std::vector<std::byte> chunk_;
  std::set<uint64_t> unreadable_;
  std::vector<Fill> fills_;
  DerivedLanes derived_;
  std::chrono::steady_clock::time_point told_{};

  mutable std::mutex faultMutex_;
  mutable Fault fault_;
  mutable std::mutex wakeMutex_;
  std::condition_variable waker_;
  bool awake_ = false, stopping_ = false;
  int64_t viewFrom_ = 0, viewTo_ = 0;  // what was asked for last is summarised first
  std::mutex newsMutex_;
  std::function<void()> news_;
  std::thread thread_;
};

void Store::run() {
  for (;;) {
    if (stopping()) return;
    if (work()) {
      tellNews(false);
      continue;
    }
    tellNews(true);
    std::unique_lock lock(wakeMutex_);
    waker_.wait_for(lock, DerivedLanes::kKept, [&] { return awake_ || stopping_; });
    awake_ = false;
  }
}

bool Store::work() {
  const auto dropped = derived_.dropped(DerivedLanes::Clock::now());
  for (const uint32_t id : dropped) {
    const auto lock = lock_.write();
    timeline_.forgetDerived(id);
  }
  const auto pairs = derived_.kept();
  const uint64_t next = nextBare();
  if (next != timeline_.end()) {
    summarise(next, pairs, true);
    return true;
  }
  return fill(pairs);
}

// The next strip without records: in the view, else in the file.
uint64_t Store::nextBare() const {
  int64_t from = 0, to = 0;
  {
    std::lock_guard lock(wakeMutex_);
    from = viewFrom_;
    to = viewTo_;
  }
  const auto search = [&](uint64_t first, uint64_t end) {
    uint64_t i = timeline_.incomplete(first, end);
    while (i < end && unreadable_.contains(i)) i = timeline_.incomplete(i + 1, end);
    return i < end ? i : timeline_.end();
  };
  const uint64_t inView =
      search(timeline_.find(from), std::min(timeline_.find(to) + 1, timeline_.end()));
  return inView != timeline_.end() ? inView : search(timeline_.begin(), timeline_.end());
}

void Store::summarise(uint64_t index, std::vector<DerivedLanes::Lane> pairs, bool records) {
  const Strip& strip = timeline_[index];
  const uint32_t scanBytes = spec_.layout.scanBytes;
  const auto chunk = static_cast<uint32_t>(
      std::max<int64_t>(kChunkBytes / scanBytes / kRecordScans, 1) * kRecordScans);
  chunk_.resize(size_t{chunk} * scanBytes);
  std::vector<DerivedBuilder> derived;
  for (const auto& pair : pairs)
    derived.emplace_back(pair.source, scanBytes, geometry_.grain, strip.scans);
  if (records) builder_.begin(strip.scans);
  for (uint32_t at = 0; at < strip.scans; at += chunk) {
    if (stopping()) return;
    const uint32_t n = std::min(chunk, strip.scans - at);
    const Fault fault = file_.read(strip.samples.start + at, n, chunk_.data());
    if (fault) {
      note(fault);
      unreadable_.insert(index);
      return;
    }
    if (records) builder_.add(chunk_.data(), n);
    for (DerivedBuilder& builder : derived) builder.add(chunk_.data(), n);
  }
  std::shared_ptr<const StripRecords> made = records ? builder_.finish() : nullptr;
  const auto lock = lock_.write();
  if (made) timeline_.setRecords(index, std::move(made));
  for (size_t i = 0; i < pairs.size(); ++i)
    timeline_.setDerived(index, pairs[i].id, derived[i].finish());
}

bool Store::fill(const std::vector<DerivedLanes::Lane>& pairs) {
  std::erase_if(fills_, [&](const Fill& f) {
    return std::none_of(pairs.begin(), pairs.end(), [&](auto& p) { return p.id == f.pair.id; });
  });
  for (const auto& pair : pairs) {
    if (std::any_of(fills_.begin(), fills_.end(), [&](auto& f) { return f.pair.id == pair.id; }))
      continue;
    std::lock_guard lock(wakeMutex_);
    fills_.push_back({pair, timeline_.find(viewFrom_), timeline_.end() - timeline_.begin()});
  }
  for (Fill& f : fills_) {
    while (f.left > 0) {
      const uint64_t index = f.next < timeline_.end() ? f.next : timeline_.begin();
      f.next = index + 1;
      --f.left;
      if (unreadable_.contains(index) || timeline_[index].derivedRecords(f.pair.id) != nullptr)
        continue;
      summarise(index, {f.pair}, false);
      return true;
    }
  }
  return false;
}

void Store::tellNews(bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - told_ < kNewsEvery) return;
  told_ = time;
  std::lock_guard lock(newsMutex_);
  if (news_) news_();
}

FrameData Store::query(const Query& query) {
  FrameSetup setup = prepareQuery(query, spec_.layout, lanes_, spec_.rateHz, derived_);
  setup.extraScans =
      std::min<int64_t>(setup.extraScans, kExtraBytes / spec_.layout.scanBytes *
                                              std::max<int64_t>(setup.traces.size(), 1));
  FileSamples samples(file_);
  std::optional<FrameBuilder> frame;
  double part = 1;
  int64_t newest = 0;
  {
    const auto lock = lock_.read();
    setup.range = resolveRange(query.range,
                               {timeline_.fromScan(), timeline_.toScan(), spec_.rateHz, nullptr});
    frame.emplace(setup);
    frame->plan(timeline_, samples);
    if (timeline_.scansTotal() > 0)
      part = static_cast<double>(timeline_.scansSummarised()) /
             static_cast<double>(timeline_.scansTotal());
    newest = timeOfScan(timeline_, static_cast<double>(timeline_.toScan()), spec_.rateHz);
  }
  {
    std::lock_guard lock(wakeMutex_);
    viewFrom_ = static_cast<int64_t>(std::floor(setup.range.from));
    viewTo_ = static_cast<int64_t>(std::ceil(setup.range.to));
    awake_ = true;
    waker_.notify_one();
  }
  frame->read(samples);
  note(samples.fault());
  FrameData data = frame->finish();
  data.samplesFromScan = std::max(data.fromScan, timeline_.fromScan());
  data.summarised = std::min(data.summarised, part);
  data.newestTimeNs = newest;
  return data;
}

SampleValues Store::samples(uint32_t element, int64_t& fromScan, uint32_t count) {
  const ScanElement& what = elementOf(spec_.layout, element);
  FileSamples samples(file_);
  SamplesPlan plan;
  {
    const auto lock = lock_.read();
    plan = planSamples(timeline_, samples, fromScan, count);
  }
  SampleValues values = readSamples(plan, what, spec_.layout.scanBytes, samples);
  note(samples.fault());
  if (samples.fault()) throw CoreError(samples.fault());
  fromScan = plan.fromScan;
  return values;
}

FileStoreStatus Store::status() const {
  FileStoreStatus status;
  {
    const auto lock = lock_.read();
    status.scans = timeline_.scansTotal();
    status.toScan = timeline_.toScan();
    status.summarised = status.scans == 0 ? 1
                                          : static_cast<double>(timeline_.scansSummarised()) /
                                                static_cast<double>(status.scans);
  }
  std::lock_guard lock(faultMutex_);
  status.fault = fault_;
  return status;
}

void Store::shutdown() noexcept {
  {
    std::lock_guard lock(wakeMutex_);
    stopping_ = true;
    waker_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace

std::shared_ptr<FileStore> FileStore::open(FileStoreSpec spec) {
  return std::make_shared<Store>(std::move(spec));
}

}  // namespace iio
