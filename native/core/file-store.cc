// Opening a file of scans, and the answers to queries.
#include "file-store.h"

#include <algorithm>
#include <cmath>

#include "file-store-impl.h"

namespace iio {
namespace {

constexpr int64_t kExtraBytes = 64 << 20;       // read in place of records for one frame, at most
constexpr size_t kFrameRecordBytes = 96 << 20;  // records that one frame may need, about

}  // namespace

FileStoreImpl::FileStoreImpl(FileStoreSpec spec)
    : spec_(std::move(spec)),
      shape_(spec_.layout),
      lanes_(shape_.lanesPtr()),
      file_(spec_.path, spec_.headerBytes, spec_.layout.scanBytes),
      timeline_(lanes_, kRecordScans),
      held_(spec_.heldBytes),
      builder_(lanes_, kRecordScans) {
  FileStrips cut = fileStrips(spec_, file_.scans(), mostGaps(*lanes_));
  openIndex(cut.strips);
  timeline_.setTimeMarks(std::move(cut.marks));
  for (Strip& strip : cut.strips) timeline_.append(std::move(strip));
  thread_ = std::thread([this] { run(); });
}

FrameData FileStoreImpl::query(const Query& query) {
  FrameSetup setup = prepareQuery(query, spec_.layout, lanes_, spec_.rateHz, derived_);
  setup.extraScans =
      std::min<int64_t>(setup.extraScans, kExtraBytes / spec_.layout.scanBytes *
                                              std::max<int64_t>(setup.traces.size(), 1));
  setup.recordBytes = kFrameRecordBytes;
  FileSamples samples(file_);
  FrameData data = answer(query, setup, samples);
  note(samples.fault());
  return data;
}

// What records of the index a frame needs is read without the lock, so it may be planned twice.
FrameData FileStoreImpl::answer(const Query& query, FrameSetup& setup, FileSamples& samples) {
  constexpr int kRounds = 3;
  std::optional<FrameBuilder> frame;
  double part = 1;
  int64_t newest = 0, first = 0;
  for (int round = 1;; ++round) {
    {
      const auto lock = lock_.read();
      first = timeline_.fromScan();
      setup.range = resolveRange(query.range, {first, timeline_.toScan(), spec_.rateHz, nullptr});
      frame.emplace(setup);
      frame->plan(timeline_, samples);
      if (timeline_.scansTotal() > 0)
        part = static_cast<double>(timeline_.scansSummarised()) /
               static_cast<double>(timeline_.scansTotal());
      newest = timeOfScan(timeline_, static_cast<double>(timeline_.toScan()), spec_.rateHz);
    }
    if (round == kRounds || !load(frame->needs())) {
      if (round > 1) giveUpOldest();
      break;
    }
  }
  lookAt(setup.range, frame->needs());
  frame->read(samples);
  FrameData data = frame->finish();
  data.samplesFromScan = std::max(data.fromScan, first);
  data.summarised = std::min(data.summarised, part);
  data.newestTimeNs = newest;
  return data;
}

void FileStoreImpl::lookAt(const FrameRange& range, const std::vector<RecordNeed>& needs) {
  std::lock_guard lock(wakeMutex_);
  viewFrom_ = static_cast<int64_t>(std::floor(range.from));
  viewTo_ = static_cast<int64_t>(std::ceil(range.to));
  wanted_.assign(needs.rbegin(), needs.rend());  // taken from the back
  awake_ = true;
  waker_.notify_one();
}

SampleValues FileStoreImpl::samples(uint32_t element, int64_t& fromScan, uint32_t count) {
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

FileStoreStatus FileStoreImpl::status() const {
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
  status.index = indexNews_.state;
  status.indexNote = indexNews_.found;
  if (!status.indexNote.empty() && !indexNews_.saved.empty()) status.indexNote += " ";
  status.indexNote += indexNews_.saved;
  return status;
}

void FileStoreImpl::shutdown() noexcept {
  {
    std::lock_guard lock(wakeMutex_);
    stopping_ = true;
    waker_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<FileStore> FileStore::open(FileStoreSpec spec) {
  return std::make_shared<FileStoreImpl>(std::move(spec));
}

}  // namespace iio
