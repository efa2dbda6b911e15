// Local response normalisation over channels, x as [outer, channels, inner]:
//   y[c] = x[c] / (bias + alpha / size * sum of x[i]^2) ^ beta,
//   i from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2), cut at the ends.
// The sum is one fma chain from +0, i ascending. Meaning: ONNX LRN, opset 13.
#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>

namespace engine::ops {
namespace {

struct Lrn : ComputingOperator<Lrn> {
  Index size = 1;
  float alpha = 0, beta = 0, bias = 0;

  std::string_view name() const noexcept override { return "LRN"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    const TensorType& x = in.type(0);
    ENGINE_VALIDATE(!x.ranked || x.rank() >= 2, "X has rank ", x.rank(),
                    " (at least 2 needed: batch and channels)");
    return {x};
  }

  template <class T, class Real>
  void run(const T* x, T* y, const AxisView& view) const {
    const Index before = (size - 1) / 2, behind = size - 1 - before;
    const Real factor = static_cast<Real>(alpha) / static_cast<Real>(size);
    for (Index o = 0; o < view.outer; ++o, x += view.n * view.inner, y += view.n * view.inner)
      for (Index c = 0; c < view.n; ++c) {
        const Index first = std::max<Index>(0, c - before);
        const Index last = behind >= view.n - c ? view.n - 1 : c + behind;
        for (Index i = 0; i < view.inner; ++i) {
          Real sum = 0;
          for (Index k = first; k <= last; ++k) {
            const Real value = static_cast<Real>(x[k * view.inner + i]);
            sum = std::fma(value, value, sum);
          }
          const Real base = std::fma(factor, sum, static_cast<Real>(bias));
          const Real value = static_cast<Real>(x[c * view.inner + i]);
          y[c * view.inner + i] = store<T>(value / numerics::pow(base, static_cast<Real>(beta)));
        }
      }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in[0].as<T>(), out[0].as<T>(), split_at(in[0].shape(), 1));
    });
    return kNoFault;
  }

  Index flops(std::span<const TensorType> in, std::span<const TensorType>) const override {
    const auto shape = in[0].shape();
    return shape ? product(*shape, 0, in[0].rank()) * 2 * std::min(size, (*shape)[1]) : 0;
  }

  std::string describe() const override { return concat("size=", size); }
};

}  // namespace

OperatorPtr make_LRN(const Attributes& attributes) {
  auto op = std::make_shared<Lrn>();
  op->size = attributes.integer("size");
  ENGINE_VALIDATE(op->size >= 1, "size is ", op->size, " (must be positive)");
  op->alpha = attributes.number("alpha", 0.0001f);
  op->beta = attributes.number("beta", 0.75f);
  op->bias = attributes.number("bias", 1.0f);
  return op;
}

}  // namespace engine::ops
