// Copies of runs of bytes along axes with strides of their own: what Transpose, Concat, Slice,
// Split, Expand and Tile are once their shapes are known. All that depends on shapes is decided
// when a plan is made.
#pragma once

#include "ops/broadcast_loop.h"
#include "ops/cpu/kernel.h"

#include <cstring>
#include <vector>

namespace engine::cpu {

/// to[0, bytes) = from[0, bytes); the ranges do not overlap. Short runs take a few moves that may
/// overlap each other, since a call costs more.
inline void copy_bytes(const std::byte* from, std::byte* to, Index bytes) noexcept {
  const auto both_ends = [=](auto size) {
    constexpr std::size_t kSize = decltype(size)::value;
    std::memcpy(to, from, kSize);
    std::memcpy(to + bytes - kSize, from + bytes - kSize, kSize);
  };
  if (bytes > 128) std::memcpy(to, from, static_cast<std::size_t>(bytes));
  else if (bytes >= 32) {
    for (Index i = 0; i + 32 < bytes; i += 32) std::memcpy(to + i, from + i, 32);
    std::memcpy(to + bytes - 32, from + bytes - 32, 32);
  } else if (bytes >= 16) both_ends(std::integral_constant<std::size_t, 16>());
  else if (bytes >= 8) both_ends(std::integral_constant<std::size_t, 8>());
  else if (bytes >= 4) both_ends(std::integral_constant<std::size_t, 4>());
  else
    for (Index i = 0; i < bytes; ++i) to[i] = from[i];
}

/// Calls `visit(copy)` where copy(from, to) copies `bytes` bytes; the usual short runs have a
/// `copy` that knows their length.
template <class Visit>
void with_copy(Index bytes, const Visit& visit) noexcept {
  const auto fixed = [&](auto size) {
    visit(
        [](const std::byte* from, std::byte* to) { std::memcpy(to, from, decltype(size)::value); });
  };
  switch (bytes) {
    case 4: return fixed(std::integral_constant<std::size_t, 4>());
    case 8: return fixed(std::integral_constant<std::size_t, 8>());
    case 16: return fixed(std::integral_constant<std::size_t, 16>());
    case 24: return fixed(std::integral_constant<std::size_t, 24>());
    case 32: return fixed(std::integral_constant<std::size_t, 32>());
    case 64: return fixed(std::integral_constant<std::size_t, 64>());
    case 128: return fixed(std::integral_constant<std::size_t, 128>());
    default: visit([bytes](const std::byte* from, std::byte* to) { copy_bytes(from, to, bytes); });
  }
}

/// One operand's copy. Axes are given in elements, with the steps of source and target.
class CopyPlan {
 public:
  /// The elements at `from_start`, read along `axes`, go to `to_start` along the same axes.
  CopyPlan(const ops::LoopAxes<2>& axes, Index element_bytes, Index from_start, Index to_start);

  /// Parts that may be copied apart, and the bytes of each.
  Index parts() const noexcept { return outer_.empty() ? 1 : positions_; }
  Index part_bytes() const noexcept { return count_ * run_; }
  void run(const void* from, void* to, Index first, Index last) const noexcept;

 private:
  struct Axis {
    Index extent, from, to;
  };
  Small<Axis> outer_;                                        ///< without the last axis of runs
  Index positions_ = 1;                                      ///< of the outer axes
  Index count_ = 1, from_step_ = 0, to_step_ = 0, run_ = 0;  ///< runs side by side, bytes
  Index from_start_ = 0, to_start_ = 0;
};

/// A node that only copies: which input goes where.
struct CopyOperand {
  std::size_t in, out;
  CopyPlan plan;
};
std::unique_ptr<Kernel> make_copy_kernel(const char* name, std::vector<CopyOperand> operands);

}  // namespace engine::cpu
