// From a 32-bit sum to a quantised element, in float32 whatever the caller computes in: both
// implementations of an operator must round at the same places.
#pragma once

#include "base/dispatch.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {

/// round(value) + zero_point, saturated; halves go to even, NaN counts as 0.
template <class T>
T round_to(float value, std::int64_t zero_point) noexcept {
  constexpr float kFar = 0x1p40f;  // any value beyond saturates whatever the zero point is
  const float rounded = std::nearbyint(value);
  if (rounded != rounded) return saturate<T>(zero_point);
  const float inside = rounded < -kFar ? -kFar : rounded > kFar ? kFar : rounded;
  return saturate<T>(static_cast<std::int64_t>(inside) + zero_point);
}

/// round(sum * scale) + zero_point, saturated.
template <class T>
T requantize(std::int32_t sum, float scale, std::int64_t zero_point) noexcept {
  return round_to<T>(static_cast<float>(sum) * scale, zero_point);
}

inline bool is_int8(DType t) noexcept { return t == DType::kInt8 || t == DType::kUInt8; }
inline bool is_int32(DType t) noexcept { return t == DType::kInt32; }
inline bool is_float32(DType t) noexcept { return t == DType::kFloat32; }

/// Calls visit(TypeTag<T>{}) for int8 or uint8.
template <class Visit>
decltype(auto) dispatch_int8(DType dtype, Visit&& visit) {
  if (dtype == DType::kInt8) return visit(TypeTag<std::int8_t>{});
  return visit(TypeTag<std::uint8_t>{});
}

}  // namespace engine::ops
