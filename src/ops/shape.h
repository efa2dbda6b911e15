// Shape and Size: extents as data.
//
//   Shape  data -> int64 [n], the extents of axes [start, end) after clamping to [0, rank]
//   Size   data -> int64 [], the element count
//
// Meaning: ONNX Shape and Size, opset 25. Only the extents of the input are read.
#pragma once

#include "ops/operator.h"

#include <limits>

namespace engine::ops {

struct ShapeOf final : MovingOperator {
  Index start = 0;                                ///< negative: from the end
  Index end = std::numeric_limits<Index>::max();  ///< exclusive; negative: from the end

  std::string_view name() const noexcept override { return "Shape"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override;

  /// The first axis and the number of axes for a tensor of this rank.
  std::pair<Index, Index> axes(Index rank) const noexcept;
};

struct SizeOf final : MovingOperator {
  std::string_view name() const noexcept override { return "Size"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
