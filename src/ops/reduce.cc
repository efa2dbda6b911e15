#include "ops/reduce.h"

#include "ops/attributes.h"
#include "ops/reduce_fold.h"

namespace engine::ops {
namespace {

bool is_max_type(DType t) {
  return t == DType::kBool || (is_number(t) && t != DType::kInt4 && t != DType::kUInt4 &&
                               t != DType::kInt16 && t != DType::kUInt16);
}
bool is_sum_type(DType t) {
  return is_float(t) || t == DType::kInt32 || t == DType::kUInt32 || t == DType::kInt64 ||
         t == DType::kUInt64;
}

// Integers and bools; the order of their sums does not matter, and overflow wraps.
template <class T>
T fold_integers(Step step, Finish finish, const ReduceLayout& layout, const T* x, Index o) {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  const Index inner = layout.inner, run = layout.rows ? inner : 1;
  x += ReduceLayout::offset(layout.kept, layout.rows ? o : o / inner) +
       (layout.rows ? 0 : o % inner);
  std::uint64_t sum = step == Step::kMultiply;
  Wide extreme = static_cast<Wide>(step == Step::kMax ? kLowest<T> : kHighest<T>);
  for (Index r = 0; r < layout.reduced_positions(); ++r) {
    const T* from = x + ReduceLayout::offset(layout.reduced, r);
    for (Index c = 0; c < run; ++c) {
      const Wide value = static_cast<Wide>(from[c]);
      const auto bits = static_cast<std::uint64_t>(value);
      switch (step) {
        case Step::kMax: extreme = value > extreme ? value : extreme; break;
        case Step::kMin: extreme = value < extreme ? value : extreme; break;
        case Step::kMultiply: sum *= bits; break;
        case Step::kAddAbs: sum += value < Wide(0) ? 0 - bits : bits; break;
        case Step::kAddSquare: sum += bits * bits; break;
        default: sum += bits; break;
      }
    }
  }
  if (step == Step::kMax || step == Step::kMin) return static_cast<T>(extreme);
  // As wide as the element first, so that a wrapped sum is that of the element type.
  const Wide total = static_cast<Wide>(static_cast<T>(sum));
  switch (finish) {
    case Finish::kNone: return static_cast<T>(total);
    case Finish::kMean: {
      const Index count = layout.count();
      return count ? static_cast<T>(static_cast<Wide>(sum) / static_cast<Wide>(count)) : T(0);
    }
    default: return store<T>(finish_fold(finish, static_cast<double>(total), layout.count()));
  }
}

template <class Real, class T>
void reduce_floats(Step step, Finish finish, const ReduceLayout& layout, const T* x, T* y) {
  switch (step) {
#define ENGINE_STEP(name) \
  case Step::name: return fold_all<Step::name, Real>(layout, finish, x, y);
    ENGINE_STEP(kAdd)
    ENGINE_STEP(kAddAbs)
    ENGINE_STEP(kAddSquare)
    ENGINE_STEP(kAddExp)
    ENGINE_STEP(kMultiply)
    ENGINE_STEP(kMax)
    ENGINE_STEP(kMin)
#undef ENGINE_STEP
  }
}

OperatorPtr make(const Attributes& a, const char* name, Step step, Finish finish) {
  return std::make_shared<Reduce>(name, step, finish, a.flag("keepdims", true),
                                  a.flag("noop_with_empty_axes", false));
}

}  // namespace

ReduceLayout::ReduceLayout(const Shape& shape, const std::vector<bool>& is_reduced) {
  const Shape strides = strides_of(shape);
  std::size_t last = shape.size();  // first of the trailing axes of one kind
  rows = last > 0 && is_reduced[last - 1];
  while (last > 0 && is_reduced[last - 1] == rows) inner *= shape[--last];
  for (std::size_t i = 0; i < last; ++i) {
    std::vector<Axis>& list = is_reduced[i] ? reduced : kept;
    if (i > 0 && is_reduced[i] == is_reduced[i - 1])
      list.back() = {list.back().extent * shape[i], strides[i]};
    else list.push_back({shape[i], strides[i]});
  }
}

std::vector<bool> Reduce::reduced_axes(Index rank, std::span<const Index> axes) const {
  std::vector<bool> reduced(static_cast<std::size_t>(rank), axes.empty() && !noop);
  for (const Index axis : axes) {
    auto mark = reduced[static_cast<std::size_t>(normalize_axis(axis, rank))];
    ENGINE_VALIDATE(!mark, "axis ", axis, " is listed twice in ",
                    to_string(Shape(axes.begin(), axes.end())));
    mark = true;
  }
  return reduced;
}

std::vector<TensorType> Reduce::infer(const Operands& in, Index) const {
  if (step == Step::kMax || step == Step::kMin)
    require_type(in, 0, "data", is_max_type, "a float, an 8, 32 or 64-bit integer, or bool");
  else require_type(in, 0, "data", is_sum_type, "a float or a 32 or 64-bit integer");
  const TensorType& x = in.type(0);
  std::vector<Index> axes;
  if (in.has(1)) {
    ENGINE_VALIDATE(in.dtype(1) == DType::kInt64, "axes is ", to_string(in.dtype(1)),
                    ", int64 needed");
    const TensorType& type = in.type(1);
    ENGINE_VALIDATE(!type.ranked || type.rank() <= 1, "axes is ", to_string(type),
                    ", a list needed");
    const auto known = in.integers(1);
    if (!known) {
      if (!x.ranked) return {TensorType::unranked(x.dtype)};
      if (keepdims) return {TensorType(x.dtype, Dims(x.dims.size()))};
      return {TensorType::unranked(x.dtype)};
    }
    axes = *known;
  }
  if (!x.ranked) return {TensorType::unranked(x.dtype)};
  const std::vector<bool> reduced = reduced_axes(x.rank(), axes);
  Dims dims;
  for (std::size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i]) dims.push_back(x.dims[i]);
    else if (keepdims) dims.emplace_back(1);
  }
  return {TensorType(x.dtype, std::move(dims))};
}

