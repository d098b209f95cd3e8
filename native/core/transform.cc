#include "transform.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace iio {
namespace {

using Shift = Transform::Shift;
using Kernel = Transform::Kernel;

// Bytes of input and output worked on before the next run begins, so that all runs find them in the
// first-level cache.
constexpr size_t kChunkBytes = 16384;

constexpr uint16_t swapBytes(uint16_t v) { return __builtin_bswap16(v); }
constexpr uint32_t swapBytes(uint32_t v) { return __builtin_bswap32(v); }
constexpr uint64_t swapBytes(uint64_t v) { return __builtin_bswap64(v); }
constexpr uint8_t swapBytes(uint8_t v) { return v; }

struct Storage24 {};
template <class Storage>
constexpr size_t kBytes = std::is_same_v<Storage, Storage24> ? 3 : sizeof(Storage);
// The word a value is shifted in.
template <class Storage>
using Word = std::conditional_t<std::is_same_v<Storage, uint64_t>, uint64_t, uint32_t>;

template <class Storage, bool Swap>
inline Word<Storage> load(const std::byte* p) {
  if constexpr (std::is_same_v<Storage, Storage24>) {
    const uint32_t a = uint8_t(p[0]), b = uint8_t(p[1]), c = uint8_t(p[2]);
    return Swap ? a << 16 | b << 8 | c : c << 16 | b << 8 | a;
  } else {
    Storage value;
    std::memcpy(&value, p, sizeof value);
    return Swap ? swapBytes(value) : value;
  }
}

// Whole numbers: low bytes of the shifted word, or its value as a float.
template <class Storage, bool Swap, bool Signed, class Out>
inline Out convert(Shift shift, const std::byte* p) {
  using W = Word<Storage>;
  using Value = std::conditional_t<Signed, std::make_signed_t<W>, W>;
  const W word = static_cast<W>(load<Storage, Swap>(p) << shift.left);
  return static_cast<Out>(static_cast<Value>(static_cast<Value>(word) >> shift.right));
}

template <class Storage, bool Swap, bool Signed, class Out>
void integers(Shift shift, const std::byte* in, size_t inStride, std::byte* out, size_t outStride,
              size_t count) {
  auto loop = [&](size_t inStep, size_t outStep) {
    for (size_t i = 0; i < count; ++i) {
      const Out value = convert<Storage, Swap, Signed, Out>(shift, in + i * inStep);
      std::memcpy(out + i * outStep, &value, sizeof value);
    }
  };
  // Constant steps let the compiler use vectors for the common case: packed, all channels of one
  // format.
  if (inStride == kBytes<Storage> && outStride == sizeof(Out))
    loop(kBytes<Storage>, sizeof(Out));
  else
    loop(inStride, outStride);
}

template <class Float, class Bits, bool Swap, class Out>
void floats(Shift, const std::byte* in, size_t inStride, std::byte* out, size_t outStride,
            size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const Out value = static_cast<Out>(std::bit_cast<Float>(load<Bits, Swap>(in + i * inStride)));
    std::memcpy(out + i * outStride, &value, sizeof value);
  }
}

template <class Storage, bool Swap, bool Signed>
Kernel integerKernel(OutputType type) {
  switch (type) {
    case OutputType::I8:
    case OutputType::U8:
      return integers<Storage, Swap, Signed, uint8_t>;
    case OutputType::I16:
    case OutputType::U16:
      return integers<Storage, Swap, Signed, uint16_t>;
    case OutputType::I32:
    case OutputType::U32:
      return integers<Storage, Swap, Signed, uint32_t>;
    case OutputType::F32:
      return integers<Storage, Swap, Signed, float>;
    case OutputType::F64:
      return integers<Storage, Swap, Signed, double>;
    case OutputType::I64As2U32:
      return integers<Storage, Swap, Signed, uint64_t>;
  }
  return nullptr;
}

template <class Storage>
Kernel integerKernel(bool swap, bool isSigned, OutputType type) {
  if (swap)
    return isSigned ? integerKernel<Storage, true, true>(type)
                    : integerKernel<Storage, true, false>(type);
  return isSigned ? integerKernel<Storage, false, true>(type)
                  : integerKernel<Storage, false, false>(type);
}

template <class Float, class Bits>
Kernel floatKernel(bool swap, OutputType type) {
  if (type == OutputType::F32)
    return swap ? floats<Float, Bits, true, float> : floats<Float, Bits, false, float>;
  if (type == OutputType::F64)
    return swap ? floats<Float, Bits, true, double> : floats<Float, Bits, false, double>;
  return nullptr;
}

