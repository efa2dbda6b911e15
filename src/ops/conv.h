// Conv: convolution over 1 to 3 spatial axes, grouped, with an epilogue.
//
//   X         [batch, C, spatial..]    any float type
//   W         [M, C / group, kernel..]
//   B         [M]                      optional
//   residual  as the output            only with epilogue.residual; the last input
//   Y         [batch, M, output..]
//
// With `winograd` 4 or 2, float32 outputs are computed in tiles of that size (numerics/winograd.h);
// otherwise each is a sum over (block of 16 input channels of the group, kernel axes, channel in
// block), numerics::section_channels(taps) channels a chain. Taps outside the image multiply +0
// (numerics/contract.h, rule 4).
// Meaning: ONNX Conv, opset 22.
#pragma once

#include "ops/epilogue.h"
#include "ops/operator.h"
#include "ops/spatial.h"

namespace engine::ops {

class Conv final : public ComputingOperator<Conv> {
 public:
  Conv(Spatial spatial, Index group, Epilogue epilogue, Index winograd = 0)
      : spatial(std::move(spatial)),
        group(group),
        epilogue(std::move(epilogue)),
        winograd(winograd) {}

  static constexpr Index kX = 0, kWeights = 1, kBias = 2, kResidual = 3;

  std::string_view name() const noexcept override { return "Conv"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out, 1u << kX | 1u << kResidual);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const Spatial spatial;
  const Index group;
  const Epilogue epilogue;
  const Index winograd;  ///< tile, or 0; not 0 only for 3x3 filters, stride 1, one group

 private:
  void compute_winograd(Inputs in, const Output& out) const;
};

}  // namespace engine::ops
