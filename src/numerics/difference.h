// Distances between values of one type.
#pragma once

#include <engine/types.h>

#include <cstdint>

namespace engine::numerics {

/// Position of a float among all values of its type, in ascending order: both zeros are at 0, the
/// smallest positive denormal at 1, its negative at -1. Meaningless for NaN.
constexpr std::int64_t position_of(std::uint64_t bits, int width) noexcept {
  const std::uint64_t sign = std::uint64_t{1} << (width - 1);
  const auto magnitude = static_cast<std::int64_t>(bits & (sign - 1));
  return bits & sign ? -magnitude : magnitude;
}

/// How many values lie between the two, one end counted; saturates at 2^63 - 1.
constexpr Index distance(std::int64_t a, std::int64_t b) noexcept {
  const std::uint64_t low = static_cast<std::uint64_t>(a < b ? a : b);
  const std::uint64_t high = static_cast<std::uint64_t>(a < b ? b : a);
  constexpr std::uint64_t kLargest = INT64_MAX;
  return static_cast<Index>(high - low < kLargest ? high - low : kLargest);
}

/// Bucket of Difference::ulp_histogram: 0, 1, 2, 3-4, 5-8, ..., more than 512.
int ulp_bucket(Index ulp) noexcept;

}  // namespace engine::numerics
