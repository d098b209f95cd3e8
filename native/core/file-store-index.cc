// What a file store has to do with the side index: records from it, and a new one in its place.
#include <sys/stat.h>

#include <algorithm>

#include "file-store-impl.h"

namespace iio {
namespace {

constexpr size_t kGlances = 8;  // strips of which the data are looked at

constexpr const char* kUnsaved = "Without it each opening summarises the data again.";

}  // namespace

void FileStoreImpl::openIndex(std::vector<Strip>& strips) {
  if (spec_.indexPath.empty()) return;
  auto found = IndexFile::open(spec_.indexPath, shape_, strips);
  const size_t step = std::max<size_t>(strips.size() / kGlances, 1);
  for (size_t i = 0; found.file && i < strips.size(); i += step) {
    const Strip& strip = i + step < strips.size() ? strips[i] : strips.back();
    if (!strip.records || recordsAreOf(file_, *lanes_, strip)) continue;
    found.file.reset();
    found.why = "The side index " + spec_.indexPath +
                " does not match its data; it is made anew from them.";
    for (Strip& each : strips) each.records.reset();
  }
  index_ = found.file;
  indexNews_.found = found.why;
  indexNews_.state = IndexState::Whole;
  if (found.file && found.why.empty()) return;
  const int64_t bytes = file_.scans() * spec_.layout.scanBytes;
  const bool worthwhile = !found.missing || bytes >= spec_.indexFromBytes;
  indexNews_.state = worthwhile ? IndexState::Building : IndexState::None;
  if (!worthwhile) return;
  if (found.missing)
    indexNews_.found =
        "There is no side index " + spec_.indexPath + " yet; it is made from the data.";
  rebuildAsked_ = true;
}

std::shared_ptr<IndexFile> FileStoreImpl::sourceOf(uint64_t strip) const {
  if (newIndex_ && newIndex_->has(strip)) return newIndex_;
  return index_ && index_->has(strip) ? index_ : nullptr;
}

// True if something came that was not there.
bool FileStoreImpl::load(const std::vector<RecordNeed>& needs) {
  std::vector<std::pair<std::shared_ptr<IndexFile>, RecordNeed>> jobs;
  {
    const auto lock = lock_.read();
    for (const RecordNeed& need : needs)
      if (need.lane == 0)
        if (auto from = sourceOf(need.strip)) jobs.emplace_back(std::move(from), need);
  }
  for (const auto& [from, need] : jobs) from->willLoad(need.strip, need.level);
  bool any = false;
  for (const auto& [from, need] : jobs) any = loadOne(*from, need) || any;
  return any;
}

bool FileStoreImpl::loadOne(const IndexFile& from, const RecordNeed& need) {
  auto records = from.load(need.strip, need.level);
  if (records) {
    adopt(need.strip, std::move(records), true);
    return true;
  }
  // Its records come from the data from now on.
  {
    const auto lock = lock_.write();
    for (const auto& file : {index_, newIndex_})
      if (file.get() == &from) file->note(need.strip, false);
  }
  {
    std::lock_guard lock(wakeMutex_);
    rebuildAsked_ = true;
  }
  std::lock_guard lock(faultMutex_);
  indexNews_.state = IndexState::Building;
  indexNews_.found = "The side index " + spec_.indexPath +
                     " is damaged in part; what is missing is made from the data.";
  return false;
}

void FileStoreImpl::adopt(uint64_t strip, std::shared_ptr<const StripRecords> records, bool asked) {
  const auto lock = lock_.write();
  const auto& now = timeline_[strip].records;
  if (now && now->held() <= records->held()) {
    if (asked) held_.touch({strip, 0});
    return;
  }
  records = fitting(std::move(records), asked);
  held_.hold({strip, 0}, *records);
  now ? timeline_.replaceRecords(strip, std::move(records))
      : timeline_.setRecords(strip, std::move(records));
}

void FileStoreImpl::adoptDerived(uint64_t strip, uint32_t lane,
                                 std::shared_ptr<const StripRecords> records, bool asked) {
  const auto lock = lock_.write();
  const StripRecords* now = timeline_[strip].derivedRecords(lane);
  if (now != nullptr && now->held() <= records->held()) return;
  records = fitting(std::move(records), asked);
  held_.hold({strip, lane}, *records);
  now != nullptr ? timeline_.replaceDerived(strip, lane, std::move(records))
                 : timeline_.setDerived(strip, lane, std::move(records));
}

// What nobody waits for takes only room that is free.
std::shared_ptr<const StripRecords> FileStoreImpl::fitting(
    std::shared_ptr<const StripRecords> records, bool asked) {
  size_t bytes = 0;
  RecordPart downTo = RecordPart::Coarse;
  for (const RecordPart part : {RecordPart::Middle, RecordPart::Fine}) {
    bytes += records->partBytes(part);
    if (asked || held_.room(bytes)) downTo = part;
  }
  return records->held() < records->firstLevel(downTo) ? records->downTo(downTo) : records;
}

// After the frame that asked was planned, so that it has what it needs even if that is more than
// the budget.
void FileStoreImpl::giveUpOldest() {
  const auto lock = lock_.write();
  while (const auto victim = held_.victim()) {
    const auto [strip, lane] = victim->key;
    const auto& own = timeline_[strip].records;
    const StripRecords* derived = timeline_[strip].derivedRecords(lane);
    if (lane == 0 && own)
      timeline_.replaceRecords(strip, own->downTo(victim->downTo));
    else if (derived != nullptr)
      timeline_.replaceDerived(strip, lane, derived->downTo(victim->downTo));
  }
}

void FileStoreImpl::beginRebuild() {
  {
    std::lock_guard lock(wakeMutex_);
    if (!rebuildAsked_) return;
    rebuildAsked_ = false;
  }
  if (rebuild_) {
    rebuiltTo_ = 0;
    return;
  }
  std::vector<Strip> strips(timeline_.end());
  for (uint64_t i = 0; i < timeline_.end(); ++i) {
    strips[i].sample = timeline_[i].sample;
    strips[i].scans = timeline_[i].scans;
  }
  std::string why;
  rebuild_ = IndexRebuild::begin(spec_.indexPath, shape_, strips, why);
  rebuiltTo_ = 0;
  if (!rebuild_) return endRebuild(why);
  const auto lock = lock_.write();
  newIndex_ = rebuild_->file();
}

// The next entry that is not in the new index yet, from the old one or from the data; at the end
// its name.
FileStoreImpl::Did FileStoreImpl::rebuildNext() {
  if (!rebuild_) return Did::Nothing;
  while (rebuiltTo_ < timeline_.end() && rebuild_->file()->has(rebuiltTo_)) ++rebuiltTo_;
  try {
    if (rebuiltTo_ == timeline_.end()) return saveRebuilt(), Did::News;
    if (unreadable_.contains(rebuiltTo_)) {
      endRebuild("It can't be made whole, since the data can't all be read.");
    } else if (index_ && index_->has(rebuiltTo_) && index_->readEntry(rebuiltTo_, entry_)) {
      rebuild_->put(rebuiltTo_, entry_);
    } else {
      summarise({rebuiltTo_, {}, true, false});
    }
  } catch (const CoreError& error) {
    endRebuild("It can't be saved: " + error.fault.message + " " + kUnsaved);
  }
  return Did::Something;
}

void FileStoreImpl::saveRebuilt() {
  if (!file_.isAt(spec_.path))
    return endRebuild("The new index is not saved, since the data file was moved meanwhile.");
  rebuild_->commit();
  {
    const auto lock = lock_.write();
    index_ = std::exchange(newIndex_, nullptr);
  }
  rebuild_.reset();
  std::lock_guard lock(faultMutex_);
  indexNews_.state = IndexState::Whole;
  indexNews_.saved = "The new one is saved.";
}

void FileStoreImpl::endRebuild(const std::string& why) {
  {
    const auto lock = lock_.write();
    newIndex_.reset();
  }
  rebuild_.reset();
  std::lock_guard lock(faultMutex_);
  indexNews_.state = IndexState::Unsaved;
  indexNews_.saved = why;
}

// Records that no view asked for yet, as far as there is room: of all strips the middle ones, then
// the fine ones. False if there are no more.
bool FileStoreImpl::readAhead() {
  while (ahead_ <= RecordPart::Fine) {
    for (; aheadTo_ < timeline_.end(); ++aheadTo_) {
      const auto records = recordsOf(aheadTo_);
      const auto from = sourceOf(aheadTo_);
      if (!from || !records || !records->has(ahead_)) continue;
      const uint32_t level = records->firstLevel(ahead_);
      if (records->held() <= level) continue;
      size_t bytes = 0;
      for (uint32_t k = level; k < records->held(); ++k) bytes += records->levelBytes(k);
      {
        const auto lock = lock_.read();
        if (!held_.room(bytes)) return false;
      }
      if (auto more = from->load(aheadTo_, level)) adopt(aheadTo_, std::move(more), false);
      ++aheadTo_;
      return true;
    }
    aheadTo_ = 0;
    ahead_ = static_cast<RecordPart>(static_cast<size_t>(ahead_) + 1);
  }
  return false;
}

}  // namespace iio
