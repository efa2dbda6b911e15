// Winograd's minimal filtering of 3x3 convolutions: when it is used, and its scalar instance.
//
// An output tile of `tile` x `tile` pixels is A^T [ sum over channels of (G g G^T) (B^T d B) ] A of
// the (tile + 2) x (tile + 2) input pixels d that it reads; the sum is that of a convolution with
// one tap (contract.h), for each of the points. Tiles lie side by side from the first output pixel
// on.
#pragma once

#include <engine/types.h>

namespace engine::numerics {

/// Pixels along a window, and points of it.
constexpr Index winograd_window(Index tile) noexcept { return tile + 2; }
constexpr Index winograd_points(Index tile) noexcept { return (tile + 2) * (tile + 2); }
inline constexpr Index kMostWinogradPoints = winograd_points(4);

/// The tile of a convolution with 3x3 filters, stride 1, no dilation and one group: 4, 2, or 0 for
/// the direct form. Of the layer's own shape only: `height` and `width` are those of the output.
/// Few channels stay direct, since transforming would take longer than it saves; small images take
/// the small tile, since the large one would compute much that lies outside.
constexpr Index winograd_tile(Index channels, Index filters, Index height, Index width) noexcept {
  if (channels < 32 || filters < 32 || height < 4 || width < 4) return 0;
  return height >= 20 && width >= 20 ? 4 : 2;
}

/// u = G g G^T of a filter g [3, 3], in double and rounded once: u has winograd_points(tile).
void winograd_filter(Index tile, const float* g, float* u) noexcept;

/// v = B^T d B of the pixels d [tile + 2, tile + 2].
void winograd_input(Index tile, const float* d, float* v) noexcept;

/// y = A^T m A of the points m: [tile, tile].
void winograd_output(Index tile, const float* m, float* y) noexcept;

}  // namespace engine::numerics
