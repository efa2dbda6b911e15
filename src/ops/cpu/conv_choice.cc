#include "ops/cpu/conv_choice.h"

#include "base/check.h"
#include "ops/cpu/machine.h"
#include "ops/cpu/pack.h"

#include <algorithm>

namespace engine::cpu {
namespace {

constexpr Index kFewestTiles = 16;

// The tiles of a group that take `tenths` of the second-level cache.
Index tiles_within(const WinogradSize& s, Index slice, Index tenths) {
  const Index each = s.points * (s.channel_blocks + slice) * PackedMatrix::kBlock;
  return std::max(kFewestTiles, level2_floats() / 10 * tenths / each);
}

Index pieces(Index count, Index most) { return (count + most - 1) / most; }

// What groups of `size` tiles take, each of which costs register tiles, and a reading of all
// filters that one register tile does not hide. Threads with groups of their own wait for the one
// that has most; threads that share groups fetch pixels from one another, which takes an eighth.
Index cost_of_groups(const WinogradSize& s, Index groups, Index size) {
  constexpr Index kTile = 4, kReading = 6, kGroup = 1, kAlone = 8, kShared = 9;
  const Index each = std::max(kTile * pieces(size, s.width), kReading) + kGroup;
  if (groups < s.threads) return groups * each * kShared;
  return pieces(groups, s.threads) * s.threads * each * kAlone;
}

// The size of groups of at most `most` tiles that costs least.
Index fullest_group(const WinogradSize& s, Index most) {
  Index best = 0, least = 0;
  for (Index groups = pieces(s.tiles, most); groups <= s.tiles; ++groups) {
    const Index size = pieces(s.tiles, groups);
    const Index cost = cost_of_groups(s, groups, size);
    if (best == 0 || cost <= least) best = size, least = cost;
    if (size <= s.width) break;
  }
  return best;
}

void add_new(std::vector<Index>& values, Index value) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(value);
}

// Widths of tiles that cut a row into different numbers of parts.
std::vector<Index> widths(const ConvSize& s, Index widest) {
  std::vector<Index> values;
  Index parts = 0;
  for (const Index less : {0, 1, 2, 4, 6}) {
    const Index pixels = widest - less;
    if (pixels < 1 || pieces(s.width, pixels) == parts) continue;
    parts = pieces(s.width, pixels);
    values.push_back(pixels);
  }
  return values;
}

// How many blocks of filters a tile may have.
std::vector<Index> panels(const ConvSize& s) {
  std::vector<Index> values;
  for (Index blocks = 4; blocks >= 1; --blocks)
    if (blocks <= s.filter_blocks && conv_tile_limits(s.isa, blocks).blocks == blocks)
      values.push_back(blocks);
  return values;
}

}  // namespace

// Rows are cut in nearly equal parts; two short rows make one tile.
Index ConvSize::tiles(Index pixels) const noexcept {
  const Index together = pixels > 1 && 2 * width <= pixels ? 2 : 1;
  return pieces(height, together) * pieces(width, pixels);
}

ConvChoice default_choice(const ConvSize& s) {
  const ConvTileLimits tile = conv_tile_limits(s.isa, s.filter_blocks);
  const Index tiles = s.tiles(tile.pixels);
  const Index each = std::max<Index>(1, s.window_floats / std::max<Index>(1, tiles));
  const bool few = s.weight_floats <= level1_floats() / 2;
  const Index group = few ? 1 : std::clamp<Index>(level2_floats() / 2 / each, 1, tiles * s.batch);
  return {tile.pixels, tile.blocks, group};
}

ConvChoice make_choice(const ConvSize& s, const ops::Choice* wanted) {
  const ConvChoice standard = default_choice(s);
  const Index blocks = ops::chosen(wanted, "blocks", standard.blocks, 1, s.filter_blocks);
  const ConvTileLimits tile = conv_tile_limits(s.isa, blocks);
  const Index pixels = ops::chosen(wanted, "pixels", tile.pixels, 1, tile.pixels);
  return {pixels, tile.blocks,
          ops::chosen(wanted, "group", standard.group, 1, s.tiles(pixels) * s.batch)};
}

ops::Tunable tunable(const ConvSize& s, std::string layer) {
  const ConvChoice standard = default_choice(s);
  const Index all = s.tiles(standard.pixels) * s.batch;
  std::vector<Index> groups = {1};
  for (Index more = 4; more < all; more *= 2) groups.push_back(more);
  add_new(groups, all);
  add_new(groups, standard.group);
  return {std::move(layer),
          {{"pixels", standard.pixels}, {"blocks", standard.blocks}, {"group", standard.group}},
          {{"group", groups}, {"blocks", panels(s)}, {"pixels", widths(s, standard.pixels)}}};
}

bool parts_tiles(const ConvSize& s, const ConvChoice& choice) {
  const Index panels = pieces(s.filter_blocks, choice.blocks);
  if (panels < s.threads) return true;
  const bool enough = s.tiles(choice.pixels) * s.batch >= 4 * s.threads;
  return enough && s.weight_floats <= s.window_floats * s.batch;
}

WinogradChoice default_choice(const WinogradSize& s) {
  const Index slice = std::min<Index>(8, s.filter_blocks);
  return {slice, fullest_group(s, tiles_within(s, slice, 10))};
}

WinogradChoice make_choice(const WinogradSize& s, const ops::Choice* wanted) {
  constexpr Index kMostTenths = 40;
  WinogradChoice choice = default_choice(s);
  choice.slice = ops::chosen(wanted, "slice", choice.slice, 1, s.filter_blocks);
  choice.tiles =
      ops::chosen(wanted, "tiles", choice.tiles, 1, tiles_within(s, choice.slice, kMostTenths));
  return choice;
}

ops::Tunable tunable(const WinogradSize& s, std::string layer) {
  const WinogradChoice standard = default_choice(s);
  std::vector<Index> slices, tiles;
  for (const Index slice : {16, 8, 4, 2})
    if (slice <= s.filter_blocks) slices.push_back(slice);
  add_new(slices, standard.slice);
  for (const Index tenths : {20, 14, 10, 7, 4})
    add_new(tiles, fullest_group(s, tiles_within(s, standard.slice, tenths)));
  return {std::move(layer),
          {{"slice", standard.slice}, {"tiles", standard.tiles}},
          {{"tiles", tiles}, {"slice", slices}}};
}

std::string layer_name(const std::string& kernel, const ConvOperands& operands, int threads) {
  return concat(ops::layer_name(kernel, operands), " threads ", threads);
}

}  // namespace engine::cpu
