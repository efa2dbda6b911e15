#include "ops/expand.h"

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {

std::vector<TensorType> Expand::infer(const Operands& in, Index) const {
  require_type(
      in, 1, "shape", [](DType t) { return t == DType::kInt64; }, "int64");
  const TensorType& x = in.type(0);
  const auto length = list_length(in, 1, "shape");
  if (const auto list = in.integers(1)) {
    for (const Index extent : *list)
      ENGINE_VALIDATE(extent >= 0, "shape is ", to_string(*list), " (", extent, " is negative)");
  }
  const auto shape = in.extents(1);
  if (x.ranked && shape) return {{x.dtype, broadcast(x.dims, *shape)}};
  if (x.ranked && length) return {unknown_extents(x.dtype, std::max(x.rank(), *length))};
  return {TensorType::unranked(x.dtype)};
}

std::optional<Dims> Expand::infer_extents(const Operands& in) const {
  constexpr Index kLongest = 64;
  const auto list = list_extents(in, 0);
  const auto shape = list_extents(in, 1);
  if (!list || list->size() != 1 || !shape || shape->size() != 1) return std::nullopt;
  const Index count = shape->front().value();
  if (count < 0 || count > kLongest) return std::nullopt;
  return Dims(static_cast<std::size_t>(count), list->front());
}

Fault Expand::move(Inputs in, Outputs out) const {
  dispatch_move(out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = elements<T>(in[0]);
    T* y = elements<T>(out[0]);
    broadcast_loop<1>(out[0].shape(), {in[0].extents},
                      [=](Index to, const auto& from, Index count, const auto& strides) {
                        if (strides[0] == 1) copy_run(x + from[0], count, y + to);
                        else std::fill_n(y + to, count, x[from[0]]);
                      });
  });
  return kNoFault;
}

OperatorPtr make_Expand(const Attributes&) { return std::make_shared<Expand>(); }

}  // namespace engine::ops
