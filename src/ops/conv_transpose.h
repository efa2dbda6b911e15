// Transposed convolution: the adjoint of Conv with the same weights.
#pragma once

#include "ops/operator.h"
#include "ops/spatial.h"

namespace engine::ops {

/// y[n, m, o] = bias[m] + sum over c, k with i * stride + k * dilation - pad = o of x[n, c, i] w[c,
/// m, k]
///   x  [n, channels, spatial..]                     float types
///   w  [channels, filters / group, kernel..]        same type
///   b  [filters], optional
///   y  [n, filters, spatial..]
/// A sum per output over (block of 16 input channels, kernel position in row-major order, channel
/// in the block), numerics::section_channels(kernel positions) channels a chain; then the bias is
/// added. Kernel positions that fall between inputs are left out, those that fall outside the image
/// multiply +0 (numerics/contract.h, rule 4). Meaning: ONNX ConvTranspose, opset 22.
struct ConvTranspose : ComputingOperator<ConvTranspose> {
  static constexpr Index kBlock = 16;

  Spatial spatial;
  std::vector<Index> output_padding, output_shape;  ///< empty: none
  Index group = 1;

  std::string_view name() const noexcept override;
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;

  /// Everything resolved for known spatial extents. Throws if the output would be negative.
  Windows windows(const Shape& input, const Shape& kernel) const;

  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
