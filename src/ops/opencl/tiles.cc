#include "ops/opencl/tiles.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace engine::opencl {
namespace {

constexpr std::string_view kRows = "rows", kBlocks = "blocks", kGroup = "group";

Index pieces(Index count, Index each) { return (count + each - 1) / each; }

// Whether a choice names another value of a parameter.
bool is_other(const ops::Choice* choice, std::string_view name, Index value) {
  return ops::chosen(choice, name, value, std::numeric_limits<Index>::min(),
                     std::numeric_limits<Index>::max()) != value;
}

// Drivers for CPUs keep what the work-items of a group have on a thread's stack.
Index largest_group(const Device& device) {
  if (device.is_single_item()) return 1;
  constexpr std::size_t kMost = 16;
  const std::size_t allowed = device.facts().largest_group / device.lane_items();
  return static_cast<Index>(std::clamp<std::size_t>(allowed, 1, kMost));
}

// Whatever the tile is, so that a choice of one parameter leaves the others as they were.
Index standard_group(const Device& device, const TiledWork& work) {
  constexpr Index kVectors = 28, kTileRows = 7;  // of the usual tile
  constexpr Index kTerms = 1 << 13;              // vector multiply-adds that a group is worth
  if (!device.facts().is_cpu()) return 1;
  const Index tiles =
      work.times * pieces(work.rows, kTileRows) * pieces(work.blocks, kVectors / kTileRows);
  const Index shared = tiles / (4 * static_cast<Index>(device.facts().units));
  const Index wanted = kTerms / (kVectors * std::max<Index>(1, work.terms));
  return std::clamp<Index>(std::min(wanted, shared), 1, largest_group(device));
}

// As it was chosen, brought to what divides the grid.
void set_group(const Device& device, const TiledWork& work, Launch& launch) {
  const auto rows = static_cast<Index>(launch.items[1]);
  Index group =
      ops::chosen(work.choice, kGroup, standard_group(device, work), 1, largest_group(device));
  while (rows % group != 0) --group;
  launch.group[1] = static_cast<std::size_t>(group);
}

void add_new(std::vector<Index>& values, Index value) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(value);
}

}  // namespace

const Tile& choose_tile(std::span<const Tile> menu, const TiledWork& work) {
  const Tile* best = &menu.back();
  std::pair<int, Index> least = {std::numeric_limits<int>::max(), 0};
  for (const Tile& tile : menu) {
    if (tile.blocks > work.blocks) continue;
    const int others =
        2 * is_other(work.choice, kBlocks, tile.blocks) + is_other(work.choice, kRows, tile.rows);
    const Index computed =
        pieces(work.rows, tile.rows) * tile.rows * pieces(work.blocks, tile.blocks) * tile.blocks;
    // Larger tiles come first, and need fewer loads for each product.
    if (const std::pair cost(others, computed * tile.cost); cost < least) {
      least = cost;
      best = &tile;
    }
  }
  return *best;
}

void set_tiles(const Device& device, const Tile& tile, const TiledWork& work, Launch& launch) {
  const Index rows = work.times * pieces(work.rows, tile.rows);
  set_grid(device, rows, pieces(work.blocks, tile.blocks), launch);
  set_group(device, work, launch);
}

std::vector<Launch> in_parts(const Device& device, const TiledWork& work, const Launch& launch,
                             Index each) {
  std::vector<Launch> parts;
  const auto all = static_cast<Index>(launch.items[1]);
  for (Index first = 0; first < all; first += each) {
    Launch& part = parts.emplace_back(launch);
    part.first[1] = static_cast<std::size_t>(first);
    part.items[1] = static_cast<std::size_t>(std::min(each, all - first));
    set_group(device, work, part);
  }
  return parts;
}

ops::Tunable tile_choices(const Device& device, std::span<const Tile> menu, const TiledWork& work,
                          std::string layer) {
  const Tile& standard = choose_tile(menu, {work.rows, work.blocks, work.terms, work.times});
  std::vector<Index> rows, blocks, groups;
  for (const Tile& tile : menu) {
    if (tile.blocks > work.blocks) continue;
    add_new(rows, tile.rows);
    add_new(blocks, tile.blocks);
  }
  for (Index group = 1; group <= largest_group(device); group *= 2) groups.push_back(group);
  add_new(groups, standard_group(device, work));
  return {
      std::move(layer),
      {{std::string(kRows), standard.rows},
       {std::string(kBlocks), standard.blocks},
       {std::string(kGroup), standard_group(device, work)}},
      {{std::string(kBlocks), blocks}, {std::string(kRows), rows}, {std::string(kGroup), groups}}};
}

}  // namespace engine::opencl
