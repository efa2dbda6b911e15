#include "ops/gather.h"

#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

template <class T, class Position>
Fault gather(const T* data, const AxisView& x, const Position* indices, Index count, T* y) {
  for (Index outer = 0; outer < x.outer; ++outer, data += x.n * x.inner) {
    for (Index k = 0; k < count; ++k, y += x.inner) {
      const Index i = wrap_index(indices[k], x.n);
      if (i < 0) return out_of_range(indices[k], x.n);
      copy_run(data + i * x.inner, x.inner, y);
    }
  }
  return kNoFault;
}

}  // namespace

std::vector<TensorType> Gather::infer(const Operands& in, Index) const {
  require_index_type(in, 1, "indices");
  const TensorType& data = in.type(0);
  const TensorType& indices = in.type(1);
  if (!data.ranked) return {TensorType::unranked(data.dtype)};
  const Index along = normalize_axis(axis, data.rank());
  if (!indices.ranked) return {TensorType::unranked(data.dtype)};
  Dims dims(data.dims.begin(), data.dims.begin() + along);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), data.dims.begin() + along + 1, data.dims.end());
  return {{data.dtype, std::move(dims)}};
}

std::optional<Dims> Gather::infer_extents(const Operands& in) const {
  const auto list = list_extents(in, 0);
  if (!list || in.type(0).rank() != 1 || !list_extents(in, 1)) return std::nullopt;
  const auto indices = in.integers(1);
  if (!indices) return std::nullopt;
  const Index n = static_cast<Index>(list->size());
  Dims taken;
  for (const Index index : *indices)
    taken.push_back((*list)[static_cast<std::size_t>(normalize_axis(index, n))]);
  return taken;
}

Fault Gather::move(Inputs in, Outputs out) const {
  const Input& indices = in[1];
  const AxisView x = split_at(in[0].shape(), normalize_axis(axis, in[0].rank()));
  return dispatch_move(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* data = elements<T>(in[0]);
    T* y = elements<T>(out[0]);
    if (indices.dtype == DType::kInt32)
      return gather(data, x, indices.as<std::int32_t>(), indices.size(), y);
    return gather(data, x, indices.as<std::int64_t>(), indices.size(), y);
  });
}

OperatorPtr make_Gather(const Attributes& attributes) {
  auto op = std::make_shared<Gather>();
  op->axis = attributes.integer("axis", 0);
  return op;
}

}  // namespace engine::ops
