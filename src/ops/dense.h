// Dense: y = activation(x W + bias + residual) with constant weights. Internal: the passes make it
// from MatMul and Gemm.
//
//   x         [.., K]     any float type
//   W         [K, N], or [N, K] with `transposed`; constant
//   bias      [N]         optional
//   residual  [.., N]     only with epilogue.residual
//   y         [.., N]
//
// K is cut in numerics::dense_segments(N) segments (numerics/contract.h, rule 3), these in sections
// of numerics::kSectionTerms (rule 2).
#pragma once

#include "ops/epilogue.h"
#include "ops/operator.h"

namespace engine::ops {

class Dense final : public ComputingOperator<Dense> {
 public:
  Dense(bool transposed, Epilogue epilogue)
      : transposed(transposed), epilogue(std::move(epilogue)) {}

  static constexpr Index kX = 0, kWeights = 1, kBias = 2, kResidual = 3;

  std::string_view name() const noexcept override { return "Dense"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override { return epilogue.describe(); }
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return out[0].rank() < 2 ? 0 : inputs_with_samples(in, out, 1u << kX | 1u << kResidual);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const bool transposed;
  const Epilogue epilogue;
};

}  // namespace engine::ops
