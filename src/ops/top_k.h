// TopK: the k largest (or smallest) elements along `axis`, best first, and their positions. Equal
// elements come in the order of their positions; NaN is greater than any number.
//
//   x [outer.., n, inner..], k -> values and int64 indices [outer.., k, inner..]
//
// Meaning: ONNX TopK, opset 24. Without `sorted` any order is right, so it is the same.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct TopK final : MovingOperator {
  Index axis = -1;  ///< in [-rank, rank)
  bool largest = true;

  std::string_view name() const noexcept override { return "TopK"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::size_t workspace(Inputs in, Outputs out) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
