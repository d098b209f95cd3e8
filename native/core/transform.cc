#include "transform.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "decode-word.h"

namespace iio {
namespace {

using Shift = Transform::Shift;
using Kernel = Transform::Kernel;

// Bytes of input and output worked on before the next run begins, so that all runs find them in the
// first-level cache.
constexpr size_t kChunkBytes = 16384;

// The word a value is shifted in. W: a Word of decode-word.h.
template <class W>
using Shifted = std::conditional_t<sizeof(typename W::Bits) == 8, uint64_t, uint32_t>;

// Whole numbers: low bytes of the shifted word, or its value as a float.
template <class W, bool Signed, class Out>
inline Out convert(Shift shift, const std::byte* p) {
  using S = Shifted<W>;
  using Value = std::conditional_t<Signed, std::make_signed_t<S>, S>;
  const S word = static_cast<S>(S{W::load(p)} << shift.left);
  return static_cast<Out>(static_cast<Value>(static_cast<Value>(word) >> shift.right));
}

template <class W, bool Signed, class Out>
void integers(Shift shift, const std::byte* in, size_t inStride, std::byte* out, size_t outStride,
              size_t count) {
  auto loop = [&](size_t inStep, size_t outStep) {
    for (size_t i = 0; i < count; ++i) {
      const Out value = convert<W, Signed, Out>(shift, in + i * inStep);
      std::memcpy(out + i * outStep, &value, sizeof value);
    }
  };
  // Constant steps let the compiler use vectors for the common case: packed, all channels of one
  // format.
  if (inStride == W::kBytes && outStride == sizeof(Out))
    loop(W::kBytes, sizeof(Out));
  else
    loop(inStride, outStride);
}

template <class W, class Out>
void floats(Shift, const std::byte* in, size_t inStride, std::byte* out, size_t outStride,
            size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const Out value = static_cast<Out>(floatOf<W>(in + i * inStride));
    std::memcpy(out + i * outStride, &value, sizeof value);
  }
}

template <size_t Bytes>
void words(Shift, const std::byte* in, size_t inStride, std::byte* out, size_t outStride,
           size_t count) {
  if (inStride == Bytes && outStride == Bytes) {
    std::memcpy(out, in, count * Bytes);
    return;
  }
  for (size_t i = 0; i < count; ++i) std::memcpy(out + i * outStride, in + i * inStride, Bytes);
}

Kernel wordKernel(uint32_t bytes) {
  switch (bytes) {
    case 1:
      return words<1>;
    case 2:
      return words<2>;
    case 3:
      return words<3>;
    case 4:
      return words<4>;
    default:
      return words<8>;
  }
}

template <class W, bool Signed>
Kernel integerKernel(OutputType type) {
  switch (type) {
    case OutputType::I8:
    case OutputType::U8:
      return integers<W, Signed, uint8_t>;
    case OutputType::I16:
    case OutputType::U16:
      return integers<W, Signed, uint16_t>;
    case OutputType::I32:
    case OutputType::U32:
      return integers<W, Signed, uint32_t>;
    case OutputType::F32:
      return integers<W, Signed, float>;
    case OutputType::F64:
      return integers<W, Signed, double>;
    case OutputType::I64As2U32:
      return integers<W, Signed, uint64_t>;
    case OutputType::Stored:
      break;
  }
  return nullptr;
}

// Half precision becomes a float, which holds each of its values.
template <class W>
Kernel floatKernel(OutputType type) {
  if (type == OutputType::F64) return floats<W, double>;
  return type == OutputType::F32 && sizeof(typename W::Bits) <= 4 ? floats<W, float> : nullptr;
}

// Whether every value of the element comes back unchanged from this type.
bool holds(const ScanElement& e, OutputType type) {
  const uint32_t width = 8 * outputBytes(e, type);
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

bool isStored(const ScanElement& e) {
  const bool ieee = e.storageBits == 16 || e.storageBits == 32 || e.storageBits == 64;
  return ieee || (e.kind != NumberKind::Float && (e.storageBits == 8 || e.storageBits == 24));
}

Kernel kernelOf(const ScanElement& e, OutputType type) {
  if (!isStored(e)) return nullptr;
  if (type == OutputType::Stored) return wordKernel(e.storageBits / 8u);
  const ValueFormat format = valueFormat(e);
  if (format.isFloat())
    return withFloatWord(format, [&](auto word) { return floatKernel<decltype(word)>(type); });
  if (!holds(e, type)) return nullptr;
  return withWord(format, [&](auto word) {
    using W = decltype(word);
    return e.kind == NumberKind::Signed ? integerKernel<W, true>(type)
                                        : integerKernel<W, false>(type);
  });
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

uint32_t outputBytes(const ScanElement& element, OutputType type) {
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
    case OutputType::Stored:
      return element.storageBits / 8u;
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
    if (output.as != OutputType::Stored)
      run.shift = {uint8_t(wordBits - e.shift - e.bits), uint8_t(wordBits - e.bits)};
    run.inOffset = e.offsetBytes;
    run.inBytes = e.storageBits / 8u;
    run.outOffset = outputScanBytes_;
    run.outBytes = outputBytes(e, output.as);
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
