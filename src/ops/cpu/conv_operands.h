// Operands of the convolutions of blocked tensors in a call.
#pragma once

#include "ops/conv_geometry.h"
#include "ops/cpu/kernel.h"

namespace engine::cpu {

/// Geometry and places of the operands of a blocked Conv.
struct ConvOperands : ops::ConvGeometry {
  using ConvGeometry::ConvGeometry;

  const float* x_data(const Call& call) const noexcept { return input(call, ops::Conv::kX); }
  /// Null if there is none.
  const float* bias(const Call& call) const noexcept {
    return has_bias ? input(call, ops::Conv::kBias) : nullptr;
  }
  const float* residual_data(const Call& call) const noexcept {
    return has_residual ? input(call, ops::Conv::kResidual) : nullptr;
  }
  float* y_data(const Call& call) const noexcept { return static_cast<float*>(call.out[0]); }

 private:
  static const float* input(const Call& call, Index i) noexcept {
    return static_cast<const float*>(call.in[i]);
  }
};

}  // namespace engine::cpu
