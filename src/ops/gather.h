// Gather: y[outer.., k.., inner..] = data[outer.., indices[k..], inner..].
//
//   data [outer.., n, inner..], indices [k..] in [-n, n)
//
// Meaning: ONNX Gather, opset 13.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Gather final : MovingOperator {
  Index axis = 0;  ///< in [-rank, rank)

  std::string_view name() const noexcept override { return "Gather"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override { return concat("axis=", axis); }
};

}  // namespace engine::ops
