// One row of a dense layer: the segments of K run side by side, each in fused chains from +0 for
// every block of 16 outputs, and are then added as a tree (numerics/contract.h, rule 3).
#define ENGINE_ISA_FILE "ops/cpu/dense_row.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "numerics/contract.h"
#include "ops/cpu/dense_row.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

// Blocks at a time where one segment leaves the other chains to them: as many as hide the latency
// of a multiply-add, within half of the registers.
#if ENGINE_ISA_ID == 2
inline constexpr int kMostBlocks = 8;
#else
inline constexpr int kMostBlocks = 4;
#endif

ENGINE_INLINE Vec finish_row(const DenseRow& d, Vec sum) {
  if (d.finish.is_other) {
    const ops::Epilogue& e = *d.finish.epilogue;
    return finish_activation({nullptr, nullptr, e.activation, e.a, e.b}, sum);
  }
  if (d.finish.has_low) sum = max_or_second(fill(d.finish.low), sum);
  if (d.finish.has_high) {
    const Vec high = fill(d.finish.high);
    sum = select(lt(high, sum), high, sum);
  }
  return sum;
}

/// The sums of S segments for NV blocks, each in its own registers.
template <int S, int NV>
struct RowSums {
  const float *x[S], *w[S][NV];
  Vec acc[S][NV], total[S][NV];  // of the section at hand, and of those before

  ENGINE_INLINE RowSums(const DenseRow& d, Index block, const float* row) {
#pragma GCC unroll 4
    for (int s = 0; s < S; ++s) {
      x[s] = row + d.start[s];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        w[s][v] = d.w + ((block + v) * d.k + d.start[s]) * kVecLanes;
        acc[s][v] = fill(0.0f);
      }
    }
  }
  /// Term k of segment s.
  ENGINE_INLINE void add_term(int s, Index k) {
    const Vec value = fill(x[s][k]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[s][v] = fma(value, load(w[s][v] + k * kVecLanes), acc[s][v]);
  }
  /// Terms [k, last) of all segments.
  ENGINE_INLINE void add_terms(Index k, Index last) {
    constexpr int kUnroll = 4;
#pragma GCC unroll 1
    for (; k + kUnroll <= last; k += kUnroll)
#pragma GCC unroll 4
      for (int u = 0; u < kUnroll; ++u)
#pragma GCC unroll 4
        for (int s = 0; s < S; ++s) add_term(s, k + u);
#pragma GCC unroll 1
    for (; k < last; ++k)
#pragma GCC unroll 4
      for (int s = 0; s < S; ++s) add_term(s, k);
  }
  /// Before term k of segment s, which begins a section.
  ENGINE_INLINE void begin_section(int s, Index k) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      total[s][v] = k == numerics::kSectionTerms ? acc[s][v] : add(total[s][v], acc[s][v]);
      acc[s][v] = fill(0.0f);
    }
  }
  ENGINE_INLINE void add_total(int s) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[s][v] = add(total[s][v], acc[s][v]);
  }
};

/// acc[s][v]: all terms of each segment, of one section or, unless kShort, of more.
template <bool kShort, int S, int NV>
ENGINE_INLINE void sum_segments(const DenseRow& d, RowSums<S, NV>& sums) {
  const Index section = numerics::kSectionTerms;
  sums.add_terms(0, kShort ? d.common : std::min(section, d.common));
  if constexpr (!kShort)
    for (Index k = section; k < d.common; k += section) {
#pragma GCC unroll 4
      for (int s = 0; s < S; ++s) sums.begin_section(s, k);
      sums.add_terms(k, std::min(k + section, d.common));
    }
#pragma GCC unroll 4
  for (int s = 0; s < S; ++s) {
    const Index length = d.start[s + 1] - d.start[s];
    const bool is_long = !kShort && length > section;
#pragma GCC unroll 4
    for (int more = 0; more < S - 1; ++more) {  // as the last segment is that much shorter at most
      const Index k = d.common + more;
      if (k >= length) break;
      if (is_long && k % section == 0) sums.begin_section(s, k);
      sums.add_term(s, k);
    }
    if (is_long) sums.add_total(s);
  }
}

/// Blocks [block, block + NV).
template <int S, int NV, bool kPlain>
ENGINE_INLINE void row_blocks(const DenseRow& d, Index block, const float* x, const float* residual,
                              float* y) {
  RowSums<S, NV> sums(d, block, x);
  sum_segments<kPlain>(d, sums);
  const auto& acc = sums.acc;
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    Vec sum = acc[0][v];
    if constexpr (S == 2) sum = add(sum, acc[1][v]);
    if constexpr (S == 4) sum = add(add(sum, acc[1][v]), add(acc[2][v], acc[3][v]));
    const Index column = (block + v) * kVecLanes;
    sum = add(sum, load(d.bias + column));
    if constexpr (!kPlain) {
      if (residual) sum = add(sum, load(residual + column, d.n - column, 0.0f));
      sum = finish_row(d, sum);
    } else {
      sum = max_or_second(fill(d.low), sum);
    }
    store(y + column, sum);
  }
}

/// What is left when blocks went kMostBlocks at a time.
template <int NV, bool kPlain>
ENGINE_INLINE void last_blocks(const DenseRow& d, Index block, Index last, const float* x,
                               const float* residual, float* y) {
  if (last - block == NV) return row_blocks<1, NV, kPlain>(d, block, x, residual, y);
  if constexpr (NV > 1) last_blocks<NV - 1, kPlain>(d, block, last, x, residual, y);
}

template <int S, bool kPlain>
void dense_row(const DenseRow& d, Index first, Index last, const float* x, const float* residual,
               float* y) noexcept {
  if constexpr (S > 1) {
    row_blocks<S, DenseRow::kMostSegments / S, kPlain>(d, 0, x, residual, y);
  } else {
    Index block = first;
    for (; last - block >= kMostBlocks; block += kMostBlocks)
      row_blocks<1, kMostBlocks, kPlain>(d, block, x, residual, y);
    last_blocks<kMostBlocks - 1, kPlain>(d, block, last, x, residual, y);
  }
}

template <bool kPlain>
DenseRowFunction dense_row_of(Index segments) noexcept {
  return segments == 4   ? dense_row<4, kPlain>
         : segments == 2 ? dense_row<2, kPlain>
                         : dense_row<1, kPlain>;
}

DenseRowFunction pick_dense_row(const DenseRow& d) noexcept {
  const Index segments = numerics::dense_segments(d.n);
  const bool plain = d.is_plain && d.start[1] <= numerics::kSectionTerms;
  return plain ? dense_row_of<true>(segments) : dense_row_of<false>(segments);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {

DenseRowFunction dense_row_function(Isa isa, const DenseRow& d) {
  return ENGINE_KERNEL(isa, pick_dense_row)(d);
}

DenseRow make_dense_row(const PackedMatrix& w, const float* bias, const ops::Epilogue& epilogue) {
  DenseRow row;
  row.w = w.block(0);
  row.bias = bias;
  row.k = w.k;
  row.n = w.n;
  row.blocks = w.blocks();
  const Index segments = numerics::dense_segments(w.n);
  for (Index s = 0; s <= segments; ++s) row.start[s] = numerics::segment_start(w.k, segments, s);
  row.common = row.start[segments] - row.start[segments - 1];
  row.finish = ConvFinish(epilogue);
  row.low = row.finish.has_low ? row.finish.low : -std::numeric_limits<float>::infinity();
  row.is_plain = !epilogue.residual && !row.finish.has_high && !row.finish.is_other;
  return row;
}

}  // namespace engine::cpu
#endif
