// Squeeze and Unsqueeze: axes of extent 1 leave or enter, the elements stay.
//
//   Squeeze    data, axes [n] (absent: all axes of extent 1), in [-rank, rank)
//   Unsqueeze  data, axes [n], in [-r, r) where r is the rank of the output
//
// Meaning: ONNX Squeeze and Unsqueeze, opset 25.
#pragma once

#include "ops/moving.h"

namespace engine::ops {

struct Squeeze final : MovingOperator {
  std::string_view name() const noexcept override { return "Squeeze"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override {
    return list_extents(in, 0);
  }
  bool is_view() const noexcept override { return true; }
  Fault move(Inputs in, Outputs out) const override;
};

struct Unsqueeze final : MovingOperator {
  std::string_view name() const noexcept override { return "Unsqueeze"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override {
    return list_extents(in, 0);
  }
  bool is_view() const noexcept override { return true; }
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
