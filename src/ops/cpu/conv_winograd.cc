// Conv on the CPU, blocked, in Winograd's form (numerics/winograd.h). A group of tiles at a time,
// and of these a slice of a few filter blocks at a time:
//
//   V  [points][channel blocks][tiles][16]  transformed pixels of the group
//   M  [points][filter blocks][tiles][16]   V times the transformed filters of the slice
//
// Both stay in the second-level cache, through which all filters stream once for each group. The
// products run on the register tile of conv_tile.h, with tiles in the place of pixels; each is a
// sum over the channels.
#define ENGINE_ISA_FILE "ops/cpu/conv_winograd.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "numerics/winograd.h"
#include "ops/cpu/conv_choice.h"
#include "ops/cpu/conv_operands.h"
#include "ops/cpu/conv_tile.h"
#include "ops/cpu/conv_winograd.h"

#ifndef ENGINE_CPU_CONV_WINOGRAD
#define ENGINE_CPU_CONV_WINOGRAD
namespace engine::cpu {

/// What the transforms of one group share.
struct WinogradGroup {
  const ConvOperands& operands;
  Index tile_rows, tile_columns;  ///< of an image
  Index first, count;             ///< tiles of the group, counted over all images
  float* v;
  Index v_point;  ///< floats from a point to the next
  Index m_point;
  const float *x, *bias, *residual;  ///< the last two may be null
  float* y;
  ConvFinish finish;
};

/// Where a tile lies.
struct WinogradPlace {
  Index image, row, column;

