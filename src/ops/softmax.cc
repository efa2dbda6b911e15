#include "ops/softmax.h"

#include "numerics/contract.h"
#include "numerics/elementary.h"
#include "ops/attributes.h"

#include <limits>

namespace engine::ops {
namespace {

template <class Real, class T>
void one_slice(const T* x, Index n, Index stride, bool log, T* y) {
  Real max = -std::numeric_limits<Real>::infinity();
  for (Index i = 0; i < n; ++i) {
    const Real value = static_cast<Real>(x[i * stride]);
    max = value > max ? value : max;
  }
  const auto shifted = [&](Index i) { return static_cast<Real>(x[i * stride]) - max; };
  const Real sum = numerics::lane_sum<Real>(n, [&](Index i) { return numerics::exp(shifted(i)); });
  const Real log_sum = log ? numerics::log(sum) : Real(0);
  for (Index i = 0; i < n; ++i) {
    const Real value = log ? shifted(i) - log_sum : numerics::exp(shifted(i)) / sum;
    y[i * stride] = T(value);
  }
}

OperatorPtr make(const Attributes& a, bool log) {
  const bool flatten = a.flag("engine_flatten", false);
  return std::make_shared<Softmax>(a.integer("axis", -1), flatten, log);
}

}  // namespace

AxisView softmax_slices(const Shape& x, Index axis, bool flatten) {
  const Index rank = static_cast<Index>(x.size());
  if (rank == 0) return {1, 1, 1};
  if (!flatten) return split_at(x, normalize_axis(axis, rank));
  const Index first = axis == rank ? rank : normalize_axis(axis, rank);
  return {product(x, 0, first), product(x, first, rank), 1};
}

std::vector<TensorType> Softmax::infer(const Operands& in, Index) const {
  require_type(in, 0, "input", is_float, "a float type");
  const TensorType& x = in.type(0);
  if (x.ranked && x.rank() > 0 && !(flatten && axis == x.rank())) normalize_axis(axis, x.rank());
  return {x};
}

Index Softmax::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  return 4 * Operator::flops(in, out);
}

unsigned Softmax::sample_inputs(Inputs in, Outputs out) const noexcept {
  const Shape& x = in[0].shape();
  const bool in_a_sample = !x.empty() && slices(x).outer >= x[0];  // else the sum runs over axis 0
  return in_a_sample ? inputs_with_samples(in, out) : 0;
}

std::string Softmax::describe() const { return concat("axis=", axis); }

template <class Real>
Fault Softmax::compute(Inputs in, Outputs out) const {
  const auto [outer, n, inner] = slices(in[0].shape());
  dispatch_float(in[0].dtype, [&, outer = outer, n = n, inner = inner](auto tag) {
    using T = typename decltype(tag)::type;
    for (Index slice = 0; slice < outer * inner; ++slice) {
      const Index first = slice / inner * n * inner + slice % inner;
      one_slice<Compute<T, Real>, T>(in[0].as<T>() + first, n, inner, log, out[0].as<T>() + first);
    }
  });
  return kNoFault;
}

OperatorPtr make_Softmax(const Attributes& a) { return make(a, false); }
OperatorPtr make_LogSoftmax(const Attributes& a) { return make(a, true); }

}  // namespace engine::ops
