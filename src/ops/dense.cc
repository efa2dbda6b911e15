#include "ops/dense.h"

#include "numerics/contract.h"

#include <cmath>

namespace engine::ops {
namespace {

// Sum over k of x[k] * w[k * step], one chain.
template <class Real, class T>
Real chain(const T* x, const T* w, Index step, Index k) {
  Real sum = 0;
  for (Index i = 0; i < k; ++i)
    sum = std::fma(static_cast<Real>(x[i]), static_cast<Real>(w[i * step]), sum);
  return sum;
}

// The same in the segments of the contract, and these in sections.
template <class Real, class T>
Real segmented_dot(const T* x, const T* w, Index step, Index k, Index segments) {
  Real sums[4] = {};
  for (Index s = 0; s < segments; ++s) {
    const Index start = numerics::segment_start(k, segments, s);
    const Index length = numerics::segment_start(k, segments, s + 1) - start;
    const auto section = [&](Index first, Index last) {
      return chain<Real>(x + start + first, w + (start + first) * step, step, last - first);
    };
    sums[s] = numerics::sum_sections(length, numerics::kSectionTerms, section);
  }
  if (segments == 1) return sums[0];
  if (segments == 2) return sums[0] + sums[1];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

std::vector<TensorType> Dense::infer(const Operands& in, Index) const {
  require_type(in, kX, "A", is_float, "a float type");
  require_same_type(in, kX, "A", kWeights, "B");
  require_rank(in, kWeights, "B", 2);
  const TensorType& x = in.type(kX);
  const Dims& w = in.type(kWeights).dims;
  if (!x.ranked) return {TensorType::unranked(x.dtype)};
  ENGINE_VALIDATE(x.rank() >= 1, "A is a scalar (at least one axis is needed)");
  const Dim& rows = w[transposed ? 1 : 0];
  const Dim& columns = w[transposed ? 0 : 1];
  const Dim& k = x.dims.back();
  ENGINE_VALIDATE(!k.known() || !rows.known() || k.value() == rows.value(), "A is ",
                  to_string(x.dims), ", B is ", to_string(w), ": ", to_string(k),
                  " != ", to_string(rows));
  TensorType y = x;
  y.dims.back() = columns;
  if (epilogue.residual) require_shape(in, kResidual, "residual", y);
  return {y};
}

Index Dense::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  const auto y = out[0].shape();
  const Dim k = in[0].dims.empty() ? Dim(1) : in[0].dims.back();
  return y && k.known() ? 2 * k.value() * product(*y, 0, static_cast<Index>(y->size())) : 0;
}

template <class Real>
Fault Dense::compute(Inputs in, Outputs out) const {
  const Index k = in[kX].shape().back();
  const Index n = out[0].shape().back();
  const Index rows = product(out[0].shape(), 0, out[0].rank() - 1);
  const bool has_bias = in.size() > kBias && in[kBias];
  dispatch_float(in[kX].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = Compute<T, Real>;
    const T* x = in[kX].as<T>();
    const T* w = in[kWeights].as<T>();
    const T* bias = has_bias ? in[kBias].as<T>() : nullptr;
    const T* residual = epilogue.residual ? in[kResidual].as<T>() : nullptr;
    T* y = out[0].as<T>();
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < n; ++c) {
        const C sum = segmented_dot<C>(x + r * k, transposed ? w + c * k : w + c,
                                       transposed ? 1 : n, k, numerics::dense_segments(n));
        const Index i = r * n + c;
        y[i] = T(epilogue.apply(sum, bias ? bias + c : nullptr, residual ? residual + i : nullptr));
      }
  });
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault Dense::compute<float>(Inputs, Outputs) const;
template Fault Dense::compute<double>(Inputs, Outputs) const;

}  // namespace engine::ops
