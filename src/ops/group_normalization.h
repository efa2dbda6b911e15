// Normalization of groups of channels by their own statistics: GroupNormalization, and
// InstanceNormalization, whose groups are single channels.
//
//   x            [n, c, spatial..]  any float type
//   scale, bias  [c]
//   y            as x
//
// Meaning: ONNX InstanceNormalization opset 22, GroupNormalization opset 21. Everything is computed
// in float32 (float64 for float64) and rounded once, whatever stash_type says. Order: that of
// LayerNormalization, a group's channels and positions in row-major order.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

class GroupNormalization final : public ComputingOperator<GroupNormalization> {
 public:
  /// `groups` 0: one per channel.
  GroupNormalization(Index groups, float epsilon) : groups(groups), epsilon(epsilon) {}

  std::string_view name() const noexcept override {
    return groups == 0 ? "InstanceNormalization" : "GroupNormalization";
  }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  /// x as [rows, channels, positions]: a row is a group of one sample, and its channel k has scale
  /// and bias number (row % groups) * channels + k.
  struct View {
    Index rows, groups, channels, positions;
  };
  View view(const Shape& x) const;

  const Index groups;
  const float epsilon;
};

}  // namespace engine::ops
