#include "decode.h"

#include <cmath>
#include <limits>
#include <string>

#include "decode-word.h"
#include "error.h"

namespace iio {
namespace {

constexpr bool kBigEndianHost = std::endian::native == std::endian::big;

[[noreturn]] void refuse(size_t element, const std::string& why) {
  Fault fault;
  fault.err = EINVAL;
  fault.message = "Scan element " + std::to_string(element) + " can't be read: " + why +
                  " Check the channel's type as the driver gives it.";
  throw CoreError(fault);
}

void checkElement(const ScanElement& e, size_t index, uint32_t scanBytes) {
  const bool known = e.storageBits == 8 || e.storageBits == 16 || e.storageBits == 24 ||
                     e.storageBits == 32 || e.storageBits == 64;
  if (!known)
    refuse(index, "its storage of " + std::to_string(e.storageBits) + " bits is not known.");
  if (e.bits == 0 || e.bits + e.shift > e.storageBits)
    refuse(index, std::to_string(e.bits) + " bits shifted by " + std::to_string(e.shift) +
                      " don't fit into " + std::to_string(e.storageBits) + ".");
  if (e.kind == NumberKind::Float) {
    const bool ieee = e.storageBits == 16 || e.storageBits == 32 || e.storageBits == 64;
    if (!ieee || e.bits != e.storageBits)
      refuse(index, "a float has 16, 32 or 64 bits without a shift.");
  }
  const uint64_t end = uint64_t{e.offsetBytes} + uint64_t{e.repeat} * (e.storageBits / 8);
  if (e.repeat == 0 || end > scanBytes)
    refuse(index, "it ends at byte " + std::to_string(end) + " of a scan of " +
                      std::to_string(scanBytes) + ".");
}

KeyType keyType(const ScanElement& e) {
  if (e.kind == NumberKind::Float) return e.storageBits == 64 ? KeyType::F64 : KeyType::F32;
  if (e.bits <= 16) return KeyType::I16;
  return e.bits <= 32 ? KeyType::I32 : KeyType::I64;
}

template <typename Out, typename Convert>
void decodeIntegers(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count,
                    Out* out, Convert convert) {
  withWord(f, [&](auto word) {
    for (size_t i = 0; i < count; ++i)
      out[i] = convert(int64_t{highKey<decltype(word)>(f, scans + i * stride)} >> f.rightShift);
  });
}

template <typename Out, typename Convert>
void decodeFloats(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count,
                  Out* out, Convert convert) {
  withFloatWord(f, [&](auto word) {
    for (size_t i = 0; i < count; ++i)
      out[i] = convert(static_cast<double>(floatOf<decltype(word)>(f, scans + i * stride)));
  });
}

template <typename Convert>
void decodeWith(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count,
                double* out, Convert convert) {
  if (f.isFloat()) return decodeFloats(f, scans, stride, count, out, convert);
  if (f.isWideUnsigned())
    return decodeIntegers(f, scans, stride, count, out,
                          [&](int64_t key) { return convert(f.rawOfKey(key)); });
  const auto bias = static_cast<int64_t>(f.bias);
  decodeIntegers(f, scans, stride, count, out,
                 [=](int64_t key) { return convert(static_cast<double>(key + bias)); });
}

RunBounds integerBounds(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count) {
  RunBounds bounds;
  withWord(f, [&](auto word) {
    using W = decltype(word);
    const auto first = highKey<W>(f, scans);
    auto low = first, high = first;
    for (size_t i = 1; i < count; ++i) {
      const auto key = highKey<W>(f, scans + i * stride);
      low = key < low ? key : low;
      high = key > high ? key : high;
    }
    bounds.firstKey = int64_t{first} >> f.rightShift;
    bounds.minKey = int64_t{low} >> f.rightShift;
    bounds.maxKey = int64_t{high} >> f.rightShift;
    bounds.lastKey = int64_t{highKey<W>(f, scans + (count - 1) * stride)} >> f.rightShift;
  });
  return bounds;
}

RunBounds floatBounds(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count) {
  RunBounds bounds;
  withFloatWord(f, [&](auto word) {
    using W = decltype(word);
    using F = decltype(floatOf<W>(f, scans));
    F low = std::numeric_limits<F>::infinity(), high = -low;
    bool nan = false;
    for (size_t i = 0; i < count; ++i) {
      const F x = floatOf<W>(f, scans + i * stride);
      low = x < low ? x : low;
      high = x > high ? x : high;
      nan |= x != x;
    }
    const bool none = low > high;
    bounds.first = floatOf<W>(f, scans);
    bounds.last = floatOf<W>(f, scans + (count - 1) * stride);
    bounds.minimum = none ? std::nan("") : low;
    bounds.maximum = none ? std::nan("") : high;
    bounds.nan = nan;
  });
  return bounds;
}

}  // namespace

void checkLayout(const ScanLayout& layout) {
  constexpr uint32_t kScanBytesLimit = 1 << 20;
  if (layout.scanBytes == 0) refuse(0, "a scan has no bytes.");
  if (layout.scanBytes > kScanBytesLimit) refuse(0, "a scan has more than 1 MiB.");
  for (size_t i = 0; i < layout.elements.size(); ++i)
    checkElement(layout.elements[i], i, layout.scanBytes);
  if (layout.timestamp >= static_cast<int>(layout.elements.size()))
    refuse(static_cast<size_t>(layout.timestamp), "the timestamp is not among the elements.");
}

ValueFormat valueFormat(const ScanElement& e, uint32_t component) {
  ValueFormat f;
  f.storageBytes = static_cast<uint8_t>(e.storageBits / 8);
  f.offsetBytes = e.offsetBytes + component * f.storageBytes;
  f.wordBits = e.storageBits == 24 ? 32 : static_cast<uint8_t>(e.storageBits);
  f.bits = static_cast<uint8_t>(e.bits);
  f.kind = e.kind;
  f.bigEndian = e.bigEndian;
  f.swap = f.storageBytes > 1 && f.storageBytes != 3 && e.bigEndian != kBigEndianHost;
  f.key = keyType(e);
  if (f.isFloat()) return f;
  f.leftShift = static_cast<uint8_t>(f.wordBits - e.bits - e.shift);
  f.rightShift = static_cast<uint8_t>(f.wordBits - e.bits);
  const uint64_t ones = f.wordBits == 64 ? ~uint64_t{0} : (uint64_t{1} << f.wordBits) - 1;
  f.mask = ones & ~((uint64_t{1} << f.rightShift) - 1);
  if (e.kind == NumberKind::Unsigned) {
    f.flip = uint64_t{1} << (f.wordBits - 1);
    f.bias = uint64_t{1} << (e.bits - 1);
  }
  return f;
}

int64_t keyAt(const ValueFormat& f, const std::byte* scan) {
  return withWord(
      f, [&](auto word) { return int64_t{highKey<decltype(word)>(f, scan)} >> f.rightShift; });
}

double floatAt(const ValueFormat& f, const std::byte* scan) {
  return withFloatWord(
      f, [&](auto word) { return static_cast<double>(floatOf<decltype(word)>(f, scan)); });
}

double rawAt(const ValueFormat& f, const std::byte* scan) {
  return f.isFloat() ? floatAt(f, scan) : f.rawOfKey(keyAt(f, scan));
}

void decodeKeys(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count,
                int64_t* out) {
  decodeIntegers(f, scans, stride, count, out, [](int64_t key) { return key; });
}

void decodeRaw(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count,
               double* out) {
  decodeWith(f, scans, stride, count, out, [](double raw) { return raw; });
}

void decodeScaled(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count,
                  double offset, double scale, double* out) {
  decodeWith(f, scans, stride, count, out, [=](double raw) { return (raw + offset) * scale; });
}

SampleValues emptySamples(const ScanElement& e) {
  if (e.kind == NumberKind::Float) return std::vector<double>{};
  if (e.kind == NumberKind::Signed) {
    if (e.bits <= 32) return std::vector<int32_t>{};
    return std::vector<int64_t>{};
  }
  if (e.bits <= 31) return std::vector<int32_t>{};
  if (e.bits <= 32) return std::vector<uint32_t>{};
  if (e.bits <= 63) return std::vector<int64_t>{};
  return std::vector<uint64_t>{};
}

void appendSamples(const ScanElement& e, const std::byte* scans, size_t stride, size_t count,
                   SampleValues& out) {
  std::visit(
      [&](auto& values) {
        using Value = typename std::remove_reference_t<decltype(values)>::value_type;
        const size_t at = values.size();
        values.resize(at + count * e.repeat);
        for (uint32_t component = 0; component < e.repeat; ++component) {
          const ValueFormat f = valueFormat(e, component);
          Value* to = values.data() + at + component;
          if constexpr (std::is_same_v<Value, double>) {
            for (size_t i = 0; i < count; ++i) to[i * e.repeat] = floatAt(f, scans + i * stride);
          } else {
            for (size_t i = 0; i < count; ++i)
              to[i * e.repeat] =
                  static_cast<Value>(static_cast<uint64_t>(keyAt(f, scans + i * stride)) + f.bias);
          }
        }
      },
      out);
}

RunBounds boundsOfRun(const ValueFormat& f, const std::byte* scans, size_t stride, size_t count) {
  return f.isFloat() ? floatBounds(f, scans, stride, count)
                     : integerBounds(f, scans, stride, count);
}

}  // namespace iio