Index Reduce::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  const auto shape = in[0].shape();
  return shape ? product(*shape, 0, in[0].rank()) : 0;
}

std::string Reduce::describe() const {
  return concat("keepdims=", keepdims, noop ? " noop_with_empty_axes=1" : "");
}

template <class Real>
Fault Reduce::compute(Inputs in, Outputs out) const {
  const Index rank = in[0].rank();
  std::span<const Index> axes;
  if (in.size() > 1 && in[1]) axes = {in[1].as<Index>(), static_cast<std::size_t>(in[1].size())};
  for (const Index axis : axes)
    if (axis < -rank || axis >= rank) return {Status::Fault::kIndexOutOfRange, axis, rank};
  const ReduceLayout layout(in[0].shape(), reduced_axes(rank, axes));
  if (layout.outputs() != out[0].size())
    return {Status::Fault::kBadShape, layout.outputs(), out[0].size()};
  dispatch_all(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in[0].as<T>();
    T* y = out[0].as<T>();
    if constexpr (std::is_integral_v<T>) {
      if (step == Step::kAddExp) return fold_all<Step::kAddExp, double>(layout, finish, x, y);
      for (Index o = 0; o < layout.outputs(); ++o) y[o] = fold_integers(step, finish, layout, x, o);
    } else if constexpr (!std::is_same_v<T, Int4> && !std::is_same_v<T, UInt4>) {
      reduce_floats<Compute<T, Real>>(step, finish, layout, x, y);
    }
  });
  return kNoFault;
}

#define ENGINE_REDUCE(name, step, finish)              \
  OperatorPtr make_##name(const Attributes& a) {       \
    return make(a, #name, Step::step, Finish::finish); \
  }
ENGINE_REDUCE(ReduceSum, kAdd, kNone)
ENGINE_REDUCE(ReduceMean, kAdd, kMean)
ENGINE_REDUCE(ReduceMax, kMax, kNone)
ENGINE_REDUCE(ReduceMin, kMin, kNone)
ENGINE_REDUCE(ReduceProd, kMultiply, kNone)
ENGINE_REDUCE(ReduceL1, kAddAbs, kNone)
ENGINE_REDUCE(ReduceL2, kAddSquare, kSqrt)
ENGINE_REDUCE(ReduceLogSum, kAdd, kLog)
ENGINE_REDUCE(ReduceLogSumExp, kAddExp, kLog)
ENGINE_REDUCE(ReduceSumSquare, kAddSquare, kNone)
#undef ENGINE_REDUCE

}  // namespace engine::ops
