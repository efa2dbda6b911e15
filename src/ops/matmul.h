// MatMul: the product of matrices as numpy.matmul defines it, and Gemm: alpha A' B' + beta C.
//
//   MatMul  A [.., M, K], B [.., K, N] -> [.., M, N]; leading axes broadcast; a vector on the left
//           (right) is a row (column) that vanishes from the result
//   Gemm    A [M, K] or [K, M], B [K, N] or [N, K], C broadcastable to [M, N] -> [M, N]
//
// One chain over k ascending, from +0. Gemm then rounds alpha * sum, and fma(beta, C, that).
// Meaning: ONNX MatMul and Gemm, opset 13. Integers wrap.
#pragma once

#include "ops/matmul_shape.h"
#include "ops/operator.h"

namespace engine::ops {

class MatMul final : public ComputingOperator<MatMul> {
 public:
  std::string_view name() const noexcept override { return "MatMul"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

class Gemm final : public ComputingOperator<Gemm> {
 public:
  Gemm(bool trans_a, bool trans_b, float alpha, float beta)
      : trans_a(trans_a), trans_b(trans_b), alpha(alpha), beta(beta) {}
  std::string_view name() const noexcept override { return "Gemm"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const bool trans_a, trans_b;
  const float alpha, beta;
};

}  // namespace engine::ops
