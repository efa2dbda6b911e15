// Packing constant matrices for the register tiles.
#pragma once

#include "base/aligned.h"
#include "numerics/contract.h"
#include "ops/backend.h"
#include "ops/cpu/packed_floats.h"

#include <cstddef>

namespace engine::cpu {

/// A matrix [k, n] in blocks of 16 columns: block j holds [k][16], columns behind n are zero. The
/// form is the same for every instruction set, so programs for several share it.
struct PackedMatrix {
  Index k = 0, n = 0;
  PackedFloats floats;

  static constexpr Index kBlock = numerics::kLanes;
  PackedMatrix() = default;
  PackedMatrix(Index k, Index n)
      : k(k), n(n), floats(static_cast<std::size_t>(blocks_of(n) * k * kBlock)) {}
  static Index blocks_of(Index n) { return (n + kBlock - 1) / kBlock; }
  Index blocks() const { return blocks_of(n); }
  float* block(Index j) { return floats.data() + j * k * kBlock; }
  const float* block(Index j) const { return floats.data() + j * k * kBlock; }
};

/// Packs block j of a matrix whose element (row, column) is at row * row_stride + column *
/// column_stride.
inline void pack_block(const float* from, Index row_stride, Index column_stride, Index k, Index n,
                       Index j, float* to) {
  const Index first = j * PackedMatrix::kBlock;
  const Index width = n - first < PackedMatrix::kBlock ? n - first : PackedMatrix::kBlock;
  for (Index row = 0; row < k; ++row) {
    const float* source = from + row * row_stride + first * column_stride;
    float* target = to + row * PackedMatrix::kBlock;
    for (Index c = 0; c < width; ++c) target[c] = source[c * column_stride];
    for (Index c = width; c < PackedMatrix::kBlock; ++c) target[c] = 0.0f;
  }
}

}  // namespace engine::cpu
