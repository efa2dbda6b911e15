// Conv on the CPU, NCHW: implicit matrix product. Panels of output pixels are gathered into
// [K][pixels] scratch that stays in the cache, K in the order of the contract (block of 16
// channels, kernel axes, channel); the register tiles then run all filters over them.
#define ENGINE_ISA_FILE "ops/cpu/conv.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/conv_blocked.h"
#include "ops/cpu/conv_depthwise.h"
#include "ops/cpu/conv_depthwise_blocked.h"
#include "ops/cpu/conv_tiles.h"
#include "ops/cpu/conv_winograd.h"
#include "ops/cpu/plain_adapter.h"

#include <numeric>

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

// Tile height and width; the height divides 16, so that no filter of a full block is computed
// twice.
#if ENGINE_ISA_ID == 2
inline constexpr int kFilters = 8, kPixelBlocks = 3;
#elif ENGINE_ISA_ID == 0
inline constexpr int kFilters = 1, kPixelBlocks = 1;
#else
inline constexpr int kFilters = 4, kPixelBlocks = 1;
#endif

Index conv_panel_columns() noexcept { return kPixelBlocks * kVecLanes; }

template <int NV>
void conv_tile(const ConvArguments& c, const float* panel, Index filter, Index first, Index valid) {
  Vec sums[kFilters][NV];
  const Index in_block = filter % kVecLanes;
  const TileA a{c.w.block(filter / kVecLanes) + in_block, 1, kVecLanes};
  tile_sections<kFilters, NV>(a, {panel, c.columns, kVecLanes}, c.w.k, c.section, sums);
  const TileEpilogue e{nullptr, nullptr, c.epilogue->activation, c.epilogue->a, c.epilogue->b};
  const Index rows = std::min<Index>(kFilters, c.w.n - filter);
#pragma GCC unroll 1
  for (Index r = 0; r < rows; ++r) {
    Vec bias;
    if (c.bias) bias = fill(c.bias[filter + r]);
    const Index row = (filter + r) * c.pixels + first;
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) {
      const Index left = valid - v * kVecLanes;
      if (left <= 0) break;
      const Index at = row + v * kVecLanes;
      finish(sums[r][v], c.bias ? &bias : nullptr, c.residual ? c.residual + at : nullptr, e,
             std::min<Index>(left, kVecLanes), c.y + at);
    }
  }
}

// Filters [first, last) over all panels; first is a multiple of 16.
void conv_filters(const ConvArguments& c, Index first, Index last) noexcept {
  for (Index filter = first; filter < last; filter += kFilters) {
    const float* panel = c.panel;
    for (Index pixel = c.first_pixel; pixel < c.last_pixel; pixel += c.columns) {
      const Index valid = std::min(c.columns, c.last_pixel - pixel);
      const Index blocks = (valid + kVecLanes - 1) / kVecLanes;
      if constexpr (kPixelBlocks >= 3)
        if (blocks == 3) conv_tile<3>(c, panel, filter, pixel, valid);
      if constexpr (kPixelBlocks >= 2)
        if (blocks == 2) conv_tile<2>(c, panel, filter, pixel, valid);
      if (blocks == 1) conv_tile<1>(c, panel, filter, pixel, valid);
      panel += c.w.k * c.columns;
    }
  }
}

// `count` floats, `step` apart, to contiguous memory.
void copy_pixels(const float* from, Index step, Index count, float* to) noexcept {
  if (step == 1) {
    Index i = 0;
    for (; count - i >= kVecLanes; i += kVecLanes) store(to + i, load(from + i));
    if (i < count) store(to + i, count - i, load(from + i, count - i, 0.0f));
  } else {
    for (Index i = 0; i < count; ++i) to[i] = from[i * step];
  }
}

