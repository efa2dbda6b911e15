// ArgMax, ArgMin: the position of the largest or smallest element along `axis`. Hardmax: 1 at the
// position of the largest element, 0 elsewhere.
//
//   x [outer.., n, inner..] -> int64 [outer.., 1, inner..], or [outer.., inner..] without keepdims;
//   Hardmax keeps type and shape
//
// Of equal elements the first counts (the last if select_last_index); NaN beats every number.
// Meaning: ONNX ArgMax, ArgMin and Hardmax, opset 13.
#pragma once

#include "ops/attributes.h"
#include "ops/operator.h"

namespace engine::ops {

struct ArgExtreme final : MovingOperator {
  ArgExtreme(const Attributes& attributes, bool max);

  std::string_view name() const noexcept override { return max ? "ArgMax" : "ArgMin"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;

  const bool max;
  const Index axis;  ///< in [-rank, rank)
  const bool keep_axis, select_last;
};

struct Hardmax final : MovingOperator {
  Index axis = -1;
  bool flatten = false;  ///< as Softmax: all axes from `axis` on count as one

  std::string_view name() const noexcept override { return "Hardmax"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