  WinogradPlace(const WinogradGroup& g, Index i) {
    const Index tile = g.first + i, each = g.tile_rows * g.tile_columns;
    image = tile / each;
    row = tile % each / g.tile_columns;
    column = tile % g.tile_columns;
  }
};

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

#define FN ENGINE_INLINE
#define F Vec
#define K(c) fill(c)
#define FMA(a, b, c) fma(a, b, c)
#define MUL(a, b) mul(a, b)
#define ADD(a, b) add(a, b)
#define SUB(a, b) sub(a, b)
#include "numerics/winograd.inc"
#undef FN
#undef F
#undef K
#undef FMA
#undef MUL
#undef ADD
#undef SUB

template <int kTile>
ENGINE_INLINE void input_line(const Vec* d, Vec* t) {
  if constexpr (kTile == 4) p_winograd4_input(d, t);
  else p_winograd2_input(d, t);
}
template <int kTile>
ENGINE_INLINE void output_line(const Vec* m, Vec* y) {
  if constexpr (kTile == 4) p_winograd4_output(m, y);
  else p_winograd2_output(m, y);
}

/// V of one block of channels.
template <int kTile>
void input_block(const WinogradGroup& g, Index block) noexcept {
  constexpr int kWindow = kTile + 2;
  const ops::BlockedView& view = g.operands.x;
  for (Index i = 0; i < g.count; ++i) {
    const WinogradPlace at(g, i);
    const float* x = g.x + g.operands.window(at.image, block, at.row * kTile, at.column * kTile);
    Vec columns[kWindow][kWindow];
#pragma GCC unroll 1
    for (int j = 0; j < kWindow; ++j) {
      Vec in[kWindow], out[kWindow];
#pragma GCC unroll 6
      for (int r = 0; r < kWindow; ++r) in[r] = load(x + r * view.row() + j * kVecLanes);
      input_line<kTile>(in, out);
#pragma GCC unroll 6
      for (int r = 0; r < kWindow; ++r) columns[r][j] = out[r];
    }
    float* v = g.v + (block * g.count + i) * kVecLanes;
#pragma GCC unroll 1
    for (int r = 0; r < kWindow; ++r) {
      Vec out[kWindow];
      input_line<kTile>(columns[r], out);
#pragma GCC unroll 6
      for (int j = 0; j < kWindow; ++j) store(v + (r * kWindow + j) * g.v_point, out[j]);
    }
  }
}

/// What follows bias.
ENGINE_INLINE Vec finish_output(const ConvFinish& f, Vec sum, const float* residual) {
  if (residual) sum = add(sum, load(residual));
  sum = min_or_second(fill(f.high), max_or_second(fill(f.low), sum));
  if (f.is_other) {
    const ops::Epilogue& e = *f.epilogue;
    sum = finish_activation({nullptr, nullptr, e.activation, e.a, e.b}, sum);
  }
  return sum;
}

/// Outputs of one block of filters, whose pixels have 16 channels in memory; `m_block` is its first
/// point.
template <int kTile>
void output_block(const WinogradGroup& g, Index block, const float* m_block) noexcept {
  constexpr int kWindow = kTile + 2;
  const ops::BlockedView &view = g.operands.y, &residual_view = g.operands.residual;
  // Adding -0 changes nothing, so that no bias needs no text of its own.
  const Vec bias = g.bias ? load(g.bias + block * kVecLanes, view.lanes(block), 0.0f) : fill(-0.0f);
  for (Index i = 0; i < g.count; ++i) {
    const WinogradPlace at(g, i);
    if (at.row == 0 && at.column == 0) view.clear_border(g.y, at.image, block);
    const float* m = m_block + i * kVecLanes;
    Vec columns[kTile][kWindow];
#pragma GCC unroll 1
    for (int j = 0; j < kWindow; ++j) {
      Vec in[kWindow], out[kTile];
#pragma GCC unroll 6
      for (int r = 0; r < kWindow; ++r) in[r] = load(m + (r * kWindow + j) * g.m_point);
      output_line<kTile>(in, out);
#pragma GCC unroll 6
      for (int r = 0; r < kTile; ++r) columns[r][j] = out[r];
    }
    const Index row = at.row * kTile, column = at.column * kTile;
    const Index rows = std::min<Index>(kTile, view.height - row);
    const Index width = std::min<Index>(kTile, view.width - column);
    float* y = g.y + view.offset(at.image, block, row, column);
    const float* residual =
        g.residual ? g.residual + residual_view.offset(at.image, block, row, column) : nullptr;
#pragma GCC unroll 1
    for (Index r = 0; r < rows; ++r) {
      Vec out[kTile];
      output_line<kTile>(columns[r], out);
#pragma GCC unroll 4
      for (int j = 0; j < kTile; ++j) {
        if (j >= width) break;
        const Index pixel = j * kVecLanes;
        store(y + r * view.row() + pixel,
              finish_output(g.finish, add(out[j], bias),
                            residual ? residual + r * residual_view.row() + pixel : nullptr));
      }
    }
  }
}

void winograd_input_block(Index tile, const WinogradGroup& g, Index block) noexcept {
  if (tile == 4) input_block<4>(g, block);
  else input_block<2>(g, block);
}
void winograd_output_block(Index tile, const WinogradGroup& g, Index block,
                           const float* m) noexcept {
  if (tile == 4) output_block<4>(g, block, m);
  else output_block<2>(g, block, m);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

constexpr Index kPanel = 2;        // blocks of filters that are multiplied together, at most
constexpr Index kAlias = 17 * 16;  // between points, so that they do not fall on one cache set

class WinogradKernel final : public Kernel {
 public:
  WinogradKernel(const Binding& binding, const PackedMatrix& weights, Isa isa)
      : operands_(binding),
        weights_(weights),
        isa_(isa),
        threads_(binding.threads),
        limits_(conv_tile_limits(isa, kPanel)) {
    tile_rows_ = (y_.height + op_.winograd - 1) / op_.winograd;
    tile_columns_ = (y_.width + op_.winograd - 1) / op_.winograd;
    tiles_ = y_.batch * tile_rows_ * tile_columns_;
    choose_groups(make_choice(size(), ops::find_choice(binding.tuning, layer())));
    for (Index more = 0; more < 2; ++more) {
      for (Index block = 0; block < x_.blocks; ++block)
        runs_[more].push_back(
            {block * (tiles_ / groups_ + more) * numerics::kLanes, x_.lanes(block)});
      repeat_first(runs_[more]);
    }
    const Index section = numerics::section_channels(1) / numerics::kLanes;
    for (Index block = 0; block < x_.blocks; block += section)
      section_ends_.push_back(std::min(block + section, x_.blocks));
    for (Index blocks = 1; blocks <= limits_.blocks; ++blocks)
      for (Index width = 1; width <= limits_.pixels; ++width)
        functions_.push_back(conv_tile_function(isa, 1, width, blocks));
  }

  Fault run(const Call& call) const noexcept override {
    const Index threads = call.pool.concurrency();
    if (groups_ >= threads) {
      call.pool.parallel(threads, [&](Index part) {
        float* v = reinterpret_cast<float*>(call.scratch) + part * (v_floats() + m_floats());
        for (Index g = groups_ * part / threads; g < groups_ * (part + 1) / threads; ++g) {
          const WinogradGroup group = group_of(call, g, v);
          transform_input(group, 0, x_.blocks);
          transform_products(group, 0, y_.blocks, v + v_floats());
        }
      });
    } else {  // the threads share each group
      float* v = reinterpret_cast<float*>(call.scratch);
      const Index panels = (y_.blocks + limits_.blocks - 1) / limits_.blocks;
      const Index parts = std::min(panels, threads);
      for (Index g = 0; g < groups_; ++g) {
        const WinogradGroup group = group_of(call, g, v);
        call.pool.ranges(x_.blocks, 1,
                         [&](Index first, Index last) { transform_input(group, first, last); });
        call.pool.parallel(parts, [&](Index part) {
          const Index first = panels * part / parts * limits_.blocks;
          const Index last = panels * (part + 1) / parts * limits_.blocks;
          transform_products(group, first, std::min(last, y_.blocks),
                             v + v_floats() + part * m_floats());
        });
      }
    }
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    const Index of_v = groups_ >= threads ? threads : 1;
    return static_cast<std::size_t>(of_v * v_floats() + threads * m_floats()) * sizeof(float);
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && operands_.has_residual;
  }
  std::string name() const override {
    return kernel_name(op_.winograd == 4 ? "conv_winograd4" : "conv_winograd2", isa_);
  }
  std::optional<ops::Tunable> tunable() const override { return cpu::tunable(size(), layer()); }

 private:
  std::string layer() const { return layer_name(name(), operands_, threads_); }
  WinogradSize size() const {
    return {points(), tiles_, x_.blocks, y_.blocks, limits_.pixels, threads_};
  }

  void choose_groups(const WinogradChoice& choice) {
    slice_ = choice.slice;
    groups_ = (tiles_ + choice.tiles - 1) / choice.tiles;
    group_tiles_ = (tiles_ + groups_ - 1) / groups_;
    v_point_ = x_.blocks * group_tiles_ * numerics::kLanes + kAlias;
    m_point_ = slice_ * group_tiles_ * numerics::kLanes + kAlias;
  }

  Index points() const noexcept { return numerics::winograd_points(op_.winograd); }
  Index v_floats() const noexcept { return points() * v_point_; }
  Index m_floats() const noexcept { return points() * m_point_; }

  WinogradGroup group_of(const Call& call, Index g, float* v) const noexcept {
    const Index first = tiles_ * g / groups_, last = tiles_ * (g + 1) / groups_;
    return {.operands = operands_,
            .tile_rows = tile_rows_,
            .tile_columns = tile_columns_,
            .first = first,
            .count = last - first,
            .v = v,
            .v_point = v_point_,
            .m_point = m_point_,
            .x = operands_.x_data(call),
            .bias = operands_.bias(call),
            .residual = operands_.residual_data(call),
            .y = operands_.y_data(call),
            .finish = finish_};
  }

  void transform_input(const WinogradGroup& g, Index first, Index last) const noexcept {
    const auto transform = ENGINE_KERNEL(isa_, winograd_input_block);
    for (Index block = first; block < last; ++block) transform(op_.winograd, g, block);
  }
  // Outputs of the filter blocks [first, last), slice by slice through `m`.
  void transform_products(const WinogradGroup& g, Index first, Index last,
                          float* m) const noexcept {
    const auto transform = ENGINE_KERNEL(isa_, winograd_output_block);
    for (Index slice = first; slice < last; slice += slice_) {
      const Index end = std::min(slice + slice_, last);
      multiply(g, slice, end, m);
      for (Index block = slice; block < end; ++block)
        transform(op_.winograd, g, block, m + (block - slice) * g.count * numerics::kLanes);
    }
  }

  const float* filters(Index point, Index block) const noexcept {
    return weights_.block(point * y_.blocks + block);
  }

  // M of the filter blocks [first, last): the next panel of filters is fetched meanwhile.
  void multiply(const WinogradGroup& g, Index first, Index last, float* m) const noexcept {
    const Index parts = (g.count + limits_.pixels - 1) / limits_.pixels;
    ConvTileArguments t{};
    t.x_pixel = numerics::kLanes;
    t.y_pixel = numerics::kLanes;
    t.y_block = g.count * numerics::kLanes;
    t.w_block = x_.channels * PackedMatrix::kBlock;
    t.lanes = numerics::kLanes;
    const std::vector<ConvRun>& runs = runs_[g.count - tiles_ / groups_];
    t.runs = runs.data();
    t.runs_end = runs.data() + runs.size() - kRunsAhead;
    t.section_ends = section_ends_.data();
    for (Index p = 0; p < points(); ++p)
      for (Index block = first; block < last; block += limits_.blocks) {
        const Index blocks = std::min(limits_.blocks, last - block);
        const bool more = block + blocks < last;
        const float* next = p + 1 < points() ? filters(p + 1, first) : filters(0, last);
        t.w = filters(p, block);
        const float* ahead = more ? t.w + blocks * t.w_block : next;
        const Index bytes = blocks * t.w_block * Index{sizeof(float)};
        t.ahead_step = blocks * PackedMatrix::kBlock * Index{sizeof(float)} / parts;
        for (Index part = 0; part < parts; ++part) {
          const Index tile = g.count * part / parts, end = g.count * (part + 1) / parts;
          t.x = g.v + p * g.v_point + tile * numerics::kLanes;
          t.y = m + p * g.m_point + ((block - first) * g.count + tile) * numerics::kLanes;
          t.x_next = end < g.count ? t.x + (end - tile) * numerics::kLanes
                                   : g.v + (more ? p : (p + 1) % points()) * g.v_point;
          t.residual = t.y;
          t.bias = t.w;
          t.ahead = reinterpret_cast<const std::byte*>(ahead) + bytes / parts * part;
          functions_[static_cast<std::size_t>((blocks - 1) * limits_.pixels + end - tile - 1)](t);
        }
      }
  }

  ConvOperands operands_;
  const ops::Conv& op_ = operands_.op;
  const ops::BlockedView &x_ = operands_.x, &y_ = operands_.y;
  const PackedMatrix& weights_;
  Isa isa_;
  int threads_;
  ConvTileLimits limits_;
  Index tile_rows_ = 0, tile_columns_ = 0, tiles_ = 0;
  Index groups_ = 1, group_tiles_ = 0, slice_ = 1, v_point_ = 0, m_point_ = 0;
  std::vector<ConvRun> runs_[2];  // for groups of tiles_ / groups_ tiles, and of one more
  std::vector<Index> section_ends_;
  std::vector<ConvTileFunction> functions_;  // by blocks of filters, then by tiles
  ConvFinish finish_{op_.epilogue};
};

}  // namespace

PackedMatrix pack_winograd(const Tensor& weights, Index tile) {
  const Index filters = weights.shape()[0], channels = weights.shape()[1];
  const Index points = numerics::winograd_points(tile), blocks = PackedMatrix::blocks_of(filters);
  constexpr Index kBlock = PackedMatrix::kBlock;
  PackedMatrix packed(channels, points * blocks * kBlock);
  const float* w = weights.values<float>().data();
  float u[kBlock][numerics::kMostWinogradPoints] = {};
  for (Index block = 0; block < blocks; ++block)
    for (Index c = 0; c < channels; ++c) {
      for (Index i = 0; i < kBlock; ++i) {
        const Index m = block * kBlock + i;
        if (m < filters) numerics::winograd_filter(tile, w + (m * channels + c) * 9, u[i]);
        else std::fill_n(u[i], points, 0.0f);
      }
      for (Index p = 0; p < points; ++p) {
        float* to = packed.block(p * blocks + block) + c * kBlock;
        for (Index i = 0; i < kBlock; ++i) to[i] = u[i][p];
      }
    }
  return packed;
}

std::unique_ptr<Kernel> bind_conv_winograd(const Binding& binding, const PackedMatrix& weights,
                                           Isa isa) {
  return std::make_unique<WinogradKernel>(binding, weights, isa);
}

}  // namespace engine::cpu
#endif