// Gathers one panel: for each k in the order of the contract, `columns` pixels, +0 outside.
void conv_gather(const PanelPlan& plan, const PanelRuns& runs, const float* x, float* to) noexcept {
  const Vec zero = fill(0.0f);
  for (Index block = 0; block < plan.channels; block += numerics::kLanes) {
    const Index last = std::min(block + numerics::kLanes, plan.channels);
    for (Index tap = 0; tap < plan.taps; ++tap) {
      const PanelRun* first_run = runs.of_tap(tap);
      const PanelRun* end_run = runs.of_tap(tap + 1);
      const bool covered = runs.covers(tap);
      for (Index c = block; c < last; ++c, to += plan.columns) {
        if (!covered)
          for (Index i = 0; i < plan.columns; i += kVecLanes) store(to + i, zero);
        for (const PanelRun* run = first_run; run != end_run; ++run)
          copy_pixels(x + c * plan.image + run->from, plan.step, run->count, to + run->to);
      }
    }
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

struct PackedConv final : Packed {
  std::vector<PackedMatrix> groups;  // [K, filters] each, K in the order of the contract
  PackedMatrix points;               // instead, for Winograd's form
};

// Weights that are no constant are packed first in each run.
class ConvKernel final : public Kernel {
 public:
  ConvKernel(const ops::Conv& op, const PackedConv* packed, const Binding& binding, Isa isa)
      : op_(op), packed_(packed), isa_(isa), tiles_(conv_tiles(isa)) {
    const Shape& x = binding.in[ops::Conv::kX].shape();
    const Shape& w = binding.in[ops::Conv::kWeights].shape();
    const Shape kernel(w.begin() + 2, w.end());
    batch_ = x[0];
    has_bias_ = binding.in.size() > ops::Conv::kBias && binding.in[ops::Conv::kBias];
    plan_ = PanelPlan(op.spatial.windows(ops::spatial_part(x), kernel), w[1], tiles_.columns);
    group_filters_ = w[0] / op.group;
    if (!packed) {
      taps_.resize(static_cast<std::size_t>(plan_.taps));
      std::iota(taps_.begin(), taps_.end(), Index{0});
    }
    // As many panels at a time as fit half of a 1 MiB second-level cache: weights are streamed once
    // for all of them.
    constexpr Index kPanelBudget = Index{1} << 17;
    const Index per_panel = std::max<Index>(1, plan_.floats());
    panels_ = std::clamp<Index>(kPanelBudget / per_panel, 1, plan_.panels());
  }

  Fault run(const Call& call) const noexcept override {
    if (!packed_) pack_weights(call);
    const Index sets = (plan_.panels() + panels_ - 1) / panels_;
    const Index units = batch_ * op_.group * sets;
    // With few panels the filters are split instead: each piece gathers its own copy.
    const Index threads = call.pool.concurrency();
    const Index blocks = PackedMatrix::blocks_of(group_filters_);
    const Index splits = units >= 2 * threads ? 1 : std::min(threads, blocks);
    const Index tasks = units * splits;
    const Index pieces = std::min(tasks, threads);
    call.pool.parallel(pieces, [&](Index piece) {
      std::byte* scratch =
          call.scratch + weight_bytes() + static_cast<std::size_t>(piece) * piece_bytes();
      for (Index t = tasks * piece / pieces; t < tasks * (piece + 1) / pieces; ++t) {
        const Index unit = t / splits, split = t % splits;
        run_unit(call, unit / sets, unit % sets * panels_, blocks * split / splits,
                 blocks * (split + 1) / splits, scratch);
      }
    });
    return ops::kNoFault;
  }

  std::size_t scratch_bytes(int threads) const noexcept override {
    return weight_bytes() + static_cast<std::size_t>(threads) * piece_bytes();
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && op_.epilogue.residual;
  }
  std::string name() const override { return kernel_name("conv_panels", isa_); }

 private:
  Index group_floats() const noexcept {
    return PackedMatrix::blocks_of(group_filters_) * PackedMatrix::kBlock * plan_.channels *
           plan_.taps;
  }
  std::size_t weight_bytes() const noexcept {
    if (packed_) return 0;
    return static_cast<std::size_t>(op_.group * group_floats()) * sizeof(float);
  }
  std::size_t piece_bytes() const noexcept {
    const std::size_t panels = static_cast<std::size_t>(plan_.floats() * panels_) * sizeof(float);
    return (panels + plan_.runs_bytes() + 127) / 64 * 64;
  }

  void pack_weights(const Call& call) const noexcept {
    const float* w = static_cast<const float*>(call.in[ops::Conv::kWeights]);
    float* to = reinterpret_cast<float*>(call.scratch);
    const Index k = plan_.channels * plan_.taps;
    const Index blocks = PackedMatrix::blocks_of(group_filters_);
    constexpr Index kFloatsPerTask = 16384;
    const Index grain =
        std::max<Index>(1, kFloatsPerTask / std::max<Index>(1, k * PackedMatrix::kBlock));
    call.pool.ranges(op_.group * blocks, grain, [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        const FilterLayout layout{w + i / blocks * group_filters_ * k,
                                  k,
                                  plan_.taps,
                                  taps_.data(),
                                  plan_.channels,
                                  plan_.taps,
                                  group_filters_};
        pack_filters(layout, i % blocks, to + i * k * PackedMatrix::kBlock);
      }
    });
  }

  void run_unit(const Call& call, Index image_group, Index first_panel, Index first_block,
                Index last_block, std::byte* scratch) const noexcept {
    const Index group = image_group % op_.group;
    const FilterView w =
        packed_ ? FilterView(packed_->groups[static_cast<std::size_t>(group)])
                : FilterView(reinterpret_cast<const float*>(call.scratch) + group * group_floats(),
                             plan_.channels * plan_.taps, group_filters_);
    const float* x = static_cast<const float*>(call.in[ops::Conv::kX]) +
                     image_group * plan_.channels * plan_.image;
    float* panels = reinterpret_cast<float*>(scratch);
    std::byte* run_memory =
        scratch + static_cast<std::size_t>(plan_.floats() * panels_) * sizeof(float);
    const Index last_panel = std::min(first_panel + panels_, plan_.panels());
    for (Index p = first_panel; p < last_panel; ++p) {
      const PanelRuns runs(plan_, p, run_memory);
      tiles_.gather(plan_, runs, x, panels + (p - first_panel) * plan_.floats());
    }
    ConvArguments c{};
    c.w = w;
    c.section = numerics::section_channels(plan_.taps) * plan_.taps;
    c.panel = panels;
    c.columns = plan_.columns;
    c.pixels = plan_.pixels;
    c.first_pixel = first_panel * plan_.columns;
    c.last_pixel = std::min(last_panel * plan_.columns, plan_.pixels);
    c.epilogue = &op_.epilogue;
    const Index output = image_group * w.n * plan_.pixels;
    if (has_bias_) c.bias = static_cast<const float*>(call.in[ops::Conv::kBias]) + group * w.n;
    if (op_.epilogue.residual)
      c.residual = static_cast<const float*>(call.in[ops::Conv::kResidual]) + output;
    c.y = static_cast<float*>(call.out[0]) + output;
    tiles_.filters(c, first_block * PackedMatrix::kBlock,
                   std::min(last_block * PackedMatrix::kBlock, w.n));
  }

  const ops::Conv& op_;
  const PackedConv* packed_;
  Isa isa_;
  ConvTiles tiles_;
  Index batch_ = 0, panels_ = 1, group_filters_ = 0;
  bool has_bias_ = false;
  PanelPlan plan_;
  std::vector<Index> taps_;  // 0, 1, .., for weights that are no constant
};

}  // namespace

