#include "ops/arg_max.h"

#include "ops/moving.h"
#include "ops/numeric_cast.h"
#include "ops/softmax.h"
#include "ops/total_order.h"

namespace engine::ops {
namespace {

bool is_wide_number(DType t) { return is_number(t) && t != DType::kInt4 && t != DType::kUInt4; }

enum class Which { kMax, kMin };

// Whether `x` replaces `best`, which came before it.
template <Which which, class T>
bool beats(const T& x, const T& best, bool ties_win) {
  const bool wins = which == Which::kMax ? x > best : x < best;
  if (wins || (is_nan(x) && !is_nan(best))) return true;
  return ties_win && (x == best || (is_nan(x) && is_nan(best)));
}

// Calls `found(outer, column, position)` for each slice. Neighbouring slices go together, so that
// the input is read in the order of its memory.
template <Which which, class T, class Found>
void for_each_slice(const T* x, const AxisView& view, bool ties_win, Found found) {
  constexpr Index kLanes = 64;
  for (Index outer = 0; outer < view.outer; ++outer, x += view.n * view.inner)
    for (Index first = 0; first < view.inner; first += kLanes) {
      const Index lanes = std::min(kLanes, view.inner - first);
      T best[kLanes];
      Index position[kLanes] = {};
      std::copy_n(x + first, lanes, best);
      for (Index i = 1; i < view.n; ++i) {
        const T* row = x + i * view.inner + first;
        for (Index lane = 0; lane < lanes; ++lane) {
          if (!beats<which>(row[lane], best[lane], ties_win)) continue;
          best[lane] = row[lane];
          position[lane] = i;
        }
      }
      for (Index lane = 0; lane < lanes; ++lane) found(outer, first + lane, position[lane]);
    }
}

}  // namespace

ArgExtreme::ArgExtreme(const Attributes& attributes, bool max)
    : max(max),
      axis(attributes.integer("axis", 0)),
      keep_axis(attributes.flag("keepdims", true)),
      select_last(attributes.flag("select_last_index", false)) {}

std::vector<TensorType> ArgExtreme::infer(const Operands& in, Index) const {
  require_type(in, 0, "data", is_wide_number, "a number type of 8 bits or more");
  TensorType out = in.type(0);
  out.dtype = DType::kInt64;
  if (!out.ranked) return {std::move(out)};
  const Index along = normalize_axis(axis, out.rank());
  Dim& dim = out.dims[static_cast<std::size_t>(along)];
  ENGINE_VALIDATE(dim.value() != 0, "axis ", axis, " is empty (it has no position)");
  if (keep_axis) dim = 1;
  else out.dims.erase(out.dims.begin() + along);
  return {std::move(out)};
}

Fault ArgExtreme::move(Inputs in, Outputs out) const {
  const AxisView view = split_at(in[0].shape(), normalize_axis(axis, in[0].rank()));
  if (view.n == 0) return bad_shape(0, 1);
  std::int64_t* y = out[0].as<std::int64_t>();
  const auto found = [&](Index outer, Index column, Index position) {
    y[outer * view.inner + column] = position;
  };
  dispatch_number(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (max) for_each_slice<Which::kMax>(in[0].as<T>(), view, select_last, found);
    else for_each_slice<Which::kMin>(in[0].as<T>(), view, select_last, found);
  });
  return kNoFault;
}

std::vector<TensorType> Hardmax::infer(const Operands& in, Index) const {
  require_type(in, 0, "input", is_float, "a float type");
  const TensorType& x = in.type(0);
  if (x.ranked && x.rank() > 0 && !(flatten && axis == x.rank())) normalize_axis(axis, x.rank());
  return {x};
}

Fault Hardmax::move(Inputs in, Outputs out) const {
  if (out[0].size() == 0) return kNoFault;
  const AxisView view = softmax_slices(in[0].shape(), axis, flatten);
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* y = out[0].as<T>();
    std::fill_n(y, out[0].size(), T{});
    for_each_slice<Which::kMax>(in[0].as<T>(), view, false,
                                [&](Index outer, Index column, Index position) {
                                  y[(outer * view.n + position) * view.inner + column] = T(1.0F);
                                });
  });
  return kNoFault;
}

OperatorPtr make_ArgMax(const Attributes& attributes) {
  return std::make_shared<ArgExtreme>(attributes, true);
}
OperatorPtr make_ArgMin(const Attributes& attributes) {
  return std::make_shared<ArgExtreme>(attributes, false);
}
OperatorPtr make_Hardmax(const Attributes& attributes) {
  auto op = std::make_shared<Hardmax>();
  op->axis = attributes.integer("axis", -1);
  op->flatten = attributes.flag("engine_flatten", false);
  return op;
}

}  // namespace engine::ops
