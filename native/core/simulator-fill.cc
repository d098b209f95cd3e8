#include "simulator-fill.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "continuity-sample.h"
#include "error.h"
#include "simulator-waves.h"

namespace iio {

namespace {

template <typename Word>
Word swapped(Word word) {
  if constexpr (sizeof(Word) == 2)
    return __builtin_bswap16(word);
  else if constexpr (sizeof(Word) == 4)
    return __builtin_bswap32(word);
  else if constexpr (sizeof(Word) == 8)
    return __builtin_bswap64(word);
  else
    return word;
}

// Nearest whole number by way of the mantissa: unlike lrint this becomes vector code everywhere.
inline int32_t nearest(float value) {
  return std::bit_cast<int32_t>(value + 0x1.8p23f) - 0x4B400000;
}
inline int64_t nearest(double value) {
  return std::bit_cast<int64_t>(value + 0x1.8p52) - 0x4338000000000000;
}

// Places words of one element, in the byte order of the element.
template <typename Word>
class Placer : public ElementFiller {
 public:
  explicit Placer(const ScanElement& element)
      : element_(element),
        swap_(element.bigEndian == (std::endian::native == std::endian::little)) {}

 protected:
  // Whether a scan is one word of this element and nothing else: the block is then an array of
  // them.
  bool contiguous(size_t stride) const {
    return stride == sizeof(Word) && element_.storageBits == 8 * sizeof(Word);
  }

  // `words` may be the place itself.
  void place(std::byte* scan, size_t stride, Word* words, uint32_t count) const {
    if (swap_ && element_.storageBits == 8 * sizeof(Word))
      for (uint32_t j = 0; j < count; ++j) words[j] = swapped(words[j]);
    std::byte* at = scan + element_.offsetBytes;
    if (contiguous(stride)) return;
    uint32_t bytes = element_.storageBits / 8;
    for (uint32_t again = 0; again < std::max<uint32_t>(1, element_.repeat); ++again, at += bytes) {
      if (bytes == sizeof(Word)) {
        for (uint32_t j = 0; j < count; ++j) std::memcpy(at + j * stride, &words[j], sizeof(Word));
      } else {
        for (uint32_t j = 0; j < count; ++j) placeOdd(at + j * stride, words[j], bytes);
      }
    }
  }

  ScanElement element_;

 private:
  void placeOdd(std::byte* at, Word word, uint32_t bytes) const {  // 24 bits
    for (uint32_t i = 0; i < bytes; ++i)
      at[element_.bigEndian ? bytes - 1 - i : i] = static_cast<std::byte>(word >> 8 * i & 0xFF);
  }

  bool swap_;
};

template <typename Word, typename Real>
class WaveFiller : public Placer<Word> {
 public:
  WaveFiller(const ScanElement& element, Wave<Real> wave)
      : Placer<Word>(element), wave_(std::move(wave)) {
    bool isSigned = element.kind == NumberKind::Signed;
    int bits =
        std::min<int>(element.bits, isSigned ? 52 : 51);  // what the mantissa's trick can hold
    low_ = static_cast<Real>(isSigned ? -std::ldexp(1.0, bits - 1) : 0.0);
    high_ = static_cast<Real>(std::ldexp(1.0, isSigned ? bits - 1 : bits) - 1);
  }

  void fill(std::byte* scan, size_t stride, uint64_t chunk, uint32_t from, uint32_t count,
            int64_t) const override {
    Real values[kChunkScans];
    Word buffer[kChunkScans];
    wave_.values(values, chunk, from, count);
    Word* words = this->contiguous(stride) ? reinterpret_cast<Word*>(scan) : buffer;
    if (this->element_.kind == NumberKind::Float)
      asFloats(words, values, count);
    else
      asIntegers(words, values, count);
    this->place(scan, stride, words, count);
  }

 private:
  void asIntegers(Word* words, const Real* values, uint32_t count) const {
    const Real low = low_, high = high_;
    const int shift = this->element_.shift;
    for (uint32_t j = 0; j < count; ++j) {
      Real value = std::min(std::max(values[j], low), high);
      words[j] = static_cast<Word>(static_cast<Word>(nearest(value)) << shift);
    }
  }

  void asFloats(Word* words, const Real* values, uint32_t count) const {
    for (uint32_t j = 0; j < count; ++j) {
      if constexpr (sizeof(Word) == 8)
        words[j] = std::bit_cast<Word>(static_cast<double>(values[j]));
      else if constexpr (sizeof(Word) == 4)
        words[j] = std::bit_cast<Word>(static_cast<float>(values[j]));
      else
        words[j] = 0;
    }
  }

