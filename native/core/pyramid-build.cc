// Records from samples: lanes of one word type that fill enough of a scan go through the vector
// code together, the others one by one.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <tuple>
#include <utility>

#include "decode-word.h"
#include "pyramid.h"
#include "simd.h"

namespace iio {
namespace {

constexpr uint32_t kBatchBytes = 64 * 1024;  // stays in the cache between the passes over it
constexpr uint32_t kBatchRecords = 32;

// Lanes of one word type.
template <typename T>
struct Group {
  WordPlan<T> plan;
  std::vector<uint32_t> lanes;
  std::vector<T> low, high;
  std::vector<uint8_t> nan;
};

template <typename T>
bool fits(const Lane& lane, uint32_t scanBytes) {
  return lane.format.storageBytes == sizeof(T) &&
         lane.format.isFloat() == std::is_floating_point_v<T> &&
         lane.format.offsetBytes % sizeof(T) == 0 && scanBytes % sizeof(T) == 0;
}

template <typename T>
void planGroup(Group<T>& group, const LaneSet& set) {
  using Bits = typename WordPlan<T>::Bits;
  const size_t words = set.scanBytes() / sizeof(T);
  for (uint32_t i = 0; i < set.size(); ++i)
    if (fits<T>(set[i], set.scanBytes())) group.lanes.push_back(i);
  // One vector operation does 16 bytes or more, one scalar operation a word: not for a few words of
  // a wide scan.
  const bool worthwhile = words <= group.lanes.size() * (16 / sizeof(T));
  const size_t entries = worthwhile ? planEntries(words, sizeof(T)) : 0;
  if (!worthwhile || entries > kPlanEntriesLimit) {
    group.lanes.clear();
    return;
  }
  WordPlan<T>& plan = group.plan;
  plan.words = words;
  plan.factor.assign(entries, 1);
  plan.mask.assign(entries, static_cast<Bits>(~Bits{0}));
  plan.flip.assign(entries, 0);
  plan.swap.assign(entries, 0);
  for (const uint32_t i : group.lanes) {
    const ValueFormat& f = set[i].format;
    plan.swapped = plan.swapped || f.swap;
    const auto mask = static_cast<Bits>(f.mask);
    const bool whole = f.isFloat() || (f.leftShift == 0 && mask == static_cast<Bits>(~Bits{0}));
    const bool plain = whole && (f.isFloat() || f.flip == 0);
    if (!plain) plan.keys = std::max(plan.keys, whole ? Keys::Flipped : Keys::Transformed);
    for (size_t e = f.offsetBytes / sizeof(T); e < entries; e += words) {
      if (f.swap) plan.swap[e] = static_cast<Bits>(~Bits{0});
      if (plain) continue;
      plan.factor[e] = static_cast<Bits>(Bits{1} << f.leftShift);
      plan.mask[e] = mask;
      plan.flip[e] = static_cast<Bits>(f.flip);
    }
  }
  group.low.resize(words * kBatchRecords);
  group.high.resize(words * kBatchRecords);
  if (std::is_floating_point_v<T>) group.nan.resize(words * kBatchRecords);
}

template <typename K>
Record<K> recordOfRun(const ValueFormat& f, const RunBounds& b) {
  const auto as = [](auto x) { return static_cast<K>(x); };
  if (f.isFloat()) return {as(b.first), as(b.minimum), as(b.maximum), as(b.last)};
  return {as(b.firstKey), as(b.minKey), as(b.maxKey), as(b.lastKey)};
}

}  // namespace

struct PyramidBuilder::Impl {
  std::shared_ptr<const LaneSet> set;
  uint32_t grain;
  std::tuple<Group<int8_t>, Group<int16_t>, Group<int32_t>, Group<int64_t>, Group<float>,
             Group<double>>
      groups;
  std::shared_ptr<RecordMemory> memory;
  std::vector<uint32_t> single;  // lanes of no group
  std::shared_ptr<StripRecords> strip;
  uint32_t done = 0;  // scans

