// Transpose: axis i of the output is axis perm[i] of the input.
//
// Meaning: ONNX Transpose, opset 25.
#pragma once

#include "base/small.h"
#include "ops/operator.h"

namespace engine::ops {

struct Transpose final : MovingOperator {
  std::vector<Index> perm;  ///< empty: the axes in reverse

  std::string_view name() const noexcept override { return "Transpose"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override;

  /// The permutation for a tensor of this rank.
  Small<Index> permutation(Index rank) const;
};

/// Writes the elements of `in`, of shape `shape`, with axis perm[i] as the output's axis i.
void permute(DType dtype, const void* in, const Shape& shape, const Small<Index>& perm, void* out);

}  // namespace engine::ops
