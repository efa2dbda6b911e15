// Reshape and Flatten: the same elements in the same order under another shape.
//
//   Reshape  data, shape [rank of the output]. An extent -1 is what the element count leaves; 0 is
//            the input's extent at that place, unless `allow_zero`.
//   Flatten  input [outer.., inner..] -> [outer, inner], split before `axis`.
//
// Meaning: ONNX Reshape and Flatten, opset 25. Beyond it, -1 is also found for an empty tensor
// where the extents that are not zero decide it, so that a batch of 0 works.
#pragma once

#include "ops/moving.h"

namespace engine::ops {

struct Reshape final : MovingOperator {
  bool allow_zero = false;

  std::string_view name() const noexcept override { return "Reshape"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override {
    return list_extents(in, 0);
  }
  bool is_view() const noexcept override { return true; }
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override { return allow_zero ? "allowzero=1" : ""; }
};

struct Flatten final : MovingOperator {
  Index axis = 1;  ///< in [-rank, rank]

  std::string_view name() const noexcept override { return "Flatten"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  bool is_view() const noexcept override { return true; }
  Fault move(Inputs in, Outputs out) const override;
  std::string describe() const override { return concat("axis=", axis); }
};

}  // namespace engine::ops
