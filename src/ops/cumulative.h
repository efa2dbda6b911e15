// CumSum, CumProd: y[i] = x[0] + ... + x[i] along an axis (or the product), in this order.
//
//   x [outer.., n, inner..], axis int32 or int64 scalar
//
// exclusive: x[i] itself is left out. reverse: from the other end. Integers wrap around; a float16
// or bfloat16 is rounded only as it is stored. Meaning: ONNX CumSum (opset 14) and CumProd (opset
// 26).
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Cumulative final : ComputingOperator<Cumulative> {
  Cumulative(bool product, bool exclusive, bool reverse)
      : product(product), exclusive(exclusive), reverse(reverse) {}

  std::string_view name() const noexcept override { return product ? "CumProd" : "CumSum"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const bool product, exclusive, reverse;
};

}  // namespace engine::ops
