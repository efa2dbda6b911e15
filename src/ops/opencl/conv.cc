// Conv on blocked tensors: direct, in Winograd's form, and with one filter per channel.
#include "ops/conv_geometry.h"
#include "numerics/winograd.h"
#include "ops/opencl/epilogue.h"
#include "ops/opencl/moving.h"
#include "ops/opencl/tiles.h"
#include "ops/opencl/windows.h"

#include <cmath>

namespace engine::opencl {
namespace {

using ops::Conv;
constexpr Index kBlock = numerics::kLanes;

const Tile kConvWide[] = {{7, 4, "conv_7x4", 100, "long_conv_7x4"},
                          {14, 2, "conv_14x2", 100, "long_conv_14x2"},
                          {14, 1, "conv_14x1", 100, "long_conv_14x1"}};
const Tile kConvNarrow[] = {{2, 2, "conv_2x2", 120, "long_conv_2x2"},
                            {6, 1, "conv_6x1", 100, "long_conv_6x1"},
                            {5, 1, "conv_5x1", 110, "long_conv_5x1"}};
const Tile kConvBoard[] = {{8, 1, "conv_8x1"}};
const TileMenu kConvTiles = {kConvWide, kConvNarrow, kConvBoard};

const Tile kProductsWide[] = {{7, 4, "products_7x4", 100, "long_products_7x4"},
                              {14, 2, "products_14x2", 100, "long_products_14x2"},
                              {14, 1, "products_14x1", 100, "long_products_14x1"}};
const Tile kProductsNarrow[] = {{2, 2, "products_2x2", 120, "long_products_2x2"},
                                {6, 1, "products_6x1", 100, "long_products_6x1"},
                                {5, 1, "products_5x1", 110, "long_products_5x1"}};
const Tile kProductsBoard[] = {{8, 1, "products_8x1"}};
const TileMenu kProductTiles = {kProductsWide, kProductsNarrow, kProductsBoard};

// w [filters, channels, taps] as [filter blocks][K][16], K in the order of the contract.
std::vector<float> packed_filters(const Tensor& weights) {
  const Shape& shape = weights.shape();
  const Index filters = shape[0], channels = shape[1];
  const Index taps = product(shape, 2, weights.rank()), terms = channels * taps;
  std::vector<float> packed(static_cast<std::size_t>(vectors_of(filters) * terms * kBlock));
  const float* from = weights.values<float>().data();
  float* to = packed.data();
  for (Index first = 0; first < filters; first += kBlock)
    for (Index block = 0; block < channels; block += kBlock)
      for (Index tap = 0; tap < taps; ++tap)
        for (Index c = block; c < std::min(block + kBlock, channels); ++c, to += kBlock)
          for (Index f = first; f < std::min(first + kBlock, filters); ++f)
            to[f - first] = from[(f * channels + c) * taps + tap];
  return packed;
}

// [points][filter blocks][channels][16].
std::vector<float> transformed_filters(const Tensor& weights, Index tile) {
  const Index filters = weights.shape()[0], channels = weights.shape()[1];
  const Index points = numerics::winograd_points(tile), blocks = vectors_of(filters);
  std::vector<float> packed(static_cast<std::size_t>(points * blocks * channels * kBlock));
  const float* from = weights.values<float>().data();
  float u[numerics::kMostWinogradPoints];
  for (Index f = 0; f < filters; ++f)
    for (Index c = 0; c < channels; ++c) {
      numerics::winograd_filter(tile, from + (f * channels + c) * 9, u);
      for (Index p = 0; p < points; ++p)
        packed[static_cast<std::size_t>(((p * blocks + f / kBlock) * channels + c) * kBlock +
                                        f % kBlock)] = u[p];
    }
  return packed;
}

// -0, to which adding is the identity, where there is none; whole vectors.
std::vector<float> padded_bias(const Tensor* bias, Index filters) {
  std::vector<float> padded(static_cast<std::size_t>(vectors_of(filters) * kBlock), -0.0f);
  if (bias) std::ranges::copy(bias->values<float>(), padded.begin());
  return padded;
}

Ints geometry_or_none(const ops::ConvGeometry& g) {
  return g.has_residual ? geometry(g.residual) : Ints{};
}

// What all launches of a node share.
struct ConvNode {
  const Device& device;
  const ops::ConvGeometry& g;
  const PackedBuffers& packed;
  Bounds bounds;
  const ops::Choice* choice = nullptr;

