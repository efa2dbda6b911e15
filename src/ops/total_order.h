// One order for all elements, NaN included: it is equal to itself and greater than any number.
// Zeros of both signs are equal.
#pragma once

#include <type_traits>

namespace engine::ops {

template <class T>
bool is_nan(const T& x) noexcept {
  if constexpr (std::is_arithmetic_v<T> || std::is_convertible_v<T, float>) return x != x;
  else return false;
}

template <class T>
bool precedes(const T& a, const T& b) noexcept {
  return a < b || (is_nan(b) && !is_nan(a));
}

}  // namespace engine::ops
