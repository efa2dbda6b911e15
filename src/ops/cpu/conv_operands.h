// What the convolutions of blocked tensors share: operands, and where windows begin.
#pragma once

#include "ops/conv.h"
#include "ops/cpu/kernel.h"

namespace engine::cpu {

/// Geometry and places of the operands of a blocked Conv. One spatial axis counts as one row.
struct ConvOperands {
  const ops::Conv& op;
  ops::BlockedView x, y, residual;
  bool has_bias = false, has_residual = false;
  Index kernel_rows = 1, kernel_columns = 1;
  Index stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1, pad_y = 0, pad_x = 0;

  explicit ConvOperands(const Binding& binding);

  const float* x_data(const Call& call) const noexcept { return input(call, ops::Conv::kX); }
  /// Null if there is none.
  const float* bias(const Call& call) const noexcept {
    return has_bias ? input(call, ops::Conv::kBias) : nullptr;
  }
  const float* residual_data(const Call& call) const noexcept {
    return has_residual ? input(call, ops::Conv::kResidual) : nullptr;
  }
  float* y_data(const Call& call) const noexcept { return static_cast<float*>(call.out[0]); }
  /// The first element of the window of an output pixel, in x.
  Index window(Index n, Index j, Index row, Index column) const noexcept {
    return x.offset(n, j, row * stride_y - pad_y, column * stride_x - pad_x);
  }

 private:
  static const float* input(const Call& call, Index i) noexcept {
    return static_cast<const float*>(call.in[i]);
  }
};

}  // namespace engine::cpu
