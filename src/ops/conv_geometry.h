// Geometry that the convolutions of blocked tensors (ops/layout.h) share on every device.
#pragma once

#include "ops/backend.h"
#include "ops/conv.h"

#include <string>

namespace engine::ops {

/// Geometry of the operands of a blocked Conv. One spatial axis counts as one row.
struct ConvGeometry {
  const Conv& op;
  BlockedView x, y, residual;
  bool has_bias = false, has_residual = false;
  Index kernel_rows = 1, kernel_columns = 1;
  Index stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1, pad_y = 0, pad_x = 0;

  explicit ConvGeometry(const Binding& binding);

  /// The first element of the window of an output pixel, in x.
  Index window(Index n, Index j, Index row, Index column) const noexcept {
    return x.offset(n, j, row * stride_y - pad_y, column * stride_x - pad_x);
  }
};

/// The sizes that the speed of a convolution depends on, behind `kernel`, as tables of choices name
/// it: "conv 1x3x224x224 to 64x112x112 by 7x7 stride 2x2 dilation 1x1".
std::string layer_name(const std::string& kernel, const ConvGeometry& geometry);

/// The border that x needs so that every window, and in Winograd's form every tile, lies inside.
Border conv_border(const Binding& binding);

}  // namespace engine::ops
