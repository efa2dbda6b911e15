// Concat: the inputs one after another along `axis`.
//
// Meaning: ONNX Concat, opset 13.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Concat final : MovingOperator {
  Index axis = 0;  ///< in [-rank, rank)

  std::string_view name() const noexcept override { return "Concat"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override { return concat("axis=", axis); }
};

}  // namespace engine::ops
