#include "ops/layer_normalization.h"

#include "ops/attributes.h"
#include "ops/element_type.h"
#include "ops/normalize.h"
#include "ops/store.h"

namespace engine::ops {
namespace {

void check_broadcast(const Operands& in, Index i, const char* name) {
  const TensorType &from = in.type(i), &to = in.type(0);
  if (!from.ranked || !to.ranked) return;
  const std::string rule = concat(name, " is ", to_string(from), ", X is ", to_string(to), " (",
                                  name, " must broadcast to X)");
  ENGINE_VALIDATE(from.rank() <= to.rank(), rule);
  const std::size_t skip = to.dims.size() - from.dims.size();
  for (std::size_t axis = 0; axis < from.dims.size(); ++axis) {
    const Dim &a = from.dims[axis], &b = to.dims[skip + axis];
    ENGINE_VALIDATE(!a.known() || a.value() == 1 || !b.known() || a.value() == b.value(), rule);
  }
}

OperatorPtr make(const Attributes& a, bool rms) {
  const DType stash = element_type(a.integer("stash_type", 1));
  ENGINE_VALIDATE(is_float(stash), "stash_type is ", to_string(stash), ", a float type needed");
  return std::make_shared<LayerNormalization>(a.integer("axis", -1), a.number("epsilon", 1e-5f),
                                              stash, rms);
}

}  // namespace

AxisView LayerNormalization::rows(const Shape& x) const {
  const Index rank = static_cast<Index>(x.size()), first = normalize_axis(axis, rank);
  return {product(x, 0, first), product(x, first, rank), 1};
}

unsigned LayerNormalization::sample_inputs(Inputs in, Outputs out) const noexcept {
  const Shape& x = in[0].shape();
  const bool in_a_sample = !x.empty() && rows(x).outer >= x[0];  // else sums run over axis 0
  return in_a_sample ? inputs_with_samples(in, out) : 0;
}

std::vector<TensorType> LayerNormalization::infer(const Operands& in, Index outputs) const {
  require_type(in, 0, "X", is_float, "a float type");
  require_type(in, 1, "Scale", is_float, "a float type");
  check_broadcast(in, 1, "Scale");
  const TensorType& x = in.type(0);
  TensorType y = x;
  if (rms) y.dtype = in.dtype(1);
  else require_same_type(in, 0, "X", 1, "Scale");
  if (in.has(2)) {
    require_same_type(in, 0, "X", 2, "B");
    check_broadcast(in, 2, "B");
  }
  TensorType moment = x;
  moment.dtype = stash;
  if (x.ranked)
    for (Index i = normalize_axis(axis, x.rank()); i < x.rank(); ++i)
      moment.dims[static_cast<std::size_t>(i)] = 1;
  std::vector<TensorType> types{y};
  while (static_cast<Index>(types.size()) < outputs) types.push_back(moment);
  return types;
}

Index LayerNormalization::flops(std::span<const TensorType> in,
                                std::span<const TensorType> out) const {
  return (rms ? 4 : 7) * Operator::flops(in, out);
}

template <class Real>
Fault LayerNormalization::compute(Inputs in, Outputs out) const {
  const Shape& shape = in[0].shape();
  const auto [outer, n, inner] = rows(shape);
  const bool has_bias = in.size() > 2 && in[2];
  const BroadcastOffsets scale_offset(in[1].shape(), shape);
  const BroadcastOffsets bias_offset(has_bias ? in[2].shape() : Shape{}, shape);
  dispatch_float(in[0].dtype, [&, outer = outer, n = n](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    const T* x = in[0].as<T>();
    const auto set = [&](std::size_t o, Index i, R value) {
      dispatch_float(out[o].dtype, [&](auto to) {
        using U = typename decltype(to)::type;
        out[o].as<U>()[i] = store<U>(value);
      });
    };
    for (Index row = 0; row < outer; ++row) {
      const Moments<R> m = moments<R>(x + row * n, n, epsilon, rms);
      for (Index i = row * n; i < (row + 1) * n; ++i) {
        const R normalized =
            (rms ? static_cast<R>(x[i]) : static_cast<R>(x[i]) - m.mean) * m.inverse;
        const R scale = float_element<R>(in[1], scale_offset(i));
        set(0, i,
            has_bias ? std::fma(normalized, scale, float_element<R>(in[2], bias_offset(i)))
                     : normalized * scale);
      }
      if (out.size() > 1 && out[1]) set(1, row, m.mean);
      if (out.size() > 2 && out[2]) set(2, row, m.inverse);
    }
  });
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault LayerNormalization::compute<float>(Inputs, Outputs) const;
template Fault LayerNormalization::compute<double>(Inputs, Outputs) const;

OperatorPtr make_LayerNormalization(const Attributes& a) { return make(a, false); }
OperatorPtr make_RMSNormalization(const Attributes& a) { return make(a, true); }

}  // namespace engine::ops