  Impl(std::shared_ptr<const LaneSet> lanes, uint32_t grainScans,
       std::shared_ptr<RecordMemory> recordMemory)
      : set(std::move(lanes)), grain(grainScans), memory(std::move(recordMemory)) {
    std::vector<bool> grouped(set->size());
    std::apply(
        [&](auto&... group) {
          (planGroup(group, *set), ...);
          const auto mark = [&](const auto& g) {
            for (const uint32_t i : g.lanes) grouped[i] = true;
          };
          (mark(group), ...);
        },
        groups);
    for (uint32_t i = 0; i < set->size(); ++i)
      if (!grouped[i]) single.push_back(i);
  }

  // A record of 256 scans (or fewer, the last) that starts at scan `at`.
  template <typename K>
  void put(const Lane& lane, uint32_t at, const Record<K>& record, bool nan) {
    const uint32_t index = at / grain;
    auto& to = strip->level<K>(lane, 0)[index];
    if (at % grain == 0) {
      to = record;
    } else {
      widen(to, record);
      to.last = record.last;
    }
    if constexpr (std::is_floating_point_v<K>) {
      uint8_t& flag = strip->nans(lane, 0)[index];
      flag = (at % grain == 0 ? 0 : flag) | (nan ? 1 : 0);
    }
  }

  std::shared_ptr<StripRecords> room(uint32_t scans) const {
    return std::make_shared<StripRecords>(*set, scans, grain, memory.get());
  }

  // Room for the scans that came, with what was made of them.
  void shorten() {
    const auto longer = std::exchange(strip, room(done));
    for (const Lane& lane : set->lanes())
      withKey(lane.format.key, [&](auto key) {
        using K = decltype(key);
        std::copy_n(longer->level<K>(lane, 0), strip->count(0), strip->level<K>(lane, 0));
        if constexpr (std::is_floating_point_v<K>)
          std::copy_n(longer->nans(lane, 0), strip->count(0), strip->nans(lane, 0));
      });
  }

  template <typename T>
  void addGroup(Group<T>& group, const std::byte* scans, uint32_t records) {
    if (group.lanes.empty()) return;
    minMaxWords(group.plan, scans, records, group.low.data(), group.high.data(), group.nan.data());
    for (const uint32_t i : group.lanes) {
      const Lane& lane = (*set)[i];
      withKey(lane.format.key, [&](auto key) {
        withSwap(lane.format, [&](auto word) {
          putGroup<T, decltype(key), decltype(word)>(group, lane, scans, records);
        });
      });
    }
  }

  template <typename Use>
  static void withSwap(const ValueFormat& f, Use&& use) {
    f.isFloat() ? withFloatWord(f, use) : withWord(f, use);
  }

  // Where each record of 256 scans is one of the strip. Minima and maxima of each are `words`
  // apart.
  template <typename T, typename K, typename W>
  void putKeys(const Lane& lane, const std::byte* scans, uint32_t records, const T* low,
               const T* high, size_t words) {
    const ValueFormat& f = lane.format;
    const size_t recordStep = size_t{kRecordScans} * set->scanBytes();
    const std::byte* first = scans;
    const std::byte* last = scans + recordStep - set->scanBytes();
    const auto key = [shift = f.rightShift](auto x) { return static_cast<K>(x >> shift); };
    Record<K>* to = strip->level<K>(lane, 0) + done / kRecordScans;
    for (Record<K>* const end = to + records; to != end; ++to) {
      // One by one: the compiler would gather them into vectors by shuffles, which gains nothing
      // here and costs an emulator a call each.
      std::atomic_signal_fence(std::memory_order_relaxed);
      *to = {key(highKey<W>(f, first)), key(*low), key(*high), key(highKey<W>(f, last))};
      first += recordStep;
      last += recordStep;
      low += words;
      high += words;
    }
  }

