// Losses over classes, x as [n, classes, d] with d all axes behind the second, labels [n, d]:
//   NegativeLogLikelihoodLoss  loss = -x[label] * weight[label]
//   SoftmaxCrossEntropyLoss    the same of log_prob = x - max - log(sum exp(x - max))
// A label that is ignore_index gives 0 and has weight 0. Reductions: none; sum; mean = sum / sum of
// weights (1 each if there are none). The sum over classes, and the sums over all labels in
// row-major order, are each one chain from +0. Meaning: ONNX NegativeLogLikelihoodLoss, opset 22,
// and SoftmaxCrossEntropyLoss, opset 13.
#pragma once

#include "ops/operator.h"

#include <optional>

namespace engine::ops {

enum class LossReduction : std::uint8_t { kNone, kSum, kMean };

struct Loss final : ComputingOperator<Loss> {
  bool with_softmax = false;
  LossReduction reduction = LossReduction::kMean;
  std::optional<Index> ignore_index;

  std::string_view name() const noexcept override {
    return with_softmax ? "SoftmaxCrossEntropyLoss" : "NegativeLogLikelihoodLoss";
  }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
