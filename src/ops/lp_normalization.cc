// Division by the norm along one axis, x as [outer, n, inner]:
//   y = x / sum |x| (p = 1)  or  y = x / sqrt(sum x^2) (p = 2); where the norm is 0, y = 0.
// The sum is one chain from +0 along the axis. Meaning: ONNX LpNormalization, opset 22.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

struct LpNormalization : ComputingOperator<LpNormalization> {
  Index axis = -1, p = 2;

  std::string_view name() const noexcept override { return "LpNormalization"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "input", is_float, "a float type");
    if (in.type(0).ranked) normalize_axis(axis, in.type(0).rank());
    return {in.type(0)};
  }

  template <class T, class Real>
  void run(const T* x, T* y, const AxisView& view) const {
    for (Index o = 0; o < view.outer; ++o, x += view.n * view.inner, y += view.n * view.inner)
      for (Index i = 0; i < view.inner; ++i) {
        Real sum = 0;
        for (Index k = 0; k < view.n; ++k) {
          const Real value = static_cast<Real>(x[k * view.inner + i]);
          sum = p == 1 ? sum + std::abs(value) : std::fma(value, value, sum);
        }
        const Real norm = p == 1 ? sum : std::sqrt(sum);
        for (Index k = 0; k < view.n; ++k) {
          const Real value = static_cast<Real>(x[k * view.inner + i]);
          y[k * view.inner + i] = store<T>(norm == 0 ? Real(0) : value / norm);
        }
      }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    const AxisView view = split_at(in[0].shape(), normalize_axis(axis, in[0].rank()));
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in[0].as<T>(), out[0].as<T>(), view);
    });
    return kNoFault;
  }

  std::string describe() const override { return concat("axis=", axis, " p=", p); }
};

}  // namespace

OperatorPtr make_LpNormalization(const Attributes& attributes) {
  auto op = std::make_shared<LpNormalization>();
  op->axis = attributes.integer("axis", -1);
  op->p = attributes.integer("p", 2);
  ENGINE_VALIDATE(op->p == 1 || op->p == 2, "p is ", op->p, " (1 or 2 needed)");
  return op;
}

}  // namespace engine::ops
