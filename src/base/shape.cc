#include "base/shape.h"

#include "base/check.h"

#include <limits>

namespace engine {

std::optional<Index> checked_count(std::span<const Index> shape) noexcept {
  Index count = 1;
  bool empty = false;
  for (const Index extent : shape) {
    if (extent < 0) return std::nullopt;
    if (extent == 0) empty = true;
    else if (__builtin_mul_overflow(count, extent, &count)) return std::nullopt;
  }
  return empty ? 0 : count;
}

Index element_count(std::span<const Index> shape) {
  const std::optional<Index> count = checked_count(shape);
  ENGINE_REQUIRE(count, ErrorCode::kInvalidArgument, "shape ",
                 to_string(Shape(shape.begin(), shape.end())),
                 " is impossible (an extent is negative, or the element count overflows 64 bits)");
  return *count;
}

Index byte_count(DType dtype, std::span<const Index> shape) {
  Index bytes;
  const bool overflow =
      __builtin_mul_overflow(element_count(shape), static_cast<Index>(size_of(dtype)), &bytes);
  ENGINE_REQUIRE(!overflow, ErrorCode::kInvalidArgument, "shape ",
                 to_string(Shape(shape.begin(), shape.end())), " of ", to_string(dtype),
                 " is impossible (its byte count overflows 64 bits)");
  return bytes;
}

Index normalize_axis(Index axis, Index rank) {
  ENGINE_VALIDATE(axis >= -rank && axis < rank, "axis ", axis, " is outside [", -rank, ", ", rank,
                  ") (the tensor has rank ", rank, ")");
  return axis < 0 ? axis + rank : axis;
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size());
  Index stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

Index product(const Shape& shape, Index first, Index last) noexcept {
  const auto extents = std::span(shape).subspan(static_cast<std::size_t>(first),
                                                static_cast<std::size_t>(last - first));
  return checked_count(extents).value_or(std::numeric_limits<Index>::max());
}

AxisView split_at(const Shape& shape, Index axis) {
  const Index rank = static_cast<Index>(shape.size());
  return {product(shape, 0, axis), shape[static_cast<std::size_t>(axis)],
          product(shape, axis + 1, rank)};
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  const std::size_t skip = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    Index& extent = out[skip + i];
    if (extent == shorter[i] || shorter[i] == 1) continue;
    if (extent != 1) return std::nullopt;
    extent = shorter[i];
  }
  return out;
}

Shape broadcast_strides(const Shape& shape, const Shape& to) {
  const Shape own = strides_of(shape);
  Shape strides(to.size(), 0);
  const std::size_t skip = to.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) strides[skip + i] = shape[i] == 1 ? 0 : own[i];
  return strides;
}

}  // namespace engine
