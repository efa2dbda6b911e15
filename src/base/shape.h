// Arithmetic on shapes: counts that cannot overflow, axes, strides, broadcasting.
#pragma once

#include <engine/types.h>

#include <optional>
#include <span>

namespace engine {

/// Product of the extents, or nothing if one is negative or the product leaves 63 bits.
std::optional<Index> checked_count(std::span<const Index> shape) noexcept;

/// Number of elements; throws Error (kInvalidArgument) where checked_count has none.
Index element_count(std::span<const Index> shape);

/// Elements * size_of(dtype); throws Error (kInvalidArgument) if that leaves 63 bits.
Index byte_count(DType dtype, std::span<const Index> shape);

/// Maps [-rank, rank) onto [0, rank); throws Error (kInvalidModel) naming axis and rank otherwise.
Index normalize_axis(Index axis, Index rank);

/// Row-major strides in elements.
Shape strides_of(const Shape& shape);

/// Product of shape[first, last); the largest Index if that leaves 63 bits.
Index product(const Shape& shape, Index first, Index last) noexcept;

/// Extents before, at and behind `axis`: x as [outer, n, inner].
struct AxisView {
  Index outer, n, inner;
};
AxisView split_at(const Shape& shape, Index axis);

/// Two shapes broadcast together as ONNX (and NumPy) do, or nothing if they do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// Strides with which `shape` is read when broadcast to `to`: 0 along repeated axes.
Shape broadcast_strides(const Shape& shape, const Shape& to);

}  // namespace engine
