// Where: y = condition ? x : y, all three broadcast together.
//
// Meaning: ONNX Where, opset 16.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Where final : MovingOperator {
  std::string_view name() const noexcept override { return "Where"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
