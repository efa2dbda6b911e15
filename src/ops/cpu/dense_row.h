// One row of a dense layer: latency is all that counts.
#pragma once

#include "base/cpu_features.h"
#include "ops/cpu/conv_tile.h"
#include "ops/cpu/pack.h"

namespace engine::cpu {

/// A dense layer as one row sees it, fixed when it is bound.
struct DenseRow {
  static constexpr Index kMostSegments = 4;

  const float* w = nullptr;     ///< [blocks][k][16], as PackedMatrix
  const float* bias = nullptr;  ///< [blocks][16]; -0, which adds nothing, where there is none
  Index k = 0, n = 0, blocks = 0;
  Index start[kMostSegments + 1] = {};  ///< of the segments of K, and the end
  Index common = 0;                     ///< length of the shortest segment, the last one
  float low = 0;                        ///< of the activation; -inf, which bounds nothing
  bool is_plain = true;                 ///< bias and `low` are all that follows the sum
  ConvFinish finish;
};

/// Blocks [first, last) of y [n], whose last cache line may be overwritten to its end; all of them
/// for layers of more than one segment. x [k], residual [n] or null. Sums are those of
/// numerics::dense_segments(n).
using DenseRowFunction = void (*)(const DenseRow& d, Index first, Index last, const float* x,
                                  const float* residual, float* y) noexcept;

DenseRowFunction dense_row_function(Isa isa, const DenseRow& d);

/// `bias` reaches to the end of the last block.
DenseRow make_dense_row(const PackedMatrix& w, const float* bias, const ops::Epilogue& epilogue);

}  // namespace engine::cpu
