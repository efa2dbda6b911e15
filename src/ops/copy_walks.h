// What Concat, Split, Slice, Expand, Tile, Transpose, DepthToSpace and SpaceToDepth copy once their
// shapes are known, for every device.
#pragma once

#include "ops/backend.h"
#include "ops/broadcast_loop.h"

#include <optional>
#include <vector>

namespace engine::ops {

/// One operand's copy: elements of input `in` from `from_start` on, read along `axes`, go to output
/// `out` from `to_start` on along the same axes. Steps of source and target are in elements.
struct CopyWalk {
  std::size_t in, out;
  LoopAxes<2> axes;
  Index from_start, to_start;
};
using CopyWalks = std::vector<CopyWalk>;

/// Nothing for strings, for values that are not known yet, and where what is copied is not all of
/// the input.
std::optional<CopyWalks> concat_walks(const Binding& binding);
std::optional<CopyWalks> split_walks(const Binding& binding);
std::optional<CopyWalks> slice_walks(const Binding& binding);
std::optional<CopyWalks> expand_walks(const Binding& binding);
std::optional<CopyWalks> tile_walks(const Binding& binding);
std::optional<CopyWalks> transpose_walks(const Binding& binding);
std::optional<CopyWalks> block_walks(const Binding& binding);

}  // namespace engine::ops