ConvTiles conv_tiles(Isa isa) {
  return {ENGINE_KERNEL(isa, conv_panel_columns)(), ENGINE_KERNEL(isa, conv_filters),
          ENGINE_KERNEL(isa, conv_gather)};
}

void pack_filters(const FilterLayout& from, Index j, float* to) noexcept {
  const Index first = j * PackedMatrix::kBlock;
  const Index width = std::min(PackedMatrix::kBlock, from.filters - first);
  for (Index block = 0; block < from.channels; block += numerics::kLanes)
    for (Index tap = 0; tap < from.tap_count; ++tap)
      for (Index c = block; c < std::min(block + numerics::kLanes, from.channels); ++c) {
        const float* source =
            from.data + first * from.filter_step + c * from.channel_step + from.taps[tap];
        for (Index f = 0; f < width; ++f) to[f] = source[f * from.filter_step];
        for (Index f = width; f < PackedMatrix::kBlock; ++f) to[f] = 0.0f;
        to += PackedMatrix::kBlock;
      }
}

std::shared_ptr<const Packed> pack_conv(const ops::Operator& op, const ops::Operands& in) {
  const Tensor* w = in[ops::Conv::kWeights].value;
  if (!w || w->dtype() != DType::kFloat32 || w->size() == 0) return nullptr;
  const auto& conv = static_cast<const ops::Conv&>(op);
  if (is_depthwise(conv, w->shape()) && !has_filter_per_channel(conv, w->shape())) return nullptr;
  const Index group = conv.group;
  const Index filters = w->shape()[0] / group, channels = w->shape()[1];
  const Index taps = product(w->shape(), 2, w->rank());
  auto packed = std::make_shared<PackedConv>();
  if (is_depthwise(conv,
                   w->shape())) {  // the kernel for plain tensors reads the filters as they are
    packed->groups.push_back(pack_depthwise(*w));
    return packed;
  }
  packed->consumed_inputs = 1u << ops::Conv::kWeights;
  if (conv.winograd != 0) {
    packed->points = pack_winograd(*w, conv.winograd);
    return packed;
  }
  std::vector<Index> own(static_cast<std::size_t>(taps));
  std::iota(own.begin(), own.end(), Index{0});
  for (Index g = 0; g < group; ++g) {
    PackedMatrix& to = packed->groups.emplace_back(channels * taps, filters);
    const FilterLayout from{w->values<float>().data() + g * filters * to.k,
                            to.k,
                            taps,
                            own.data(),
                            channels,
                            taps,
                            filters};
    for (Index j = 0; j < to.blocks(); ++j) pack_filters(from, j, to.block(j));
  }
  return packed;
}

std::unique_ptr<Kernel> bind_conv(const Binding& binding, Isa isa) {
  if (binding.out[0].dtype != DType::kFloat32 || binding.out[0].size() == 0) return nullptr;
  const auto& op = static_cast<const ops::Conv&>(binding.op);
  const auto* packed = static_cast<const PackedConv*>(binding.packed);
  const bool blocked = binding.in[ops::Conv::kX].layout.blocked;
  if (is_depthwise(op, binding.in[ops::Conv::kWeights].shape()))
    return blocked ? bind_depthwise_blocked(binding, packed->groups.front(), isa)
                   : bind_depthwise(binding, isa);
  if (op.winograd != 0) {
    if (!packed) return nullptr;
    const auto bind = [&](const Binding& reordered) {
      return bind_conv_winograd(reordered, packed->points, isa);
    };
    return blocked ? bind(binding) : adapt_to_plain(binding, offer_conv(binding), bind);
  }
  if (blocked) return bind_conv_blocked(binding, packed->groups.front(), isa);
  return std::make_unique<ConvKernel>(op, packed, binding, isa);
}

}  // namespace engine::cpu
#endif