  template <typename T, typename K, typename W>
  void putGroup(const Group<T>& group, const Lane& lane, const std::byte* scans, uint32_t records) {
    if constexpr (sizeof(typename W::Bits) == sizeof(T) &&
                  std::is_floating_point_v<T> == std::is_floating_point_v<K>) {
      const ValueFormat& f = lane.format;
      const size_t words = group.plan.words;
      const size_t recordStep = size_t{kRecordScans} * set->scanBytes();
      const size_t lastStep = recordStep - set->scanBytes();
      const T* low = group.low.data() + f.offsetBytes / sizeof(T);
      const T* high = group.high.data() + f.offsetBytes / sizeof(T);
      if constexpr (std::is_integral_v<T>) {
        if (grain == kRecordScans) return putKeys<T, K, W>(lane, scans, records, low, high, words);
      }
      for (uint32_t r = 0; r < records; ++r) {
        const std::byte* first = scans + r * recordStep;
        const uint32_t at = done + r * kRecordScans;
        if constexpr (std::is_floating_point_v<T>) {
          const bool none = low[r * words] > high[r * words];
          const auto minimum = none ? std::numeric_limits<T>::quiet_NaN() : low[r * words];
          const auto maximum = none ? std::numeric_limits<T>::quiet_NaN() : high[r * words];
          put<K>(lane, at,
                 {static_cast<K>(floatOf<W>(f, first)), static_cast<K>(minimum),
                  static_cast<K>(maximum), static_cast<K>(floatOf<W>(f, first + lastStep))},
                 group.nan[r * words + f.offsetBytes / sizeof(T)] != 0);
        } else {
          const auto key = [&](auto x) { return static_cast<K>(x >> f.rightShift); };
          put<K>(lane, at,
                 {key(highKey<W>(f, first)), key(low[r * words]), key(high[r * words]),
                  key(highKey<W>(f, first + lastStep))},
                 false);
        }
      }
    }
  }

  void addSingle(uint32_t i, const std::byte* scans, uint32_t at, uint32_t count) {
    const Lane& lane = (*set)[i];
    const RunBounds bounds = boundsOfRun(lane.format, scans, set->scanBytes(), count);
    withKey(lane.format.key, [&](auto key) {
      put<decltype(key)>(lane, at, recordOfRun<decltype(key)>(lane.format, bounds), bounds.nan);
    });
  }

  void addBatch(const std::byte* scans, uint32_t records) {
    std::apply([&](auto&... group) { (addGroup(group, scans, records), ...); }, groups);
    for (const uint32_t i : single)
      for (uint32_t r = 0; r < records; ++r)
        addSingle(i, scans + size_t{r} * kRecordScans * set->scanBytes(), done + r * kRecordScans,
                  kRecordScans);
    done += records * kRecordScans;
  }
};

PyramidBuilder::PyramidBuilder(std::shared_ptr<const LaneSet> lanes, uint32_t grain,
                               std::shared_ptr<RecordMemory> memory)
    : impl_(std::make_unique<Impl>(std::move(lanes), grain, std::move(memory))) {}
PyramidBuilder::~PyramidBuilder() = default;

void PyramidBuilder::begin(uint32_t count) {
  impl_->strip = impl_->room(count);
  impl_->done = 0;
}

void PyramidBuilder::add(const std::byte* scans, uint32_t count) {
  const uint32_t scanBytes = impl_->set->scanBytes();
  const uint32_t batch = std::clamp(kBatchBytes / (kRecordScans * scanBytes), 1u, kBatchRecords);
  const std::byte* end = scans + size_t{count} * scanBytes;
  for (uint32_t left = count / kRecordScans; left > 0;) {
    const uint32_t records = std::min(left, batch);
    impl_->addBatch(scans, records);
    scans += size_t{records} * kRecordScans * scanBytes;
    left -= records;
  }
  const uint32_t rest = static_cast<uint32_t>((end - scans) / scanBytes);
  if (rest == 0) return;
  for (uint32_t i = 0; i < impl_->set->size(); ++i) impl_->addSingle(i, scans, impl_->done, rest);
  impl_->done += rest;
}

std::shared_ptr<StripRecords> PyramidBuilder::finish() {
  if (impl_->done < impl_->strip->scans()) impl_->shorten();
  impl_->strip->raise(*impl_->set);
  return std::move(impl_->strip);
}

std::shared_ptr<StripRecords> PyramidBuilder::build(const std::byte* scans, uint32_t count) {
  begin(count);
  add(scans, count);
  return finish();
}

}  // namespace iio
