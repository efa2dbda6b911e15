#include "ops/cumulative.h"

#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

bool accepts(DType t) {
  return is_float(t) || t == DType::kInt32 || t == DType::kInt64 || t == DType::kUInt32 ||
         t == DType::kUInt64;
}

template <class T, class Real>
struct AccumulatorOf {
  using type = std::make_unsigned_t<T>;  // which wraps around
};
template <class T, class Real>
requires(dtype_of<T> <= DType::kBFloat16) struct AccumulatorOf<T, Real> {
  using type = Compute<T, Real>;
};

template <class T, class A>
T stored(A value) noexcept {
  if constexpr (dtype_of<T> == DType::kFloat16 || dtype_of<T> == DType::kBFloat16)
    return T(static_cast<float>(value));
  else return static_cast<T>(value);
}

// Neighbouring slices go together, so that memory is read in its order.
template <class Real, bool kProduct, class T>
void accumulate(const T* x, const AxisView& view, const Cumulative& walk, T* y) {
  using A = typename AccumulatorOf<T, Real>::type;
  constexpr Index kLanes = 64;
  for (Index outer = 0; outer < view.outer; ++outer)
    for (Index first = 0; first < view.inner; first += kLanes) {
      const Index lanes = std::min(kLanes, view.inner - first);
      A sum[kLanes];
      std::fill_n(sum, lanes, A(kProduct ? 1 : 0));
      for (Index i = 0; i < view.n; ++i) {
        const Index row = outer * view.n + (walk.reverse ? view.n - 1 - i : i);
        const T* from = x + row * view.inner + first;
        T* to = y + row * view.inner + first;
        for (Index lane = 0; lane < lanes; ++lane) {
          const A before = sum[lane];
          const A element = static_cast<A>(from[lane]);
          if constexpr (kProduct) sum[lane] = before * element;
          else sum[lane] = before + element;
          to[lane] = stored<T>(walk.exclusive ? before : sum[lane]);
        }
      }
    }
}

}  // namespace

std::vector<TensorType> Cumulative::infer(const Operands& in, Index) const {
  require_type(in, 0, "x", accepts, "a float type, (u)int32 or (u)int64");
  const auto axis = only_integer(in, 1, "axis");
  if (axis && in.type(0).ranked) normalize_axis(*axis, in.type(0).rank());
  const auto shape = in.type(1).shape();
  ENGINE_VALIDATE(!shape || element_count(*shape) == 1, "axis is ", to_string(in.type(1)),
                  " (must be a scalar)");
  return {in.type(0)};
}

template <class Real>
Fault Cumulative::compute(Inputs in, Outputs out) const {
  const Index axis = wrap_index(index_at(in[1], 0), in[0].rank());
  if (axis < 0) return out_of_range(index_at(in[1], 0), in[0].rank());
  const AxisView view = split_at(in[0].shape(), axis);
  const auto run = [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (product) accumulate<Real, true>(in[0].as<T>(), view, *this, out[0].as<T>());
    else accumulate<Real, false>(in[0].as<T>(), view, *this, out[0].as<T>());
  };
  switch (in[0].dtype) {
    case DType::kInt32: run(TypeTag<std::int32_t>{}); break;
    case DType::kInt64: run(TypeTag<std::int64_t>{}); break;
    case DType::kUInt32: run(TypeTag<std::uint32_t>{}); break;
    case DType::kUInt64: run(TypeTag<std::uint64_t>{}); break;
    default: dispatch_float(in[0].dtype, run);
  }
  return kNoFault;
}

// Whoever makes one of these refers to both.
template Fault Cumulative::compute<float>(Inputs, Outputs) const;
template Fault Cumulative::compute<double>(Inputs, Outputs) const;

OperatorPtr make_CumSum(const Attributes& a) {
  return std::make_shared<Cumulative>(false, a.flag("exclusive", false), a.flag("reverse", false));
}
OperatorPtr make_CumProd(const Attributes& a) {
  return std::make_shared<Cumulative>(true, a.flag("exclusive", false), a.flag("reverse", false));
}

}  // namespace engine::ops
