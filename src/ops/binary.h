// Element-wise arithmetic and comparison of two tensors with broadcasting, y = f(a, b), and the
// variadic Max, Min, Sum and Mean, y = f(f(a, b), c)....
//
// Meaning: the ONNX operators of the same names, newest opset. Integer arithmetic wraps; an integer
// division by zero is a fault. Max and Min keep a NaN of either operand.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

enum class BinaryKind : std::uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMod,
  kFmod,
  kMax,
  kMin,
  kPRelu,
  kEqual,
  kGreater,
  kGreaterOrEqual,
  kLess,
  kLessOrEqual
};

class Binary final : public ComputingOperator<Binary> {
 public:
  Binary(std::string_view name, BinaryKind kind) : kind(kind), name_(name) {}
  std::string_view name() const noexcept override { return name_; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::optional<Dims> infer_extents(const Operands& in) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
  std::size_t workspace(Inputs in, Outputs out) const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out);
  }

  const BinaryKind kind;

 private:
  std::string_view name_;
};

/// Max, Min, Sum, Mean of one or more tensors, folded from the left; Mean divides once at the end.
class Variadic final : public ComputingOperator<Variadic> {
 public:
  Variadic(std::string_view name, BinaryKind kind, bool mean)
      : kind(kind), mean(mean), name_(name) {}
  std::string_view name() const noexcept override { return name_; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const BinaryKind kind;
  const bool mean;

 private:
  std::string_view name_;
};

}  // namespace engine::ops
