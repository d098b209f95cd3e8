// Minima and maxima over interleaved words with the compiler's vector extensions. Included by
// simd.cc once a vector path, inside a namespace, with IIO_VECTOR_BYTES set; hence no include guard
// and no includes. Nothing of the standard library is called here (its templates would be compiled
// for this path and might be linked into code for another), and there are no lambdas (they would
// not be compiled for this path).

template <typename T>
struct Lanes {
  static constexpr size_t count = IIO_VECTOR_BYTES / sizeof(T);
  static constexpr bool isFloat = T(0.5) != T(0);
  using Bits = typename WordPlan<T>::Bits;
  typedef T Vector __attribute__((vector_size(IIO_VECTOR_BYTES)));
  typedef T Loose __attribute__((vector_size(IIO_VECTOR_BYTES), aligned(1), may_alias));
  typedef Bits BitVector __attribute__((vector_size(IIO_VECTOR_BYTES)));
  typedef Bits LooseBits __attribute__((vector_size(IIO_VECTOR_BYTES), aligned(1), may_alias));
  typedef T Short __attribute__((vector_size(16)));
  typedef T LooseShort __attribute__((vector_size(16), aligned(1), may_alias));
  typedef T LooseTiny __attribute__((vector_size(8), aligned(1), may_alias));
  typedef Bits ShortBits __attribute__((vector_size(16)));
};

template <typename T>
inline void swapWords(typename Lanes<T>::BitVector& x) {
  using Bits = typename Lanes<T>::Bits;
  if constexpr (sizeof(T) == 8) x = (x << 32) | (x >> 32);
  if constexpr (sizeof(T) >= 4) {
    constexpr Bits m = static_cast<Bits>(0x0000FFFF0000FFFFull);
    x = ((x & m) << 16) | ((x >> 16) & m);
  }
  if constexpr (sizeof(T) >= 2) {
    constexpr Bits m = static_cast<Bits>(0x00FF00FF00FF00FFull);
    x = ((x & m) << 8) | ((x >> 8) & m);
  }
}

template <typename T>
struct Source {
  const std::byte* data;
  const PlanView<T>* plan;
};

template <typename T>
inline void loadBits(const void* from, typename Lanes<T>::BitVector& out) {
  out = *static_cast<const typename Lanes<T>::LooseBits*>(from);
}

// Keys of one vector of words; `word` counts from the start of the record, `entry` is where the
// plan's lists apply.
template <typename T, Keys How, bool Swap>
inline void loadKeys(const Source<T>& s, size_t word, size_t entry,
                     typename Lanes<T>::Vector& out) {
  using BitVector = typename Lanes<T>::BitVector;
  BitVector x, y;
  loadBits<T>(s.data + word * sizeof(T), x);
  if constexpr (Swap) {
    BitVector swapped = x;
    swapWords<T>(swapped);
    loadBits<T>(s.plan->swap + entry, y);
    x = (x & ~y) | (swapped & y);
  }
  if constexpr (How == Keys::Transformed) {
    loadBits<T>(s.plan->factor + entry, y);
    x *= y;
    loadBits<T>(s.plan->mask + entry, y);
    x &= y;
  }
  if constexpr (How != Keys::Plain) {
    loadBits<T>(s.plan->flip + entry, y);
    x ^= y;
  }
  out = reinterpret_cast<typename Lanes<T>::Vector>(x);
}

// `Width` vectors side by side (as many words) over `groups` steps of `stride` words each. A single
// vector goes several steps at a time: what a step costs besides its minimum and maximum is paid
// once for all. `groups` is a multiple of the vectors of 256 words, so it is one of those steps.
template <typename T, Keys How, bool Swap, size_t Width>
inline void accumulate(const Source<T>& s, size_t entry, size_t groups, size_t stride, T* lo, T* hi,
                       typename Lanes<T>::Bits* nan) {
  using L = Lanes<T>;
  constexpr size_t kVectors = 256 / L::count;
  constexpr size_t kSteps = Width > 1 ? 1 : kVectors < 8 ? kVectors : 8;
  typename L::Vector low[Width], high[Width], x[kSteps][Width];
  typename L::BitVector nans[Width];
  for (size_t k = 0; k < Width; ++k) {
    nans[k] = typename L::BitVector{};
    if constexpr (L::isFloat) {
      low[k] = typename L::Vector{} + T(__builtin_inf());
      high[k] = -low[k];
    } else {
      loadKeys<T, How, Swap>(s, entry + k * L::count, entry + k * L::count, low[k]);
      high[k] = low[k];
    }
  }
  for (size_t g = 0; g < groups; g += kSteps) {
    for (size_t step = 0; step < kSteps; ++step) {
      for (size_t k = 0; k < Width; ++k) {
        const size_t word = (g + step) * stride + entry + k * L::count;
        if (stride != L::count || step * IIO_VECTOR_BYTES % kLineBytes == 0)
          __builtin_prefetch(s.data + word * sizeof(T) + kPrefetchBytes);
        loadKeys<T, How, Swap>(s, word, entry + k * L::count, x[step][k]);
      }
    }
    for (size_t step = 0; step < kSteps; ++step) {
      for (size_t k = 0; k < Width; ++k) {
        const typename L::Vector& v = x[step][k];
        low[k] = v < low[k] ? v : low[k];  // a NaN compares false and is left out
        high[k] = v > high[k] ? v : high[k];
        if constexpr (L::isFloat) nans[k] |= reinterpret_cast<typename L::BitVector>(v != v);
      }
    }
  }
  for (size_t k = 0; k < Width; ++k) {
    *reinterpret_cast<typename L::Loose*>(lo + k * L::count) = low[k];
    *reinterpret_cast<typename L::Loose*>(hi + k * L::count) = high[k];
    if constexpr (L::isFloat)
      *reinterpret_cast<typename L::LooseBits*>(nan + k * L::count) = nans[k];
  }
}

