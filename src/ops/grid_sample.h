// Sampling an image at given positions.
//   x  [n, c, spatial..]   grid  [n, out.., r] in [-1, 1], r spatial axes, the last axis of x first
//   y  [n, c, out..]
// Values come from the nearest pixel or from 2^r (linear) or 4^r (cubic, a = -0.75) around it; a
// position outside takes zeros, the border, or is reflected at it. Sums go axis by axis, the first
// axis of x outermost, each a chain that starts with a product. Positions for `nearest` are
// computed in float by both implementations (double if the grid is), so both pick the same pixel.
// Meaning: ONNX GridSample, opset 22.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct GridSample final : ComputingOperator<GridSample> {
  enum class Padding : std::uint8_t { kZeros, kBorder, kReflection };

  Index order = 1;  ///< 0 nearest, 1 linear, 3 cubic
  Padding padding = Padding::kZeros;
  bool align_corners = false;

  std::string_view name() const noexcept override { return "GridSample"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
