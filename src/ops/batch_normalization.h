// Batch normalization with given statistics: per channel, y = (x - mean) / sqrt(var + epsilon) *
// scale + bias.
//
//   x                       [n, c, spatial..]  any float type; [n] counts as [n, 1]
//   scale, bias, mean, var  [c]                any float types
//   y                       as x
//
// Meaning: ONNX BatchNormalization, opset 15, training_mode 0 (1: batch_normalization_training.h).
// Order: a = scale / sqrt(var + epsilon), b = fma(-mean, a, bias), y = fma(x, a, b).
#pragma once

#include "ops/operator.h"

#include <cmath>

namespace engine::ops {

class BatchNormalization final : public ComputingOperator<BatchNormalization> {
 public:
  explicit BatchNormalization(float epsilon) : epsilon(epsilon) {}

  std::string_view name() const noexcept override { return "BatchNormalization"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override { return concat("epsilon=", epsilon); }
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out, 1u);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  /// y = fma(x, a, b): what the statistics of one channel come to.
  template <class Real>
  struct Affine {
    Real a, b;
  };
  template <class Real>
  static Affine<Real> affine(Real scale, Real bias, Real mean, Real var, float epsilon) noexcept {
    const Real a = scale / std::sqrt(var + static_cast<Real>(epsilon));
    return {a, std::fma(-mean, a, bias)};
  }
  /// Type of y; throws unless the five inputs fit together.
  static TensorType output_type(const Operands& in);
  /// x as [n, c, spatial].
  static AxisView channels(const Shape& x);

  const float epsilon;
};

}  // namespace engine::ops
