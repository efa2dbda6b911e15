// Conv: convolution over 1 to 3 spatial axes, grouped, with an epilogue.
//
//   X         [batch, C, spatial..]    any float type
//   W         [M, C / group, kernel..]
//   B         [M]                      optional
//   residual  as the output            only with epilogue.residual; the last input
//   Y         [batch, M, output..]
//
// One chain from +0 over (block of 16 input channels of the group, kernel axes, channel in block);
// taps outside the image multiply +0 (numerics/contract.h, rule 4). Meaning: ONNX Conv, opset 22.
#pragma once

#include "ops/epilogue.h"
#include "ops/operator.h"
#include "ops/spatial.h"

namespace engine::ops {

class Conv final : public ComputingOperator<Conv> {
 public:
  Conv(Spatial spatial, Index group, Epilogue epilogue)
      : spatial(std::move(spatial)), group(group), epilogue(std::move(epilogue)) {}

  static constexpr Index kX = 0, kWeights = 1, kBias = 2, kResidual = 3;

  std::string_view name() const noexcept override { return "Conv"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const Spatial spatial;
  const Index group;
  const Epilogue epilogue;
};

}  // namespace engine::ops
