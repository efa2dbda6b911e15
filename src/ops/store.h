// Rounding a computed value to an element type.
#pragma once

#include <engine/types.h>

#include <cmath>
#include <limits>
#include <type_traits>

namespace engine::ops {

/// The smallest and the largest value of an integer element type.
template <class T>
inline constexpr std::int64_t kLowest = static_cast<std::int64_t>(std::numeric_limits<T>::lowest());
template <>
inline constexpr std::int64_t kLowest<Int4> = -8;
template <>
inline constexpr std::int64_t kLowest<UInt4> = 0;
template <class T>
inline constexpr std::int64_t kHighest = static_cast<std::int64_t>(std::numeric_limits<T>::max());
template <>
inline constexpr std::int64_t kHighest<Int4> = 7;
template <>
inline constexpr std::int64_t kHighest<UInt4> = 15;

/// `value` as an element: floats are rounded once, integers truncated and saturated (NaN gives 0).
template <class T, class Real>
T store(Real value) noexcept {
  static_assert(std::is_floating_point_v<Real>);
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
    return T(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>) {
    if (value != value) return T(0);
    if (value <= kLowest<T>) return T(static_cast<int>(kLowest<T>));
    return T(value >= kHighest<T> ? static_cast<int>(kHighest<T>) : static_cast<int>(value));
  } else {
    using Limits = std::numeric_limits<T>;
    if (value != value) return T(0);
    if (value <= static_cast<Real>(Limits::lowest())) return Limits::lowest();
    if (value >= std::ldexp(Real(1), Limits::digits)) return Limits::max();
    return static_cast<T>(value);
  }
}

/// As `store`, for a float that is an integer already and may lie far outside: saturates.
template <class T>
T saturate(std::int64_t value) noexcept {
  const std::int64_t inside = value < kLowest<T>    ? kLowest<T>
                              : value > kHighest<T> ? kHighest<T>
                                                    : value;
  if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>)
    return T(static_cast<int>(inside));
  else return static_cast<T>(inside);
}

}  // namespace engine::ops
