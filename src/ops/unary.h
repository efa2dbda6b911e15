// Element-wise functions of one tensor, y = f(x), with at most two attributes a and b.
//
// Meaning: the ONNX operators of the same names, newest opset. float16 and bfloat16 are computed in
// float32 and rounded once; float64 in double. Integers where ONNX has them (Abs, Neg, Sign, Relu,
// Clip).
#pragma once

#include "numerics/activation.h"
#include "ops/operator.h"

namespace engine::ops {

/// One of numerics::Activation: the functions that kernels and epilogues know.
class Unary final : public ComputingOperator<Unary> {
 public:
  Unary(std::string_view name, numerics::Activation f, float a = 0, float b = 0)
      : f(f), a(a), b(b), name_(name) {}

  std::string_view name() const noexcept override { return name_; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  std::string describe() const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out, 1u);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const numerics::Activation f;
  const float a, b;

 private:
  std::string_view name_;
};

/// y = x below -lambd (+ bias), x above lambd (- bias), 0 between.
class Shrink final : public ComputingOperator<Shrink> {
 public:
  Shrink(float lambd, float bias) : lambd(lambd), bias(bias) {}
  std::string_view name() const noexcept override { return "Shrink"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const float lambd, bias;
};

/// Clip of opset 11 and above: bounds are inputs. A pass turns it into a Unary if they are
/// constants.
///   x [..], min [] (optional), max [] (optional) -> y as x
class Clip final : public ComputingOperator<Clip> {
 public:
  std::string_view name() const noexcept override { return "Clip"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out, 1u);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
