// What operators that move elements share: copying runs, reading index inputs, known lists.
#pragma once

#include "ops/operator.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace engine::ops {

/// Base for operators whose output shapes depend on the data: `run_dynamic` is their only meaning.
class DynamicOperator : public Operator {
 public:
  bool data_dependent() const noexcept final { return true; }
  Fault reference(Inputs, Outputs) const final { return {Status::Fault::kInternal, 0, 0}; }
  Fault evaluate(Inputs, Outputs) const final { return {Status::Fault::kInternal, 0, 0}; }
};

/// A tensor that run_dynamic makes; throws Error (kResourceExhausted) beyond `max_bytes`.
inline Tensor make_output(DType dtype, Shape shape, std::size_t max_bytes) {
  const Index bytes = byte_count(dtype, shape);
  ENGINE_REQUIRE(static_cast<std::size_t>(bytes) <= max_bytes, ErrorCode::kResourceExhausted,
                 "the output ", to_string(dtype), " ", to_string(shape), " takes ", bytes,
                 " bytes (the limit is ", max_bytes, ")");
  return Tensor(dtype, std::move(shape));
}

/// Calls `visit(TypeTag<T>{})` with an unsigned integer as wide as the elements, or std::string.
template <class Visit>
decltype(auto) dispatch_move(DType dtype, Visit&& visit) {
  if (dtype == DType::kString) return visit(TypeTag<std::string>{});
  return dispatch_size(size_of(dtype), std::forward<Visit>(visit));
}

/// The elements as dispatch_move names them.
template <class T>
const T* elements(const Input& input) noexcept {
  return static_cast<const T*>(input.data);
}
template <class T>
T* elements(const Output& output) noexcept {
  return static_cast<T*>(output.data);
}

/// to[0, count) = from[0, count); the ranges do not overlap.
template <class T>
void copy_run(const T* from, Index count, T* to) {
  constexpr Index kCall = 8;  // below, a call of memcpy costs more than the elements
  if (!std::is_trivially_copyable_v<T> || count < kCall) {
    for (Index i = 0; i < count; ++i) to[i] = from[i];
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
  }
}

/// All elements in order, for two shapes of equal element count.
inline void copy_all(const Input& from, const Output& to) {
  dispatch_move(to.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    copy_run(elements<T>(from), to.size(), elements<T>(to));
  });
}

/// Element i of an int32 or int64 input.
inline Index index_at(const Input& input, Index i) noexcept {
  return input.dtype == DType::kInt32 ? static_cast<const std::int32_t*>(input.data)[i]
                                      : static_cast<const std::int64_t*>(input.data)[i];
}

/// Maps [-size, size) onto [0, size), anything else onto -1.
inline Index wrap_index(Index index, Index size) noexcept {
  if (index < 0) index += size;
  return index >= 0 && index < size ? index : -1;
}

inline Fault out_of_range(Index index, Index size) noexcept {
  return {Status::Fault::kIndexOutOfRange, index, size};
}
inline Fault bad_shape(Index a, Index b) noexcept { return {Status::Fault::kBadShape, a, b}; }

inline void require_index_type(const Operands& in, Index i, const char* name) {
  require_type(
      in, i, name, [](DType t) { return t == DType::kInt64 || t == DType::kInt32; },
      "int64 or int32");
}

/// Axes mapped onto [0, rank); throws if one is outside or given twice.
inline std::vector<Index> normalize_axes(std::vector<Index> axes, Index rank) {
  std::vector<bool> seen(static_cast<std::size_t>(rank), false);
  for (Index& axis : axes) {
    const Index given = axis;
    axis = normalize_axis(axis, rank);
    ENGINE_VALIDATE(!seen[static_cast<std::size_t>(axis)], "axis ", given, " is given twice");
    seen[static_cast<std::size_t>(axis)] = true;
  }
  return axes;
}

/// The known number of elements of a rank-1 input; throws if its rank is another one.
inline std::optional<Index> list_length(const Operands& in, Index i, const char* name) {
  require_rank(in, i, name, 1);
  const TensorType& type = in.type(i);
  if (!type.ranked || !type.dims[0].known()) return std::nullopt;
  return type.dims[0].value();
}

/// The only element of an int32 or int64 input, if known; throws if it has none or several.
inline std::optional<Index> only_integer(const Operands& in, Index i, const char* name) {
  require_index_type(in, i, name);
  const auto list = in.integers(i);
  if (!list) return std::nullopt;
  ENGINE_VALIDATE(list->size() == 1, name, " has ", list->size(), " elements, 1 needed");
  return list->front();
}

/// The elements of an input as extents if it can be a shape at all: a short scalar or rank-1 list
/// of integers.
inline std::optional<Dims> list_extents(const Operands& in, Index i) {
  constexpr Index kLongest = 1024;
  const TensorType& type = in.type(i);
  const bool integers = type.dtype == DType::kInt64 || type.dtype == DType::kInt32;
  if (!in.has(i) || !integers || !type.ranked || type.rank() > 1) return std::nullopt;
  if (type.rank() == 1 && (!type.dims[0].known() || type.dims[0].value() > kLongest))
    return std::nullopt;
  return in.extents(i);
}

/// The type of an element-wise result of inputs 0 and 1 broadcast together.
inline TensorType broadcast_type(const Operands& in, DType dtype) {
  if (!in.type(0).ranked || !in.type(1).ranked) return TensorType::unranked(dtype);
  return {dtype, broadcast(in.type(0).dims, in.type(1).dims)};
}

/// A type whose rank is known and whose extents are not.
inline TensorType unknown_extents(DType dtype, Index rank) {
  return {dtype, Dims(static_cast<std::size_t>(rank), Dim::unknown())};
}

}  // namespace engine::ops
