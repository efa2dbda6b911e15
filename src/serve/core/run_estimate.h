// How long a batch will probably take.
#pragma once

#include <engine/types.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>

namespace engine::serve {

/// Moving averages of what batches took, by the power of two that their rows lie below. Not
/// thread-safe.
class RunEstimate {
 public:
  void add(Index rows, std::chrono::nanoseconds took) {
    std::chrono::nanoseconds& mean = means_[index_of(rows)];
    mean = mean.count() == 0 ? took : mean + (took - mean) / 8;
  }

  /// Zero if there has been none of this size.
  std::chrono::nanoseconds of(Index rows) const { return means_[index_of(rows)]; }

 private:
  static constexpr std::size_t kSizes = 32;
  static std::size_t index_of(Index rows) {
    const auto width = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(rows)));
    return std::min(width, kSizes - 1);
  }
  std::array<std::chrono::nanoseconds, kSizes> means_ = {};
};

}  // namespace engine::serve
