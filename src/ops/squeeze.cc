#include "ops/squeeze.h"

#include "ops/attributes.h"

namespace engine::ops {
namespace {

// The axes input: int64, a list (a scalar passes for a list of one).
void require_axes(const Operands& in) {
  require_type(
      in, 1, "axes", [](DType t) { return t == DType::kInt64; }, "int64");
  if (in.type(1).ranked && in.type(1).rank() > 1) require_rank(in, 1, "axes", 1);
}

// How many axes the input lists, if that is known.
std::optional<Index> axis_count(const TensorType& axes) {
  if (!axes.ranked) return std::nullopt;
  if (axes.rank() == 0) return 1;
  if (!axes.dims[0].known()) return std::nullopt;
  return axes.dims[0].value();
}

Dims without_ones(const TensorType& data) {
  Dims dims;
  for (const Dim& dim : data.dims)
    if (dim.value() != 1) dims.push_back(dim);
  return dims;
}

}  // namespace

std::vector<TensorType> Squeeze::infer(const Operands& in, Index) const {
  const TensorType& data = in.type(0);
  if (!in.has(1)) {
    if (!data.shape()) return {TensorType::unranked(data.dtype)};
    return {{data.dtype, without_ones(data)}};
  }
  require_axes(in);
  if (!data.ranked) return {TensorType::unranked(data.dtype)};
  const auto list = in.integers(1);
  if (!list) {
    const auto count = axis_count(in.type(1));
    if (!count) return {TensorType::unranked(data.dtype)};
    ENGINE_VALIDATE(*count <= data.rank(), "axes lists ", *count, " axes (the tensor has rank ",
                    data.rank(), ")");
    return {unknown_extents(data.dtype, data.rank() - *count)};
  }
  std::vector<bool> leaves(data.dims.size(), false);
  for (const Index axis : normalize_axes(*list, data.rank())) {
    const Dim& dim = data.dims[static_cast<std::size_t>(axis)];
    ENGINE_VALIDATE(!dim.known() || dim.value() == 1, "axis ", axis, " has extent ", dim.value(),
                    " (only axes of extent 1 can be squeezed out of ", to_string(data), ")");
    leaves[static_cast<std::size_t>(axis)] = true;
  }
  Dims dims;
  for (std::size_t i = 0; i < data.dims.size(); ++i)
    if (!leaves[i]) dims.push_back(data.dims[i]);
  return {{data.dtype, std::move(dims)}};
}

Fault Squeeze::move(Inputs in, Outputs out) const {
  copy_all(in[0], out[0]);
  return kNoFault;
}

std::vector<TensorType> Unsqueeze::infer(const Operands& in, Index) const {
  const TensorType& data = in.type(0);
  require_axes(in);
  if (!data.ranked) return {TensorType::unranked(data.dtype)};
  const auto list = in.integers(1);
  if (!list) {
    const auto count = axis_count(in.type(1));
    if (!count) return {TensorType::unranked(data.dtype)};
    return {unknown_extents(data.dtype, data.rank() + *count)};
  }
  const Index rank = data.rank() + static_cast<Index>(list->size());
  std::vector<bool> enters(static_cast<std::size_t>(rank), false);
  for (const Index axis : normalize_axes(*list, rank))
    enters[static_cast<std::size_t>(axis)] = true;
  Dims dims;
  auto next = data.dims.begin();
  for (const bool is_new : enters) dims.push_back(is_new ? Dim(1) : *next++);
  return {{data.dtype, std::move(dims)}};
}

Fault Unsqueeze::move(Inputs in, Outputs out) const {
  copy_all(in[0], out[0]);
  return kNoFault;
}

OperatorPtr make_Squeeze(const Attributes&) { return std::make_shared<Squeeze>(); }
OperatorPtr make_Unsqueeze(const Attributes&) { return std::make_shared<Unsqueeze>(); }

}  // namespace engine::ops
