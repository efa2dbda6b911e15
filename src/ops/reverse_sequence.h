// ReverseSequence: of each sequence the first sequence_lens[b] elements in reverse, the rest as
// they are.
//
//   input [time, batch, inner..] or [batch, time, inner..], sequence_lens int64 [batch] in [0,
//   time]
//
// Meaning: ONNX ReverseSequence, opset 28.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct ReverseSequence final : MovingOperator {
  bool batch_first = false;

  std::string_view name() const noexcept override { return "ReverseSequence"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
