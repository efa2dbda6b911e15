// The menu of register tiles (kernels/tile.inc), and which of them a product takes.
#pragma once

#include "ops/opencl/grid.h"

#include <span>

namespace engine::opencl {

/// Rows (pixels, samples) and vectors of columns (filters, outputs) that a unit of work computes.
struct Tile {
  Index rows, blocks;
  const char* kernel;
  Index cost = 100;  ///< of a term, in hundredths of the best tile's
  /// For sums of several sections (numerics/contract.h, rule 2); null if `kernel` takes them too.
  const char* long_kernel = nullptr;

  /// Totals beside the sums of a section take registers, so that sums of one section have a kernel
  /// without them.
  const char* kernel_for(bool has_sections) const {
    return has_sections && long_kernel ? long_kernel : kernel;
  }
};

/// The tiles of a kernel, larger ones first; the last one has one block. A device's programs have
/// those that it takes (NARROW in the kernels, or kernels/fpga).
struct TileMenu {
  std::span<const Tile> wide, narrow, board;

  std::span<const Tile> of(const Device& device) const {
    if (device.variant() == Variant::kFpga) return board;
    return device.facts().is_narrow() ? narrow : wide;
  }
};

/// `times` products of `rows` x `blocks` vectors, each a sum of so many terms, and what was chosen
/// for them, or null.
struct TiledWork {
  Index rows, blocks, terms, times = 1;
  const ops::Choice* choice = nullptr;
};

/// The tile that costs least for all that it computes, of those that were chosen if any was; none
/// has more blocks than there are.
const Tile& choose_tile(std::span<const Tile> menu, const TiledWork& work);

/// The grid of a tile, in groups as they were chosen; by default a CPU takes several short tiles in
/// a group, since to begin one costs a microsecond.
void set_tiles(const Device& device, const Tile& tile, const TiledWork& work, Launch& launch);

/// As many launches as a launch of tiles needs so that each has at most `each` along dimension 1.
std::vector<Launch> in_parts(const Device& device, const TiledWork& work, const Launch& launch,
                             Index each);

/// What may be chosen: `rows` and `blocks` of a tile, work-items of a `group` along dimension 1.
ops::Tunable tile_choices(const Device& device, std::span<const Tile> menu, const TiledWork& work,
                          std::string layer);

}  // namespace engine::opencl
