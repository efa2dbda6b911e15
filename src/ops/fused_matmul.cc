// y = alpha * (a b) with either operand's matrices transposed; a [.., rows, k], b [.., k, columns]
// broadcast as in numpy.matmul. One fma chain from +0 over k, then the factor.
// Meaning: onnxruntime's com.microsoft FusedMatMul.
#include "ops/attributes.h"
#include "ops/matmul_shape.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

struct FusedMatMul : ComputingOperator<FusedMatMul> {
  Transposed transposed;
  float alpha = 1;

  std::string_view name() const noexcept override { return "FusedMatMul"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "A", is_float, "a float type");
    require_same_type(in, 0, "A", 1, "B");
    const TensorType &a = in.type(0), &b = in.type(1);
    if (!a.ranked || !b.ranked) return {TensorType::unranked(a.dtype)};
    return {TensorType(a.dtype, matmul_output(a.dims, b.dims, transposed))};
  }

  template <class T, class Real>
  void run(Inputs in, const Output& out) const {
    if (out.size() == 0) return;
    const MatMulPlan p = plan_matmul(in[0].shape(), in[1].shape(), transposed);
    T* y = out.as<T>();
    for (Index n = 0; n < p.batch; ++n) {
      const auto matrix = static_cast<std::size_t>(n);
      const T* a = in[0].as<T>() + p.a_matrix[matrix] * p.rows * p.k;
      const T* b = in[1].as<T>() + p.b_matrix[matrix] * p.k * p.columns;
      for (Index i = 0; i < p.rows; ++i)
        for (Index j = 0; j < p.columns; ++j) {
          Real sum = 0;
          for (Index k = 0; k < p.k; ++k)
            sum = std::fma(static_cast<Real>(a[i * p.a_row + k * p.a_k]),
                           static_cast<Real>(b[k * p.b_k + j * p.b_column]), sum);
          *y++ = store<T>(static_cast<Real>(alpha) * sum);
        }
    }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in, out[0]);
    });
    return kNoFault;
  }

  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override {
    const auto a = in[0].shape(), y = out[0].shape();
    if (!a || !y || a->empty()) return 0;
    const Index k = transposed.a && a->size() > 1 ? (*a)[a->size() - 2] : a->back();
    return 2 * k * product(*y, 0, out[0].rank());
  }
};

}  // namespace

OperatorPtr make_FusedMatMul(const Attributes& attributes) {
  auto op = std::make_shared<FusedMatMul>();
  op->transposed = {attributes.flag("transA", false), attributes.flag("transB", false)};
  op->alpha = attributes.number("alpha", 1.0f);
  ENGINE_REQUIRE(!attributes.flag("transBatchA", false) && !attributes.flag("transBatchB", false),
                 ErrorCode::kUnsupported, "transBatchA or transBatchB is set (not supported)");
  return op;
}

}  // namespace engine::ops
