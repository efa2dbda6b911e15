#include "ops/where.h"

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

#include <cstdint>
#include <type_traits>

namespace engine::ops {
namespace {

// One run; each stride is 0 or 1.
template <class T>
void select(Index count, const bool* condition, Index step, const T* x, Index x_step, const T* y,
            Index y_step, T* out) {
  if (step == 0) {
    const T* from = *condition ? x : y;
    if (*condition ? x_step : y_step) copy_run(from, count, out);
    else std::fill_n(out, count, *from);
  } else if (x_step && y_step) {
    for (Index i = 0; i < count; ++i) {
      if constexpr (std::is_integral_v<T>) {  // all or no bits of each, so that no branch is needed
        const T mask = static_cast<T>(-static_cast<std::int64_t>(condition[i]));
        out[i] = static_cast<T>((x[i] & mask) | (y[i] & static_cast<T>(~mask)));
      } else {
        out[i] = condition[i] ? x[i] : y[i];
      }
    }
  } else {
    for (Index i = 0; i < count; ++i) out[i] = condition[i] ? x[i * x_step] : y[i * y_step];
  }
}

}  // namespace

std::vector<TensorType> Where::infer(const Operands& in, Index) const {
  require_type(
      in, 0, "condition", [](DType t) { return t == DType::kBool; }, "bool");
  require_same_type(in, 1, "X", 2, "Y");
  const DType dtype = in.dtype(1);
  if (!in.type(0).ranked || !in.type(1).ranked || !in.type(2).ranked)
    return {TensorType::unranked(dtype)};
  return {{dtype, broadcast(broadcast(in.type(0).dims, in.type(1).dims), in.type(2).dims)}};
}

std::optional<Dims> Where::infer_extents(const Operands& in) const {
  // Exporters write Where(shape == -1, ones, shape); only a known condition decides.
  const Operand& condition = in[0];
  const auto x = list_extents(in, 1), y = list_extents(in, 2);
  if (!condition.value || !x || !y) return std::nullopt;
  const auto flags = condition.value->values<bool>();
  const std::size_t n = std::max({flags.size(), x->size(), y->size()});
  const auto fits = [n](std::size_t size) { return size == n || size == 1; };
  if (!fits(flags.size()) || !fits(x->size()) || !fits(y->size())) return std::nullopt;
  Dims taken(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Dims& from = flags[flags.size() == 1 ? 0 : i] ? *x : *y;
    taken[i] = from[from.size() == 1 ? 0 : i];
  }
  return taken;
}

Fault Where::move(Inputs in, Outputs out) const {
  dispatch_move(out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const bool* condition = in[0].as<bool>();
    const T* x = elements<T>(in[1]);
    const T* y = elements<T>(in[2]);
    T* to = elements<T>(out[0]);
    broadcast_loop<3>(out[0].shape(), {in[0].extents, in[1].extents, in[2].extents},
                      [=](Index start, const auto& from, Index count, const auto& strides) {
                        select(count, condition + from[0], strides[0], x + from[1], strides[1],
                               y + from[2], strides[2], to + start);
                      });
  });
  return kNoFault;
}

OperatorPtr make_Where(const Attributes&) { return std::make_shared<Where>(); }

}  // namespace engine::ops