  cl_mem weights() const { return packed.buffers[0].get(); }
  cl_mem bias() const { return packed.buffers[1].get(); }
  Argument residual() const {
    return g.has_residual ? Argument(In{Conv::kResidual}) : Argument(bias());
  }
};

// Tiles of pixels that all filters go over before the next ones: a CPU walks over the pixels of a
// launch for each panel of filters. Either they stay in the second-level cache and filters are read
// for each part, or pixels are read for each panel.
Index tiles_together(const ConvNode& node, Index terms, const Tile& tile, Index tiles) {
  constexpr Index kStay = Index{1} << 16;  // floats
  const ops::ConvGeometry& g = node.g;
  const Index pixels = g.x.batch * g.x.image(), filters = g.y.blocks * kBlock * terms;
  if (!node.device.facts().is_cpu() || pixels <= kStay) return std::max<Index>(1, tiles);
  const Index panels = (g.y.blocks + tile.blocks - 1) / tile.blocks;
  const Index parts = (pixels + kStay - 1) / kStay;
  return panels * pixels <= parts * filters + pixels ? tiles : (tiles + parts - 1) / parts;
}

void add_direct(const ConvNode& node, Index terms, std::string layer, DeviceKernel::Parts& parts) {
  const ops::ConvGeometry& g = node.g;
  const Index pixels = g.y.batch * g.y.height * g.y.width;
  const auto menu = kConvTiles.of(node.device);
  const TiledWork work{pixels, g.y.blocks, terms, 1, node.choice};
  const Tile& tile = choose_tile(menu, work);
  const Ints window = {to_int(g.kernel_rows),
                       to_int(g.kernel_columns),
                       to_int(g.dilation_y * g.x.row()),
                       to_int(g.dilation_x * g.x.block),
                       to_int(g.stride_y * g.x.row()),
                       to_int(g.stride_x * g.x.block),
                       to_int(pixels),
                       to_int(g.y.blocks)};
  const Index section = numerics::section_channels(g.kernel_rows * g.kernel_columns);
  Launch launch{
      "conv",
      tile.kernel_for(g.x.channels > section),
      {In{Conv::kX}, node.weights(), node.bias(), node.residual(), Out{0}, geometry(g.x),
       geometry(g.y), geometry_or_none(g), window, to_int(g.window(0, 0, 0, 0)), to_int(terms),
       to_int(section / kBlock), cl_int{g.has_residual}, node.bounds.low, node.bounds.high}};
  set_tiles(node.device, tile, work, launch);
  const Index each = tiles_together(node, terms, tile, static_cast<Index>(launch.items[1]));
  parts.launches = in_parts(node.device, work, launch, each);
  parts.tunable = tile_choices(node.device, menu, work, std::move(layer));
}

bool is_depthwise(const Conv& op, const Shape& weights) {
  return op.group > 1 && weights[0] == op.group && weights[1] == 1;
}

// Whether there are kernels for blocked tensors.
bool has_blocks(const Conv& op, const Shape& weights) {
  return weights.size() <= 4 && (op.group == 1 || is_depthwise(op, weights));
}

Launch depthwise_launch(const ConvNode& node) {
  const ops::ConvGeometry& g = node.g;
  const Ints window = {to_int(g.kernel_rows),
                       to_int(g.kernel_columns),
                       to_int(g.dilation_y * g.x.row()),
                       to_int(g.dilation_x * g.x.block),
                       to_int(g.stride_y * g.x.row()),
                       to_int(g.stride_x * g.x.block)};
  // One kernel of a board is for both.
  const bool full = g.x.block == kBlock || node.device.variant() == Variant::kFpga;
  Launch launch{"depthwise",
                full ? "depthwise" : "depthwise_few",
                {In{Conv::kX}, node.weights(), node.bias(), node.residual(), Out{0}, geometry(g.x),
                 geometry(g.y), geometry_or_none(g), window, to_int(g.window(0, 0, 0, 0)),
                 cl_int{g.has_residual}, node.bounds.low, node.bounds.high}};
  set_grid(node.device, g.y.batch * g.y.height, g.y.blocks, launch);
  return launch;
}

// Tiles of a group so that V and M stay in the second-level cache of a CPU.
Index group_tiles(const Device& device, const ops::ConvGeometry& g, Index points, Index tiles) {
  if (!device.facts().is_cpu()) return tiles;
  constexpr Index kFloats = Index{3} << 17;  // 1.5 MiB
  const Index each = points * (g.x.blocks + g.y.blocks) * kBlock;
  const Index groups = (tiles * each + kFloats - 1) / kFloats;
  return std::max<Index>(1, (tiles + groups - 1) / groups);
}

constexpr const char* kTiles = "tiles";

// How many tiles go through the three launches together: some less and more than by default.
void add_group_choices(Index tiles, Index standard, ops::Tunable& tunable) {
  std::vector<Index> values;
  for (const Index eighths : {4, 2, 16, 32, 64})
    if (const Index most = std::clamp<Index>(standard * eighths / 8, 1, tiles);
        std::ranges::find(values, most) == values.end())
      values.push_back(most);
  tunable.defaults.emplace(kTiles, standard);
  tunable.parameters.push_back({kTiles, std::move(values)});
}

void add_winograd(const ConvNode& node, std::string layer, DeviceKernel::Parts& parts) {
  const ops::ConvGeometry& g = node.g;
  const Index side = g.op.winograd, points = numerics::winograd_points(side);
  const Index across = (g.y.width + side - 1) / side;
  const Index each = across * ((g.y.height + side - 1) / side), tiles = g.y.batch * each;
  const Index standard = group_tiles(node.device, g, points, tiles);
  const Index most = ops::chosen(node.choice, kTiles, standard, 1, std::min(tiles, 8 * standard));
  const auto menu = kProductTiles.of(node.device);
  const Index section = numerics::section_channels(1);
  const std::size_t v_bytes = static_cast<std::size_t>(points * g.x.blocks * most * kBlock) * 4;
  const std::size_t m_bytes = static_cast<std::size_t>(points * g.y.blocks * most * kBlock) * 4;
  const Scratch v = take_scratch(node.device, v_bytes, parts.scratch);
  const Scratch m = take_scratch(node.device, m_bytes, parts.scratch);
  for (Index first = 0; first < tiles; first += most) {
    const Index count = std::min(most, tiles - first);
    const TiledWork work{count, g.y.blocks, g.x.channels, points, node.choice};
    const Tile& tile = choose_tile(menu, work);
    Launch input{"winograd",
                 side == 4 ? "winograd4_input" : "winograd2_input",
                 {In{Conv::kX}, v, geometry(g.x), to_int(g.window(0, 0, 0, 0)), to_int(first),
                  to_int(count), to_int(across), to_int(each)}};
    set_grid(node.device, count, g.x.blocks, input);
    group_units(node.device, input);
    Launch products{"conv",
                    tile.kernel_for(g.x.channels > section),
                    {v, node.weights(), m, to_int(count), to_int(g.x.channels),
                     to_int(section / kBlock), to_int(g.y.blocks)}};
    set_tiles(node.device, tile, work, products);
    Launch output{"winograd",
                  side == 4 ? "winograd4_output" : "winograd2_output",
                  {m, node.bias(), node.residual(), Out{0}, geometry(g.y), geometry_or_none(g),
                   to_int(first), to_int(count), to_int(across), to_int(each),
                   cl_int{g.has_residual}, node.bounds.low, node.bounds.high}};
    set_grid(node.device, count, g.y.blocks, output);
    group_units(node.device, output);
    for (Launch* launch : {&input, &products, &output})
      parts.launches.push_back(std::move(*launch));
  }
  parts.tunable = tile_choices(node.device, menu, {standard, g.y.blocks, g.x.channels, points},
                               std::move(layer));
  add_group_choices(tiles, standard, *parts.tunable);
}

// Whether filters that no kernel of blocked tensors takes go to the device, whatever the image
// will be: what the device has, the host has not.
bool takes_any(const Device& device, const Conv& op, const Tensor& weights) {
  constexpr Index kPixels = 64;  // of the output at least
  constexpr Index kMostTaps = Index{1} << 16, kMostStep = Index{1} << 16;
  const auto is_small = [](Index step) { return step <= kMostStep; };
  return device.has_kernel("conv_any") && !is_for_host(device, weights.size() * kPixels) &&
         product(weights.shape(), 2, weights.rank()) <= kMostTaps &&
         std::ranges::all_of(op.spatial.strides, is_small) &&
         std::ranges::all_of(op.spatial.dilations, is_small);
}

}  // namespace

std::shared_ptr<PackedBuffers> pack_conv(const Device& device, const ops::Operator& op,
                                         const ops::Operands& in) {
  const auto& conv = static_cast<const Conv&>(op);
  const Tensor* w = in[Conv::kWeights].value;
  const Tensor* bias = in.has(Conv::kBias) ? in[Conv::kBias].value : nullptr;
  const bool known_bias = bias || !in.has(Conv::kBias);
  if (!w || w->dtype() != DType::kFloat32 || w->size() == 0 || !known_bias) return nullptr;
  const bool blocks = has_blocks(conv, w->shape());
  if (!blocks && !takes_any(device, conv, *w)) return nullptr;
  auto packed = std::make_shared<PackedBuffers>();
  const auto add = [&](std::span<const float> values) {
    packed->buffers.push_back(device.upload(values.data(), values.size_bytes()));
  };
  if (blocks) {
    add(conv.winograd ? transformed_filters(*w, conv.winograd) : packed_filters(*w));
    add(padded_bias(bias, w->shape()[0]));
  } else {
    add(w->values<float>());
    if (bias) add(bias->values<float>());
  }
  packed->consumed_inputs = 1u << Conv::kWeights;
  if (bias) packed->consumed_inputs |= 1u << Conv::kBias;
  return packed;
}

ops::LayoutOffer offer_conv(const Binding& binding) {
  const auto& op = static_cast<const Conv&>(binding.op);
  if (!binding.packed || !has_blocks(op, binding.in[Conv::kWeights].shape())) return {};
  ops::LayoutOffer offer{.inputs = 1u << Conv::kX, .output = true, .preferred = true};
  if (op.epilogue.residual) offer.inputs |= 1u << Conv::kResidual;
  offer.border = ops::conv_border(binding);
  return offer;
}

std::optional<DeviceKernel::Parts> bind_conv(const Device& device, const Binding& binding) {
  const auto* packed = static_cast<const PackedBuffers*>(binding.packed);
  const ops::LayoutOffer offer = offer_conv(binding);
  if (!offer.inputs) return conv_any_parts(device, binding, packed);
  if (!binding.in[Conv::kX].layout.blocked)
    return adapt_to_plain(device, binding, offer, bind_conv);
  const ops::ConvGeometry g(binding);
  const std::optional<Bounds> bounds = bounds_of(g.op.epilogue);
  DeviceKernel::Parts parts{g.op.winograd    ? "conv_winograd"
                            : g.op.group > 1 ? "conv_depthwise"
                                             : "conv",
                            {}};
  const std::string layer = ops::layer_name(parts.name + "[opencl]", g);
  const ConvNode node{device, g, *packed, bounds.value_or(Bounds{}),
                      ops::find_choice(binding.tuning, layer)};
  parts.overwritable = g.has_residual ? 1u << Conv::kResidual : 0u;
  const Shape& w = binding.in[Conv::kWeights].shape();
  if (g.op.winograd) add_winograd(node, layer, parts);
  else if (g.op.group > 1) parts.launches.push_back(depthwise_launch(node));
  else add_direct(node, w[1] * product(w, 2, static_cast<Index>(w.size())), layer, parts);
  const ops::Epilogue& e = g.op.epilogue;
  if (!bounds)
    parts.launches.push_back(
        unary_launch(device, e.activation, e.a, e.b, g.y.floats(), Out{0}, Out{0}));
  add_border_launch(device, g.y, Out{0}, parts.launches);
  return parts;
}

}  // namespace engine::opencl
