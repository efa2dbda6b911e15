// Dropout as inference runs it: y = x, mask = true everywhere.
//
// Meaning: ONNX Dropout, opset 22, with training_mode false or ratio 0. Training is refused.
#pragma once

#include "ops/moving.h"

namespace engine::ops {

struct Dropout final : MovingOperator {
  std::string_view name() const noexcept override { return "Dropout"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  /// Of output 0 only: a mask, if wanted, must be written.
  bool is_view() const noexcept override { return true; }
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
