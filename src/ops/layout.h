// How the elements of a tensor lie in memory.
//
// Plain: row-major. Blocked, for [batch, C, height, width] or [batch, C, width]: blocks of up to 16
// channels side by side for each pixel, and a border of +0 around the pixels of each block:
//
//   [batch][blocks][top + height + bottom][left + width + right][block]
//
// with block = min(C, 16) and blocks = ceil(C / 16). Lanes behind C in the last block hold
// anything. Whoever writes a tensor writes its border too, so that convolutions read taps outside
// the image as if they were inside (numerics/contract.h, rule 4).
#pragma once

#include <engine/types.h>

#include <cstddef>

namespace engine::ops {

/// Pixels around an image.
struct Border {
  Index top = 0, left = 0, bottom = 0, right = 0;

  bool operator==(const Border&) const = default;
  /// Grows to cover another border too.
  void cover(const Border& other) noexcept;
};

struct Layout {
  bool blocked = false;
  Border border = {};

  bool operator==(const Layout&) const = default;
};

/// Geometry of a blocked tensor, in floats. A tensor of rank 3 has one row.
struct BlockedView {
  Index batch = 0, channels = 0, height = 1, width = 0;
  Index block = 0, blocks = 0;
  Border border;

  BlockedView() = default;
  /// `shape` has rank 3 or 4.
  BlockedView(const Shape& shape, const Layout& layout);

  /// From a row to the next, from a block of channels to the next, from an image to the next.
  Index row() const noexcept { return (border.left + width + border.right) * block; }
  Index plane() const noexcept { return (border.top + height + border.bottom) * row(); }
  Index image() const noexcept { return blocks * plane(); }
  Index floats() const noexcept { return batch * image(); }
  /// Of channel block `j` at a pixel, which may lie in the border.
  Index offset(Index n, Index j, Index y, Index x) const noexcept {
    return n * image() + j * plane() + (y + border.top) * row() + (x + border.left) * block;
  }
  /// Valid lanes of channel block `j`.
  Index lanes(Index j) const noexcept {
    return channels - j * block < block ? channels - j * block : block;
  }
  /// Writes +0 to the border of one block of channels of one image.
  void clear_border(float* tensor, Index n, Index j) const noexcept;
};

/// Whether a float32 tensor of this shape can lie blocked.
bool can_block(const Shape& shape) noexcept;

/// Whether an image with its border is at most about four times as large: else plain tensors do
/// better.
bool is_modest(const Border& border, const Shape& shape) noexcept;

/// Bytes of a float32 tensor.
std::size_t blocked_bytes(const Shape& shape, const Layout& layout);

}  // namespace engine::ops
