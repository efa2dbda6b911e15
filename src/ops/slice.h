// Slice: every step-th element of some axes, as Python's data[start:end:step].
//
//   data, starts [n], ends [n], axes [n] (absent: 0..n-1), steps [n] (absent: 1)
//
// Meaning: ONNX Slice, opset 13.
#pragma once

#include "base/small.h"
#include "ops/operator.h"

namespace engine::ops {

/// Elements first, first + step, ... of an axis: `count` of them, all inside.
struct SliceRange {
  Index first, step, count;
};

struct Slice final : MovingOperator {
  std::string_view name() const noexcept override { return "Slice"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;

  /// What is taken of each axis; a fault if the values of the inputs do not lead to `out`.
  using Ranges = Small<SliceRange>;
  static Fault ranges(Inputs in, const Shape& out, Ranges& ranges);
};

/// What start:end:step takes of an axis of n elements, after clamping; step is not 0.
SliceRange slice_range(Index start, Index end, Index step, Index n) noexcept;

}  // namespace engine::ops