  Wave<Real> wave_;
  Real low_, high_;
};

template <typename Word>
class CounterFiller : public Placer<Word> {
 public:
  explicit CounterFiller(const ScanElement& element)
      : Placer<Word>(element), mask_(static_cast<Word>(maskOf(element.bits))) {}

  void fill(std::byte* scan, size_t stride, uint64_t chunk, uint32_t from, uint32_t count,
            int64_t) const override {
    Word buffer[kChunkScans];
    Word* words = this->contiguous(stride) ? reinterpret_cast<Word*>(scan) : buffer;
    const auto first = static_cast<Word>(chunk * kChunkScans + from);
    const Word mask = mask_;
    const int shift = this->element_.shift;
    for (uint32_t j = 0; j < count; ++j)
      words[j] = static_cast<Word>(static_cast<Word>(static_cast<Word>(first + j) & mask) << shift);
    this->place(scan, stride, words, count);
  }

 private:
  Word mask_;
};

// Nanoseconds at which a scan ended, as a driver would stamp it.
template <typename Word>
class TimestampFiller : public Placer<Word> {
 public:
  TimestampFiller(const ScanElement& element, double rateHz)
      : Placer<Word>(element), periodNs_(1e9 / rateHz) {}

  void fill(std::byte* scan, size_t stride, uint64_t chunk, uint32_t from, uint32_t count,
            int64_t realtimeNs) const override {
    Word buffer[kChunkScans];
    Word* words = this->contiguous(stride) ? reinterpret_cast<Word*>(scan) : buffer;
    const auto first = static_cast<double>(chunk * kChunkScans + from + 1);
    for (uint32_t j = 0; j < count; ++j) {
      int64_t ns = realtimeNs + static_cast<int64_t>((first + j) * periodNs_ + 0.5);
      words[j] = static_cast<Word>(static_cast<Word>(ns) << this->element_.shift);
    }
    this->place(scan, stride, words, count);
  }

 private:
  double periodNs_;
};

template <typename Word>
std::unique_ptr<ElementFiller> makeFiller(const ScanElement& element, const SimulatedElement& wave,
                                          double rateHz, uint64_t seed, uint32_t index) {
  if (wave.waveform == Waveform::Counter) return std::make_unique<CounterFiller<Word>>(element);
  if (wave.waveform == Waveform::Timestamp)
    return std::make_unique<TimestampFiller<Word>>(element, rateHz);
  if (element.kind != NumberKind::Float && element.bits <= 20 && sizeof(Word) <= 4)
    return std::make_unique<WaveFiller<Word, float>>(element,
                                                     Wave<float>(wave, rateHz, seed, index));
  return std::make_unique<WaveFiller<Word, double>>(element,
                                                    Wave<double>(wave, rateHz, seed, index));
}

}  // namespace

ScanFiller::ScanFiller(const ScanLayout& layout, const std::vector<SimulatedElement>& elements,
                       double rateHz, uint64_t seed)
    : scanBytes_(layout.scanBytes) {
  if (elements.size() != layout.elements.size())
    throw CoreError(
        Fault{EINVAL, "", "",
              "The simulator needs one waveform for each channel. Give as many as there are."});
  for (uint32_t i = 0; i < elements.size(); ++i) {
    const ScanElement& element = layout.elements[i];
    auto make = [&](auto word) {
      return makeFiller<decltype(word)>(element, elements[i], rateHz, seed, i);
    };
    if (element.storageBits <= 8)
      elements_.push_back(make(uint8_t{}));
    else if (element.storageBits <= 16)
      elements_.push_back(make(uint16_t{}));
    else if (element.storageBits <= 32)
      elements_.push_back(make(uint32_t{}));
    else
      elements_.push_back(make(uint64_t{}));
  }
}

void ScanFiller::fill(std::byte* out, int64_t first, uint32_t count, int64_t realtimeNs) const {
  auto scan = static_cast<uint64_t>(first);
  while (count > 0) {
    auto from = static_cast<uint32_t>(scan % kChunkScans);
    uint32_t now = std::min(count, kChunkScans - from);
    for (const auto& element : elements_)
      element->fill(out, scanBytes_, scan / kChunkScans, from, now, realtimeNs);
    out += size_t{now} * scanBytes_;
    scan += now;
    count -= now;
  }
}

}  // namespace iio
