// The thread of a file store: what no index tells is made from the data, what views look at first.
#include <algorithm>

#include "crc32c.h"
#include "file-store-impl.h"

namespace iio {
namespace {

constexpr int64_t kChunkBytes = 1 << 20;
constexpr std::chrono::milliseconds kNewsEvery{50};

}  // namespace

void FileStoreImpl::run() {
  for (;;) {
    if (stopping()) return;
    const Did did = work();
    untold_ = untold_ || did == Did::News;
    const auto now = std::chrono::steady_clock::now();
    if (untold_ && (did == Did::Nothing || now - told_ >= kNewsEvery)) tellNews();
    if (did != Did::Nothing) continue;
    std::unique_lock lock(wakeMutex_);
    waker_.wait_for(lock, DerivedLanes::kKept, [&] { return awake_ || stopping_; });
    awake_ = false;
  }
}

// One thing at a time, so that a new view is served soon.
FileStoreImpl::Did FileStoreImpl::work() {
  const auto dropped = derived_.dropped(DerivedLanes::Clock::now());
  for (const uint32_t id : dropped) {
    const auto lock = lock_.write();
    timeline_.forgetDerived(id);
    held_.forget(id);
  }
  beginRebuild();
  const Pairs pairs = derived_.kept();
  int64_t from = 0, to = 0;
  {
    std::lock_guard lock(wakeMutex_);
    from = viewFrom_;
    to = viewTo_;
  }
  uint64_t strip = 0;
  const uint64_t viewEnd = std::min(timeline_.find(to) + 1, timeline_.end());
  if (bareIn(timeline_.find(from), viewEnd, strip))
    return summarise({strip, pairs, true, true}), Did::News;
  if (summariseWanted(pairs)) return Did::News;
  if (bareIn(timeline_.begin(), timeline_.end(), strip))
    return summarise({strip, pairs, true, false}), Did::News;
  if (fill(pairs)) return Did::News;
  if (const Did did = rebuildNext(); did != Did::Nothing) return did;
  return readAhead() ? Did::Something : Did::Nothing;
}

std::shared_ptr<const StripRecords> FileStoreImpl::recordsOf(uint64_t strip, uint32_t lane) const {
  const auto lock = lock_.read();
  if (lane == 0) return timeline_[strip].records;
  for (const DerivedRecords& each : timeline_[strip].derived)
    if (each.id == lane) return each.records;
  return nullptr;
}

// The next strip without records that can be read.
bool FileStoreImpl::bareIn(uint64_t first, uint64_t end, uint64_t& found) const {
  found = timeline_.incomplete(first, end);
  while (found < end && unreadable_.contains(found)) found = timeline_.incomplete(found + 1, end);
  return found < end;
}

// Records that the view was without and no index has; each once a view, should they not all fit.
bool FileStoreImpl::summariseWanted(const Pairs& pairs) {
  for (;;) {
    RecordNeed need;
    {
      std::lock_guard lock(wakeMutex_);
      if (wanted_.empty()) return false;
      need = wanted_.back();
      wanted_.pop_back();
    }
    const auto now = recordsOf(need.strip, need.lane);
    if (now == nullptr || now->held() <= need.level || unreadable_.contains(need.strip)) continue;
    const auto pair = std::find_if(pairs.begin(), pairs.end(),
                                   [&](const auto& each) { return each.id == need.lane; });
    if (need.lane == 0)
      summarise({need.strip, {}, true, true});
    else if (pair != pairs.end())
      summarise({need.strip, {*pair}, false, true});
    else
      continue;
    return true;
  }
}

void FileStoreImpl::summarise(const Job& job) {
  const Strip& strip = timeline_[job.strip];
  const uint32_t scanBytes = spec_.layout.scanBytes;
  const auto chunk = static_cast<uint32_t>(
      std::max<int64_t>(kChunkBytes / scanBytes / kRecordScans, 1) * kRecordScans);
  chunk_.resize(size_t{chunk} * scanBytes);
  std::vector<DerivedBuilder> derived;
  for (const auto& pair : job.pairs)
    derived.emplace_back(pair.source, scanBytes, kRecordScans, strip.scans);
  const bool indexed = rebuild_ && job.records && !rebuild_->file()->has(job.strip);
  uint32_t crc = 0;
  if (job.records) builder_.begin(strip.scans);
  for (uint32_t at = 0; at < strip.scans; at += chunk) {
    if (stopping()) return;
    const uint32_t n = std::min(chunk, strip.scans - at);
    const Fault fault = file_.read(strip.samples.start + at, n, chunk_.data());
    if (fault) {
      note(fault);
      unreadable_.insert(job.strip);
      return;
    }
    if (indexed) crc = crc32c(crc, chunk_.data(), size_t{n} * scanBytes);
    if (job.records) builder_.add(chunk_.data(), n);
    for (DerivedBuilder& builder : derived) builder.add(chunk_.data(), n);
  }
  for (size_t i = 0; i < job.pairs.size(); ++i)
    adoptDerived(job.strip, job.pairs[i].id, derived[i].finish(), job.asked);
  if (job.records) adoptMade(job, crc);
  giveUpOldest();
}

// The records just made; they go into the new index too.
void FileStoreImpl::adoptMade(const Job& job, uint32_t dataCrc) {
  const auto made = builder_.finish();
  if (rebuild_ && !rebuild_->file()->has(job.strip)) {
    entry_.clear();
    appendEntry(shape_, timeline_[job.strip].sample, dataCrc, *made, entry_);
    try {
      rebuild_->put(job.strip, entry_);
    } catch (const CoreError& error) {
      endRebuild("It can't be saved: " + error.fault.message);
    }
  }
  adopt(job.strip, made, job.asked);
}

bool FileStoreImpl::fill(const Pairs& pairs) {
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
      if (unreadable_.contains(index) || recordsOf(index, f.pair.id) != nullptr) continue;
      summarise({index, {f.pair}, false, false});
      return true;
    }
  }
  return false;
}

void FileStoreImpl::tellNews() {
  told_ = std::chrono::steady_clock::now();
  untold_ = false;
  std::lock_guard lock(newsMutex_);
  if (news_) news_();
}

}  // namespace iio
