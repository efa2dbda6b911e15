// Quantising to integers and back.
#pragma once

#include "ops/operator.h"

#include <optional>

namespace engine::ops {

/// Which element of a scale (and zero point) belongs to which of x: x as [outer, n, inner] along
/// the axis, scale element [o * blocked, k / block, i * blocked] with `steps` elements along the
/// axis. One scale for all is block = n, steps = 1; one per position of the axis is block = 1,
/// steps = n.
struct QuantizationGrid {
  Index outer = 1, n = 1, inner = 1;
  Index block = 1, steps = 1;
  bool blocked = false;  ///< whether the scale has the outer and the inner axes, too

  Index scale_at(Index o, Index k, Index i) const noexcept {
    return blocked ? (o * steps + k / block) * inner + i : k / block;
  }
};

/// The attributes axis and block_size, and what they mean for two shapes.
struct QuantizationAxis {
  Index axis = 1, block_size = 0;

  /// Throws Error (kInvalidModel) if a scale of these extents does not go with x.
  void check(const TensorType& x, const TensorType& scale) const;
  QuantizationGrid grid(const Shape& x, const Shape& scale) const;
};

/// y = saturate(round(x / scale) + zero_point), halves to even.
///   x  float32, float16, bfloat16 or int32;  scale  those;  zero_point  optional, the type of y
///   y  (u)int4, (u)int8, (u)int16; uint8 if neither the zero point nor output_dtype says otherwise
/// x / scale is rounded to the type of the scale (or `precision`). Meaning: ONNX QuantizeLinear,
/// opset 24 and later.
struct QuantizeLinear : ComputingOperator<QuantizeLinear> {
  QuantizationAxis axis;
  std::optional<DType> output_dtype, precision;

  std::string_view name() const noexcept override { return "QuantizeLinear"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::string describe() const override;
  template <class>
  Fault compute(Inputs in, Outputs out) const;
  std::size_t workspace(Inputs in, Outputs out) const override;
  void quantize(Inputs in, const Output& out) const;
};

/// y = (x - zero_point) * scale, the difference exact.
///   x  (u)int4, (u)int8, (u)int16 or int32;  zero_point  optional, the type of x
///   scale  float32, float16 or bfloat16;  y  the type of the scale, or output_dtype
/// Meaning: ONNX DequantizeLinear, opset 24 and later.
struct DequantizeLinear : ComputingOperator<DequantizeLinear> {
  QuantizationAxis axis;
  std::optional<DType> output_dtype;

  std::string_view name() const noexcept override { return "DequantizeLinear"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
  std::size_t workspace(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
