// From a run-time element type to a compile-time one.
#pragma once

#include "base/check.h"

#include <engine/types.h>

#include <cstdint>
#include <utility>

namespace engine {

template <class T>
struct TypeTag {
  using type = T;
};

inline bool is_float(DType t) noexcept { return t <= DType::kBFloat16; }
inline bool is_integer(DType t) noexcept { return t >= DType::kInt4 && t <= DType::kUInt64; }
inline bool is_number(DType t) noexcept { return t <= DType::kUInt64; }
inline bool is_signed_integer(DType t) noexcept {
  return t == DType::kInt4 || t == DType::kInt8 || t == DType::kInt16 || t == DType::kInt32 ||
         t == DType::kInt64;
}

/// Calls `visit(TypeTag<T>{})` for float, double, Float16 or BFloat16.
template <class Visit>
decltype(auto) dispatch_float(DType dtype, Visit&& visit) {
  switch (dtype) {
    case DType::kFloat32: return visit(TypeTag<float>{});
    case DType::kFloat64: return visit(TypeTag<double>{});
    case DType::kFloat16: return visit(TypeTag<Float16>{});
    case DType::kBFloat16: return visit(TypeTag<BFloat16>{});
    default: fail(ErrorCode::kInternal, "a float type was expected, not ", to_string(dtype));
  }
}

/// Calls `visit(TypeTag<T>{})` for an integer type (int4 and uint4 among them).
template <class Visit>
decltype(auto) dispatch_integer(DType dtype, Visit&& visit) {
  switch (dtype) {
    case DType::kInt4: return visit(TypeTag<Int4>{});
    case DType::kUInt4: return visit(TypeTag<UInt4>{});
    case DType::kInt8: return visit(TypeTag<std::int8_t>{});
    case DType::kUInt8: return visit(TypeTag<std::uint8_t>{});
    case DType::kInt16: return visit(TypeTag<std::int16_t>{});
    case DType::kUInt16: return visit(TypeTag<std::uint16_t>{});
    case DType::kInt32: return visit(TypeTag<std::int32_t>{});
    case DType::kUInt32: return visit(TypeTag<std::uint32_t>{});
    case DType::kInt64: return visit(TypeTag<std::int64_t>{});
    case DType::kUInt64: return visit(TypeTag<std::uint64_t>{});
    default: fail(ErrorCode::kInternal, "an integer type was expected, not ", to_string(dtype));
  }
}

/// Calls `visit(TypeTag<T>{})` for any number type.
template <class Visit>
decltype(auto) dispatch_number(DType dtype, Visit&& visit) {
  if (is_float(dtype)) return dispatch_float(dtype, std::forward<Visit>(visit));
  return dispatch_integer(dtype, std::forward<Visit>(visit));
}

/// Calls `visit(TypeTag<T>{})` for any number type or bool.
template <class Visit>
decltype(auto) dispatch_all(DType dtype, Visit&& visit) {
  if (dtype == DType::kBool) return visit(TypeTag<bool>{});
  return dispatch_number(dtype, std::forward<Visit>(visit));
}

/// Calls `visit(TypeTag<U>{})` for an unsigned integer as wide as the elements: for moving data.
template <class Visit>
decltype(auto) dispatch_size(std::size_t bytes, Visit&& visit) {
  switch (bytes) {
    case 1: return visit(TypeTag<std::uint8_t>{});
    case 2: return visit(TypeTag<std::uint16_t>{});
    case 4: return visit(TypeTag<std::uint32_t>{});
    case 8: return visit(TypeTag<std::uint64_t>{});
    default: fail(ErrorCode::kInternal, "no element has ", bytes, " bytes");
  }
}

}  // namespace engine
