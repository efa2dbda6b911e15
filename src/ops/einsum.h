// Einstein summation: y[output labels] = sum over all other labels of the product of the operands.
// Labels are letters; an ellipsis stands for axes that broadcast. A label that repeats within one
// operand takes its diagonal. One chain per output from +0 over the summed labels in the order of
// their first appearance, the last of them fastest: operands are multiplied from left to right, the
// last factor by fma. Integers wrap. Meaning: ONNX Einsum, opset 12.
#pragma once

#include "ops/operator.h"

#include <string>
#include <vector>

namespace engine::ops {

class Einsum final : public ComputingOperator<Einsum> {
 public:
  using Term = std::string;           ///< letters, and kDots
  static constexpr char kDots = '.';  ///< in a term: all axes of the ellipsis

  std::string_view name() const noexcept override { return "Einsum"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override { return equation; }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  /// A call whose extents are known: the extent of each label, those of the output first, then the
  /// summed ones in the order of their first appearance; for each operand the step of each label
  /// in elements, 0 where the operand does not have it or repeats one element.
  struct Loops {
    Shape extents;
    Index outputs = 0;  ///< labels of the output
    std::vector<Shape> strides;
  };
  Loops loops(Inputs in) const;

  std::vector<Term> terms;
  Term output;
  std::string equation;

 private:
  struct Plan;
  Plan plan(const std::vector<Index>& ranks) const;
  Dims extents(const Plan& p, const std::vector<Dims>& operands) const;
  template <class T, class R>
  void run(Inputs in, const Output& out) const;
};

}  // namespace engine::ops
