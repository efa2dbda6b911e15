// Expand: the input broadcast together with a shape.
//
//   input, shape [n]; the output has the broadcast extents of both, so `shape` may hold ones.
//
// Meaning: ONNX Expand, opset 13.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Expand final : MovingOperator {
  std::string_view name() const noexcept override { return "Expand"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
