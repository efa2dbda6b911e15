// GatherElements: y[i.., k, j..] = data[i.., indices[i.., k, j..], j..], with k along `axis`.
//
//   data [rank], indices [rank] in [-n, n), no larger than data along the other axes
//
// Meaning: ONNX GatherElements, opset 13.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct GatherElements final : MovingOperator {
  Index axis = 0;  ///< in [-rank, rank)

  std::string_view name() const noexcept override { return "GatherElements"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
