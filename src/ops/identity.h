// Identity: y = x.
#pragma once

#include "ops/moving.h"

namespace engine::ops {

struct Identity final : MovingOperator {
  std::string_view name() const noexcept override { return "Identity"; }
  std::vector<TensorType> infer(const Operands& in, Index) const override { return {in.type(0)}; }
  std::optional<Dims> infer_extents(const Operands& in) const override {
    return list_extents(in, 0);
  }
  bool is_view() const noexcept override { return true; }
  Fault move(Inputs in, Outputs out) const override {
    copy_all(in[0], out[0]);
    return kNoFault;
  }
};

}  // namespace engine::ops
