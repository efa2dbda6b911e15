// Cast and CastLike: elements as values of another type.
//
// Integers wrap around; floats round to nearest even, overflow gives infinity; floats become
// integers by truncation, with values out of range giving the nearest end and NaN giving 0, but
// int4 and uint4 are the low bits of that int32 (as ONNX tests have it); everything but zero is
// true. Strings are decimal numbers, INF and NaN in any case.
// Meaning: ONNX Cast (opset 28) and CastLike (opset 25). Floats of 8 bits and fewer are refused;
// the attributes saturate and round_mode mean nothing for the others.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct Cast final : MovingOperator {
  DType to = DType::kFloat32;

  std::string_view name() const noexcept override { return "Cast"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override { return concat("to=", to_string(to)); }
};

/// Writes every element of `in` as the type of `out`. Both have one element count.
Fault convert(const Input& in, const Output& out);

}  // namespace engine::ops
