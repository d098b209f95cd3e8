// Power and diamond angle of I/Q pairs with vector extensions; included as simd-kernel.h is, after
// it.

typedef double PairVector __attribute__((vector_size(IIO_VECTOR_BYTES)));
typedef double LoosePairs __attribute__((vector_size(IIO_VECTOR_BYTES), aligned(1), may_alias));
typedef int64_t PairMask __attribute__((vector_size(IIO_VECTOR_BYTES)));

template <bool Diamond>
inline void valueOfPair(const PairVector& i, const PairVector& q, PairVector& out) {
  if constexpr (!Diamond) {
    out = i * i + q * q;
  } else {
    const PairMask signs = PairMask{} + INT64_MIN;
    const PairVector sum = reinterpret_cast<PairVector>(reinterpret_cast<PairMask>(i) & ~signs) +
                           reinterpret_cast<PairVector>(reinterpret_cast<PairMask>(q) & ~signs);
    const PairVector one = PairVector{} + 1.0;
    const PairVector divisor = sum == 0 ? one : sum;
    const PairVector dividend = sum == 0 ? one : i;  // both zero: the angle is 0
    const PairVector turn = one - dividend / divisor;
    out = reinterpret_cast<PairVector>(reinterpret_cast<PairMask>(turn) |
                                       (reinterpret_cast<PairMask>(q) & signs));
  }
}

struct PairSums {
  PairVector low, high;
  PairMask nan;
};

template <bool Diamond>
inline void addPairs(const PairVector& i, const PairVector& q, PairSums& sums) {
  PairVector x;
  valueOfPair<Diamond>(i, q, x);
  sums.low = x < sums.low ? x : sums.low;
  sums.high = x > sums.high ? x : sums.high;
  sums.nan |= x != x;
}

template <bool Diamond>
inline PairBounds boundsOfPairs(const double* i, const double* q, size_t count) {
  constexpr size_t kLanes = IIO_VECTOR_BYTES / sizeof(double);
  const double infinity = __builtin_inf();
  PairSums sums;
  sums.low = PairVector{} + infinity;
  sums.high = PairVector{} - infinity;
  sums.nan = PairMask{};
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    const PairVector a = *reinterpret_cast<const LoosePairs*>(i + at);
    const PairVector b = *reinterpret_cast<const LoosePairs*>(q + at);
    addPairs<Diamond>(a, b, sums);
  }
  if (at < count) {
    PairVector a = PairVector{} + i[at],
               b = PairVector{} + q[at];  // the rest, filled up with its first
    for (size_t k = 0; at + k < count; ++k) {
      a[k] = i[at + k];
      b[k] = q[at + k];
    }
    addPairs<Diamond>(a, b, sums);
  }
  PairBounds bounds{infinity, -infinity, false};
  for (size_t k = 0; k < kLanes; ++k) {
    if (sums.low[k] < bounds.minimum) bounds.minimum = sums.low[k];
    if (sums.high[k] > bounds.maximum) bounds.maximum = sums.high[k];
    bounds.nan = bounds.nan || sums.nan[k] != 0;
  }
  return bounds;
}

inline PairBounds power(const double* i, const double* q, size_t count) {
  return boundsOfPairs<false>(i, q, count);
}
inline PairBounds diamond(const double* i, const double* q, size_t count) {
  return boundsOfPairs<true>(i, q, count);
}
