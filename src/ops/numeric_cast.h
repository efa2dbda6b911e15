// Conversions between numbers that are defined for every value.
#pragma once

#include "base/dispatch.h"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

namespace engine::ops {

/// A float that rounds to 11 or fewer bits as `value` itself would: rounding to nearest twice could
/// turn a near-tie into a tie, so the last bit is made odd where the float is not exact.
inline float round_to_odd(double value) noexcept {
  const float nearest = static_cast<float>(value);
  if (static_cast<double>(nearest) == value || !std::isfinite(nearest)) return nearest;
  const auto bits = std::bit_cast<std::uint32_t>(nearest);
  if (bits & 1u) return nearest;
  const bool too_large = std::abs(static_cast<double>(nearest)) > std::abs(value);
  return std::bit_cast<float>(too_large ? bits - 1 : bits + 1);
}

/// Truncation towards zero; values outside the integer's range give its nearest end, NaN gives 0.
template <class To, class From>
To saturate(From value, To lowest, To highest) noexcept {
  if (!(value >= static_cast<From>(lowest))) return value != value ? To{0} : lowest;
  // `highest` may round up to a power of two, which is itself outside.
  if (value >= static_cast<From>(highest)) return highest;
  return static_cast<To>(value);
}

/// value as a `To`: integers wrap around, floats round once to nearest even, floats become integers
/// by `saturate` (int4 and uint4: the low bits of that int32), and everything but zero (NaN too) is
/// true.
template <class To, class From>
To numeric_cast(From value) noexcept {
  constexpr DType kTo = dtype_of<To>, kFrom = dtype_of<From>;
  constexpr bool kHalf = kTo == DType::kFloat16 || kTo == DType::kBFloat16;
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (kFrom == DType::kFloat16 || kFrom == DType::kBFloat16) {
    return numeric_cast<To>(static_cast<float>(value));
  } else if constexpr (kFrom == DType::kInt4 || kFrom == DType::kUInt4) {
    return numeric_cast<To>(static_cast<std::int32_t>(value));
  } else if constexpr (kTo == DType::kBool) {
    return value != From{0};
  } else if constexpr (kHalf && kFrom == DType::kFloat64) {
    return To(round_to_odd(value));
  } else if constexpr (kHalf) {
    return To(static_cast<float>(value));
  } else if constexpr (kTo == DType::kInt4 || kTo == DType::kUInt4) {
    // As integers do, so do floats: the 4 low bits of the int32 that they would become.
    return To(static_cast<int>(numeric_cast<std::int32_t>(value)));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return saturate<To>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max());
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace engine::ops
