// Split: consecutive parts of the input along `axis`.
//
//   input, split [outputs] (absent: parts of ceil(n / outputs), the last one smaller)
//
// Meaning: ONNX Split, opset 18.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Split final : MovingOperator {
  Index axis = 0;         ///< in [-rank, rank)
  Index num_outputs = 0;  ///< 0: as many as the node has

  std::string_view name() const noexcept override { return "Split"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override { return concat("axis=", axis); }
};

}  // namespace engine::ops
