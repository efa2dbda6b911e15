#include "ops/layout.h"

#include "base/check.h"
#include "base/shape.h"
#include "base/text.h"
#include "numerics/contract.h"

#include <algorithm>

namespace engine::ops {

void Border::cover(const Border& other) noexcept {
  top = std::max(top, other.top);
  left = std::max(left, other.left);
  bottom = std::max(bottom, other.bottom);
  right = std::max(right, other.right);
}

BlockedView::BlockedView(const Shape& shape, const Layout& layout)
    : batch(shape[0]),
      channels(shape[1]),
      height(shape.size() == 4 ? shape[2] : 1),
      width(shape.back()),
      block(std::min(channels, numerics::kLanes)),
      blocks((channels + numerics::kLanes - 1) / numerics::kLanes),
      border(layout.border) {}

void BlockedView::clear_border(float* tensor, Index n, Index j) const noexcept {
  if (border == Border{}) return;
  float* at = tensor + n * image() + j * plane();
  at = std::fill_n(at, border.top * row() + border.left * block, 0.0f);
  for (Index y = 0; y < height; ++y) {
    at += width * block;
    const Index edge = y + 1 < height ? border.right + border.left : border.right;
    at = std::fill_n(at, edge * block, 0.0f);
  }
  std::fill_n(at, border.bottom * row(), 0.0f);
}

bool can_block(const Shape& shape) noexcept {
  if (shape.size() != 3 && shape.size() != 4) return false;
  return std::ranges::all_of(shape, [](Index extent) { return extent > 0; });
}

bool is_modest(const Border& border, const Shape& shape) noexcept {
  constexpr Index kLargest = Index{1} << 30;  // so that areas can be counted
  const Index height = shape.size() == 4 ? shape[2] : 1, width = shape.back();
  const Index rows = border.top + height + border.bottom;
  const Index columns = border.left + width + border.right;
  return rows <= kLargest && columns <= kLargest && rows * columns <= 4 * height * width + 32;
}

std::size_t blocked_bytes(const Shape& shape, const Layout& layout) {
  const BlockedView view(shape, layout);
  const Border& b = view.border;
  const Index extents[] = {view.batch,
                           view.blocks,
                           b.top + view.height + b.bottom,
                           b.left + view.width + b.right,
                           view.block,
                           Index{sizeof(float)}};
  const std::optional<Index> bytes = checked_count(extents);
  ENGINE_REQUIRE(bytes, ErrorCode::kInvalidArgument, "a tensor ", to_string(shape),
                 " in blocks of channels has more bytes than can be counted");
  return static_cast<std::size_t>(*bytes);
}

}  // namespace engine::ops
