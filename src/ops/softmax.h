// Softmax along one axis: y = exp(x - max(x)) / sum(exp(x - max(x))); LogSoftmax its logarithm,
// (x - max(x)) - log(sum(exp(x - max(x)))).
//
//   x  [outer.., n, inner..]  any float type
//   y  same type and shape; each slice along `axis` sums to 1
//
// Meaning: ONNX Softmax and LogSoftmax, opset 13; with `flatten` that of opsets below 13, where all
// axes from `axis` on count as one. The sum runs in lane order (numerics/contract.h, rule 5).
#pragma once

#include "ops/operator.h"

namespace engine::ops {

/// x as [outer, n, inner] around `axis`; with `flatten` all axes from there on count as one.
AxisView softmax_slices(const Shape& x, Index axis, bool flatten);

class Softmax final : public ComputingOperator<Softmax> {
 public:
  Softmax(Index axis, bool flatten, bool log) : axis(axis), flatten(flatten), log(log) {}

  std::string_view name() const noexcept override { return log ? "LogSoftmax" : "Softmax"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  AxisView slices(const Shape& x) const { return softmax_slices(x, axis, flatten); }

  const Index axis;
  const bool flatten;
  const bool log;
};

}  // namespace engine::ops
