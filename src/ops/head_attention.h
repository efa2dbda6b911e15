// HeadAttention: what each query makes of all values, head by head, where the heads of a token lie
// side by side, as a dense layer leaves them. Internal: the pass fuse_attention makes it.
//
//   q  [N, queries, H, D]     any float type
//   k  [N, keys, H, D]
//   v  [N, keys, H, E]
//   bias  [N or 1, H or 1, queries or 1, keys or 1]  optional
//   y  [N, queries, H, E] = softmax(scale(q k') + bias) v for each sample and head
//
// Scores are one chain over D, then scaled, then joined by bias, one rounding each; softmax is that
// of Softmax, exponential divided by sum; outputs are one chain over the keys. Both chains start at
// +0.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

/// What happens to scores: they are divided by the factor, which is positive and finite, or
/// multiplied.
struct ScoreScale {
  float factor = 1;
  bool divides = false;
};

class HeadAttention final : public ComputingOperator<HeadAttention> {
 public:
  explicit HeadAttention(ScoreScale scale) : scale(scale) {}

  static constexpr Index kQ = 0, kK = 1, kV = 2, kBias = 3;

  std::string_view name() const noexcept override { return "HeadAttention"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out);
  }
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const ScoreScale scale;
};

}  // namespace engine::ops
