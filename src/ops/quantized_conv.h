// Convolution of quantised tensors:
//   sum[n, m, o] = sum over c, k of (x[n, c, o * stride + k * dilation - pad] - x_zero) *
//                                   (w[m, c, k] - w_zero[m])       exact in 32 bits, wrapping
//   ConvInteger  y = sum
//   QLinearConv  y = saturate(round((sum + b[m]) * (x_scale * w_scale[m] / y_scale)) + y_zero)
// with x, w int8 or uint8, float32 arithmetic behind the sum, and halves rounded to even. Padding
// is x_zero, so it adds nothing. Meaning: ONNX ConvInteger and QLinearConv, opset 10.
#pragma once

#include "ops/operator.h"
#include "ops/spatial.h"

namespace engine::ops {

struct ConvInteger final : ComputingOperator<ConvInteger> {
  Spatial spatial;
  Index group = 1;

  std::string_view name() const noexcept override { return "ConvInteger"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::string describe() const override { return spatial.describe(); }
  template <class>
  Fault compute(Inputs in, Outputs out) const;
};

struct QLinearConv final : ComputingOperator<QLinearConv> {
  Spatial spatial;
  Index group = 1;

  std::string_view name() const noexcept override { return "QLinearConv"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::string describe() const override { return spatial.describe(); }
  template <class>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
