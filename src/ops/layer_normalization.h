// Normalization of the trailing axes: LayerNormalization (zero mean, unit variance) and
// RMSNormalization (unit mean square).
//
//   x            [rows.., n..]  any float type; n.. are the axes from `axis` on
//   scale, bias  broadcastable to x; the bias is optional, and RMSNormalization has none
//   y            as x (of scale's type for RMSNormalization)
//   mean, 1/std  [rows.., 1..]  optional, float32 or bfloat16 as stash_type says
//
// Meaning: ONNX LayerNormalization opset 17, RMSNormalization opset 23. Everything is computed in
// float32 (float64 for float64) and rounded once, whatever stash_type says.
// Order: sums in lane order over the n elements of a row; with d = x - sum(x) / n,
//   inv = 1 / sqrt(sum(d d) / n + epsilon), y = fma(d inv, scale, bias), or (d inv) scale,
// the squares entering by fma. RMSNormalization is the same with d = x.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

class LayerNormalization final : public ComputingOperator<LayerNormalization> {
 public:
  LayerNormalization(Index axis, float epsilon, DType stash, bool rms)
      : axis(axis), epsilon(epsilon), stash(stash), rms(rms) {}

  std::string_view name() const noexcept override {
    return rms ? "RMSNormalization" : "LayerNormalization";
  }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override { return concat("axis=", axis, " epsilon=", epsilon); }
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  /// x as [outer, n]; inner is 1.
  AxisView rows(const Shape& x) const;

  const Index axis;
  const float epsilon;
  const DType stash;
  const bool rms;
};

}  // namespace engine::ops
