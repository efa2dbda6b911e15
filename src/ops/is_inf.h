// IsInf (of the wanted signs), as bools. Meaning: ONNX IsInf, opset 20.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct IsInf final : MovingOperator {
  bool negative = true, positive = true;

  std::string_view name() const noexcept override { return "IsInf"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
