// What may be chosen for blocked convolutions: by a cost model from the sizes of the caches, or
// from a table. No choice touches the order of a sum.
#pragma once

#include "ops/cpu/conv_operands.h"
#include "ops/cpu/conv_tile.h"

namespace engine::cpu {

/// Of the direct form.
struct ConvChoice {
  Index pixels;  ///< most pixels of a register tile
  Index blocks;  ///< of filters of a register tile: a panel
  Index group;   ///< tiles that a panel passes over before the next one; 1: all panels for a tile
};

/// Sizes that the choice for a direct convolution follows from.
struct ConvSize {
  Isa isa;
  Index batch, height, width, filter_blocks;  ///< of Y
  Index weight_floats;                        ///< of all filters
  Index window_floats;                        ///< that the windows of an image of Y touch in X
  Index threads;

  /// Register tiles of at most so many pixels in an image.
  Index tiles(Index pixels) const noexcept;
};

/// By the cost model: the largest tile. All panels for a tile if they stay in the first-level
/// cache; else groups whose pixels stay in the second-level cache while panels pass by.
ConvChoice default_choice(const ConvSize& size);
/// From a table's entry, brought into the limits; the default for what it does not name.
ConvChoice make_choice(const ConvSize& size, const ops::Choice* wanted);
ops::Tunable tunable(const ConvSize& size, std::string layer);

/// Of Winograd's form.
struct WinogradChoice {
  Index slice;  ///< filter blocks whose products are held at once
  Index tiles;  ///< most tiles of a group
};

struct WinogradSize {
  Index points, tiles;  ///< of the form, of all images
  Index channel_blocks, filter_blocks;
  Index width;  ///< of a register tile
  Index threads;
};

/// By the cost model: products of many filters at once, so that transformed pixels are read seldom;
/// of the groups whose pixels and products stay in the second-level cache those that fill register
/// tiles and threads best, with few groups, since filters are read once for each.
WinogradChoice default_choice(const WinogradSize& size);
/// From a table's entry, brought into limits that also bound the scratch.
WinogradChoice make_choice(const WinogradSize& size, const ops::Choice* wanted);
ops::Tunable tunable(const WinogradSize& size, std::string layer);

/// Whether threads part the tiles, not the panels: then each reads all filters, but not all pixels.
bool parts_tiles(const ConvSize& size, const ConvChoice& choice);

/// A layer as tables name it: all sizes that its speed depends on.
std::string layer_name(const std::string& kernel, const ConvOperands& operands, int threads);

}  // namespace engine::cpu