// The lesser (or the greater) of each into `a`.
template <bool Least, typename V>
inline void take(V& a, const V& b) {
  if constexpr (Least) {
    a = b < a ? b : a;
  } else {
    a = b > a ? b : a;
  }
}

// A vector of 16 bytes folded on itself until `words` entries are left, a power of two. The order
// of a shuffle is a constant here, so that it is one instruction.
template <bool Least, typename T, size_t Turn = 8 / sizeof(T)>
inline void foldShort(typename Lanes<T>::Short& v, size_t words) {
  if constexpr (Turn > 0) {
    if (Turn < words) return;
    constexpr size_t kCount = 16 / sizeof(T);
    typename Lanes<T>::ShortBits where{};
    for (size_t i = 0; i < kCount; ++i)
      where[i] = static_cast<typename Lanes<T>::Bits>((i + Turn) % kCount);
    const typename Lanes<T>::Short turned = __builtin_shuffle(v, where);
    take<Least>(v, turned);
    foldShort<Least, T, Turn / 2>(v, words);
  }
}

// Rows of `words` entries, a power of two of them, to one row, by halves; the last halves of one
// 16-byte vector in it, unless a row fills just one of them.
template <bool Least, typename T>
inline void foldRows(T* rows, size_t entries, size_t words, T* out) {
  using L = Lanes<T>;
  using Tiny = typename L::LooseTiny;
  constexpr size_t kShort = 16 / sizeof(T);
  while (entries > words) {
    if (entries == kShort && words == kShort / 2) {
      Tiny a = *reinterpret_cast<Tiny*>(rows);
      const Tiny b = *reinterpret_cast<Tiny*>(rows + words);
      take<Least>(a, b);
      *reinterpret_cast<Tiny*>(out) = a;
      return;
    }
    if (entries == kShort) {
      typename L::Short v = *reinterpret_cast<typename L::LooseShort*>(rows);
      foldShort<Least, T>(v, words);
      *reinterpret_cast<typename L::LooseShort*>(rows) = v;
      break;
    }
    const size_t half = entries / 2;
    size_t i = 0;
    for (; i + kShort <= half; i += kShort) {
      typename L::Short a = *reinterpret_cast<typename L::LooseShort*>(rows + i);
      const typename L::Short b = *reinterpret_cast<typename L::LooseShort*>(rows + i + half);
      take<Least>(a, b);
      *reinterpret_cast<typename L::LooseShort*>(rows + i) = a;
    }
    for (; i < half; ++i) take<Least>(rows[i], rows[i + half]);
    entries = half;
  }
  for (size_t i = 0; i < words; ++i) out[i] = rows[i];
}

template <typename T, Keys How, bool Swap>
void minMaxAs(const PlanView<T>& plan, const std::byte* data, size_t records, T* minimum,
              T* maximum, uint8_t* nan) {
  using L = Lanes<T>;
  const size_t words = plan.words;
  size_t common = L::count;  // greatest common divisor; the number of lanes is a power of two
  while (words % common != 0) common /= 2;
  const size_t vectors =
      words / common;  // after so many vectors the words of a scan fall on the same lanes
  const size_t entries = vectors * L::count;
  const size_t groups = 256 * common / L::count;
  alignas(64) T lo[kPlanEntriesLimit], hi[kPlanEntriesLimit];
  typename L::Bits nans[L::isFloat ? kPlanEntriesLimit : 1];
  for (size_t record = 0; record < records; ++record) {
    const Source<T> s{data + record * 256 * words * sizeof(T), &plan};
    // Where a scan fits in one vector the steps lie at known places.
    if (vectors == 1) accumulate<T, How, Swap, 1>(s, 0, groups, L::count, lo, hi, nans);
    size_t v = vectors == 1 ? 1 : 0;
    for (; v + 3 <= vectors; v += 3) {
      const size_t e = v * L::count;
      accumulate<T, How, Swap, 3>(s, e, groups, entries, lo + e, hi + e,
                                  nans + (L::isFloat ? e : 0));
    }
    for (; v < vectors; ++v) {
      const size_t e = v * L::count;
      accumulate<T, How, Swap, 1>(s, e, groups, entries, lo + e, hi + e,
                                  nans + (L::isFloat ? e : 0));
    }
    if constexpr (L::isFloat) {
      for (size_t i = 0; i < words; ++i) {
        nan[record * words + i] = 0;
        for (size_t e = i; e < entries; e += words) nan[record * words + i] |= nans[e] != 0;
      }
    }
    foldRows<true>(lo, entries, words, minimum + record * words);
    foldRows<false>(hi, entries, words, maximum + record * words);
  }
}

template <typename T, Keys How>
void minMaxOf(const PlanView<T>& plan, const std::byte* data, size_t records, T* minimum,
              T* maximum, uint8_t* nan) {
  if (plan.swapped) return minMaxAs<T, How, true>(plan, data, records, minimum, maximum, nan);
  return minMaxAs<T, How, false>(plan, data, records, minimum, maximum, nan);
}

template <typename T>
void minMax(const PlanView<T>& plan, const std::byte* data, size_t records, T* minimum, T* maximum,
            uint8_t* nan) {
  if constexpr (!Lanes<T>::isFloat) {
    if (plan.keys == Keys::Transformed)
      return minMaxOf<T, Keys::Transformed>(plan, data, records, minimum, maximum, nan);
    if (plan.keys == Keys::Flipped)
      return minMaxOf<T, Keys::Flipped>(plan, data, records, minimum, maximum, nan);
  }
  return minMaxOf<T, Keys::Plain>(plan, data, records, minimum, maximum, nan);
}
