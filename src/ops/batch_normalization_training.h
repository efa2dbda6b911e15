// Batch normalization with the statistics of its own input: per channel, over all axes but 1,
// y = (x - mean) / sqrt(var + epsilon) * scale + bias with var the population's.
//
//   x                              [n, c, spatial..]  any float type; [n] counts as [n, 1]
//   scale, bias, mean, var         [c]                any float types
//   y                              as x
//   running_mean, running_var [c]  optional, as mean and var: input * momentum + statistic *
//                                  (1 - momentum)
//
// Where axis 0 is the batch, a sample's result depends on the samples beside it, by this operator's
// meaning: no such model is independent of its batch. Exporters use it to standardise weights,
// where axis 0 is no batch and nothing depends on the inputs.
//
// Meaning: ONNX BatchNormalization, opset 15, training_mode 1.
// Order: a channel's elements, row-major over the other axes, are summed in lane order
// (numerics/contract.h, rule 5), then their squared distances from the mean by fma; the rest is as
// in BatchNormalization.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct BatchNormalizationTraining final : ComputingOperator<BatchNormalizationTraining> {
  float epsilon = 1e-5f, momentum = 0.9f;

  std::string_view name() const noexcept override { return "BatchNormalizationTraining"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::size_t workspace(Inputs in, Outputs out) const override;  // one channel's elements
  std::string describe() const override {
    return concat("epsilon=", epsilon, " momentum=", momentum);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