// Whether every value of the element comes back unchanged from this type.
bool holds(const ScanElement& e, OutputType type) {
  const uint32_t width = 8 * outputTypeBytes(type);
  const bool isSigned = e.kind == NumberKind::Signed;
  switch (type) {
    case OutputType::F32:
      return e.bits <= 24;
    case OutputType::F64:
      return e.bits <= 53;
    case OutputType::I64As2U32:
      return true;
    case OutputType::U8:
    case OutputType::U16:
    case OutputType::U32:
      return !isSigned && e.bits <= width;
    default:
      return e.bits <= (isSigned ? width : width - 1);
  }
}

Kernel kernelOf(const ScanElement& e, OutputType type) {
  if (e.kind == NumberKind::Float) {
    if (e.storageBits == 32) return floatKernel<float, uint32_t>(e.bigEndian, type);
    if (e.storageBits == 64) return floatKernel<double, uint64_t>(e.bigEndian, type);
    return nullptr;
  }
  if (!holds(e, type)) return nullptr;
  const bool isSigned = e.kind == NumberKind::Signed;
  switch (e.storageBits) {
    case 8:
      return integerKernel<uint8_t>(false, isSigned, type);
    case 16:
      return integerKernel<uint16_t>(e.bigEndian, isSigned, type);
    case 24:
      return integerKernel<Storage24>(e.bigEndian, isSigned, type);
    case 32:
      return integerKernel<uint32_t>(e.bigEndian, isSigned, type);
    case 64:
      return integerKernel<uint64_t>(e.bigEndian, isSigned, type);
    default:
      return nullptr;
  }
}

void checkElement(const ScanLayout& layout, const OutputElement& output) {
  const std::string name = "Element " + std::to_string(output.element);
  if (output.element >= layout.elements.size())
    throw std::invalid_argument(name + " is not in the scan, which has " +
                                std::to_string(layout.elements.size()) + ".");
  const ScanElement& e = layout.elements[output.element];
  if (e.bits == 0 || e.shift + e.bits > e.storageBits || e.repeat == 0)
    throw std::invalid_argument(name + " has more bits than its storage.");
  if (e.offsetBytes + uint64_t{e.repeat} * (e.storageBits / 8) > layout.scanBytes)
    throw std::invalid_argument(name + " reaches beyond the end of the scan.");
}

}  // namespace

uint32_t outputTypeBytes(OutputType type) {
  switch (type) {
    case OutputType::I8:
    case OutputType::U8:
      return 1;
    case OutputType::I16:
    case OutputType::U16:
      return 2;
    case OutputType::I32:
    case OutputType::U32:
    case OutputType::F32:
      return 4;
    case OutputType::F64:
    case OutputType::I64As2U32:
      return 8;
  }
  return 0;
}

Transform::Transform(const ScanLayout& layout, const std::vector<OutputElement>& elements)
    : scanBytes_(layout.scanBytes) {
  if (elements.empty())
    throw std::invalid_argument("A converted output needs at least one element.");
  for (const OutputElement& output : elements) {
    checkElement(layout, output);
    const ScanElement& e = layout.elements[output.element];
    Run run;
    run.kernel = kernelOf(e, output.as);
    if (!run.kernel)
      throw std::invalid_argument("Element " + std::to_string(output.element) +
                                  " does not fit the number type asked for. Choose a wider one.");
    const uint32_t wordBits = e.storageBits == 64 ? 64 : 32;
    run.shift = {uint8_t(wordBits - e.shift - e.bits), uint8_t(wordBits - e.bits)};
    run.inOffset = e.offsetBytes;
    run.inBytes = e.storageBits / 8u;
    run.outOffset = outputScanBytes_;
    run.outBytes = outputTypeBytes(output.as);
    run.values = e.repeat;
    outputScanBytes_ += run.values * run.outBytes;
    append(run);
  }
}

void Transform::append(const Run& run) {
  if (!runs_.empty()) {
    Run& last = runs_.back();
    if (last.kernel == run.kernel && last.shift.left == run.shift.left &&
        last.shift.right == run.shift.right &&
        last.inOffset + last.values * last.inBytes == run.inOffset) {
      last.values += run.values;
      return;
    }
  }
  runs_.push_back(run);
}

void Transform::run(const std::byte* scans, size_t count, std::byte* out) const noexcept {
  const size_t chunk = std::max<size_t>(1, kChunkBytes / (scanBytes_ + outputScanBytes_));
  for (size_t done = 0; done < count; done += chunk) {
    const size_t n = std::min(chunk, count - done);
    const std::byte* in = scans + done * scanBytes_;
    std::byte* to = out + done * outputScanBytes_;
    for (const Run& run : runs_) {
      if (run.values * run.inBytes == scanBytes_ && run.values * run.outBytes == outputScanBytes_) {
        run.kernel(run.shift, in, run.inBytes, to, run.outBytes, n * run.values);
        continue;
      }
      for (uint32_t v = 0; v < run.values; ++v)
        run.kernel(run.shift, in + run.inOffset + v * run.inBytes, scanBytes_,
                   to + run.outOffset + v * run.outBytes, outputScanBytes_, n);
    }
  }
}

}  // namespace iio
