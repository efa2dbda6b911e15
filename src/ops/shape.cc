#include "ops/shape.h"

#include "ops/attributes.h"

namespace engine::ops {

std::pair<Index, Index> ShapeOf::axes(Index rank) const noexcept {
  const auto clamp = [rank](Index axis) {
    return std::clamp<Index>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const Index first = clamp(start);
  return {first, std::max<Index>(clamp(end) - first, 0)};
}

std::vector<TensorType> ShapeOf::infer(const Operands& in, Index) const {
  const TensorType& data = in.type(0);
  return {{DType::kInt64, Dims{data.ranked ? Dim(axes(data.rank()).second) : Dim::unknown()}}};
}

std::optional<Dims> ShapeOf::infer_extents(const Operands& in) const {
  const TensorType& data = in.type(0);
  if (!data.ranked) return std::nullopt;
  const auto [first, count] = axes(data.rank());
  return Dims(data.dims.begin() + first, data.dims.begin() + first + count);
}

Fault ShapeOf::move(Inputs in, Outputs out) const {
  const auto [first, count] = axes(in[0].rank());
  std::copy_n(in[0].shape().begin() + first, std::min(count, out[0].size()),
              out[0].as<std::int64_t>());
  return kNoFault;
}

std::string ShapeOf::describe() const {
  if (start == 0 && end == std::numeric_limits<Index>::max()) return {};
  return concat("start=", start, " end=", end);
}

std::vector<TensorType> SizeOf::infer(const Operands&, Index) const {
  return {{DType::kInt64, Dims{}}};
}

std::optional<Dims> SizeOf::infer_extents(const Operands& in) const {
  const TensorType& data = in.type(0);
  if (!data.ranked) return std::nullopt;
  if (const auto shape = data.shape()) return Dims{Dim(element_count(*shape))};
  Dim size(1);  // one symbol times ones stays that symbol
  for (const Dim& dim : data.dims) {
    if (dim.value() == 1) continue;
    size = size.value() == 1 ? dim : Dim::unknown();
    if (!size.known() && size.symbol().empty()) return std::nullopt;
  }
  return Dims{size};
}

Fault SizeOf::move(Inputs in, Outputs out) const {
  *out[0].as<std::int64_t>() = in[0].size();
  return kNoFault;
}

OperatorPtr make_Shape(const Attributes& attributes) {
  auto op = std::make_shared<ShapeOf>();
  op->start = attributes.integer("start", op->start);
  op->end = attributes.integer("end", op->end);
  return op;
}

OperatorPtr make_Size(const Attributes&) { return std::make_shared<SizeOf>(); }

}  // namespace engine::ops
