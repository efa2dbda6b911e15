// BitShift of integers, operands broadcast together (ops/bitwise.cc). Meaning: ONNX BitShift, opset
// 28.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct BitShift final : MovingOperator {
  bool left = true;

  std::string_view name() const noexcept override { return "BitShift"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
