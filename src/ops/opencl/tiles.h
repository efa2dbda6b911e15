// The menu of register tiles (kernels/tile.inc), and which of them a product takes.
#pragma once

#include "ops/opencl/grid.h"

#include <span>

namespace engine::opencl {

/// Rows (pixels, samples) and vectors of columns (filters, outputs) that a unit of work computes.
struct Tile {
  Index rows, blocks;
  const char* kernel;
};

/// The tile of the menu that computes least beyond `rows` x `blocks`; none has more blocks than
/// there are. The menu's last tile has one block.
inline const Tile& choose_tile(std::span<const Tile> menu, Index rows, Index blocks) {
  const Tile* best = &menu.back();
  Index least = -1;
  for (const Tile& tile : menu) {
    if (tile.blocks > blocks) continue;
    const auto up = [](Index n, Index step) { return (n + step - 1) / step * step; };
    const Index computed = up(rows, tile.rows) * up(blocks, tile.blocks);
    // Larger tiles come first, and need fewer loads for each product.
    if (least < 0 || computed < least) {
      least = computed;
      best = &tile;
    }
  }
  return *best;
}

inline void set_tiles(const Device& device, const Tile& tile, Index rows, Index blocks, Index times,
                      Launch& launch) {
  set_grid(device, times * ((rows + tile.rows - 1) / tile.rows),
           (blocks + tile.blocks - 1) / tile.blocks, launch);
}

}  // namespace engine::opencl
