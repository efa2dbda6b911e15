// Trilu: the upper or the lower triangle of each matrix, zeros elsewhere.
//
//   input [.., rows, columns], k int64 scalar (absent: 0), the diagonal that still belongs to it
//
// Meaning: ONNX Trilu, opset 14.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Trilu final : MovingOperator {
  bool upper = true;

  std::string_view name() const noexcept override { return "Trilu"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
