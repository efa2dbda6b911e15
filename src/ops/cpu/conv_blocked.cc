// Conv on the CPU, blocked (ops/layout.h): direct convolution without any gathering.
//
//   X  [batch][C blocks][rows][columns][16]   with +0 around it
//   W  [filter blocks][K][16]                 K in the order of the contract
//   Y  as X, blocks of filters
//
// A register tile is kRows x kWidth output pixels times NV blocks of filters; each output is one
// sum over K in fused chains from +0. Pixels are broadcast from X, filters lie in the lanes. Tiles,
// loop order and prefetching do not touch the order of a sum.
#define ENGINE_ISA_FILE "ops/cpu/conv_blocked.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/conv_blocked.h"
#include "ops/cpu/conv_choice.h"
#include "ops/cpu/conv_depthwise_blocked.h"
#include "ops/cpu/conv_operands.h"
#include "ops/cpu/conv_tile.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

// Accumulators leave two registers free at least.
#if ENGINE_ISA_ID == 2
inline constexpr int kMostPixels = 14, kMostBlocks = 2;
#elif ENGINE_ISA_ID == 0
inline constexpr int kMostPixels = 1, kMostBlocks = 1;
#else
inline constexpr int kMostPixels = 6, kMostBlocks = 1;
#endif

ConvTileLimits tile_limits(Index blocks) noexcept {
#if ENGINE_ISA_ID == 2
  if (blocks == 3) return {9, 3};  // one pass over the pixels instead of two
#endif
  return {kMostPixels, std::min<Index>(kMostBlocks, blocks)};
}

/// Bias, residual and bounds, each in one pass over the registers of a tile: what is absent costs a
/// branch for all of them.
template <int kWidth, int kPixels, int kColumns>
ENGINE_INLINE void finish_registers(const ConvTileArguments& t, Reg (&acc)[kPixels][kColumns]) {
  const auto each = [&](const auto& of) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 16
      for (int v = 0; v < kColumns; ++v) acc[p][v] = of(p, v);
  };
  if (t.has_bias)
    each([&](int p, int v) { return reg_add(acc[p][v], reg_load(t.bias + v * kRegLanes)); });
  if (t.has_residual)
    each([&](int p, int v) {
      const float* r = t.residual + p / kWidth * t.residual_row + p % kWidth * t.residual_pixel;
      return reg_add(acc[p][v], reg_load(r + v / kRegs * t.residual_block + v % kRegs * kRegLanes));
    });
  if (t.finish.has_low) {
    const Reg low = reg_fill(t.finish.low);
    each([&](int p, int v) { return reg_max_or_second(low, acc[p][v]); });
  }
  if (t.finish.has_high) {
    const Reg high = reg_fill(t.finish.high);
    each([&](int p, int v) { return reg_min_or_second(high, acc[p][v]); });
  }
}

/// The general form, for other activations than bounds and for pixels of fewer than 16 channels:
/// sums [pixels][blocks][16] lie in memory.
[[gnu::noinline]] void finish_tile(const ConvTileArguments& t, Index pixels, Index width,
                                   Index blocks, const float* sums) noexcept {
  const ops::Epilogue& epilogue = *t.finish.epilogue;
  const TileEpilogue e{nullptr, nullptr, epilogue.activation, epilogue.a, epilogue.b};
  for (Index p = 0; p < pixels; ++p)
    for (Index b = 0; b < blocks; ++b, sums += kVecLanes) {
      const Vec bias = t.has_bias ? load(t.bias + b * kVecLanes) : fill(0.0f);
      const Index row = p / width, column = p % width;
      const float* residual =
          t.residual + row * t.residual_row + column * t.residual_pixel + b * t.residual_block;
      finish(load(sums), t.has_bias ? &bias : nullptr, t.has_residual ? residual : nullptr, e,
             t.lanes, t.y + row * t.y_row + column * t.y_pixel + b * t.y_block);
    }
}

/// Residual and y, which are far away in general, and wanted when the sums are there.
template <int kPixels, int kWidth, int kBlocks>
ENGINE_INLINE void fetch_ends(const ConvTileArguments& t) {
  if (t.has_residual) {
#pragma GCC unroll 1
    for (int b = 0; b < kBlocks; ++b)
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p)
        __builtin_prefetch(t.residual + p / kWidth * t.residual_row +
                           p % kWidth * t.residual_pixel + b * t.residual_block);
  }
  if (t.fetches_y) {
#pragma GCC unroll 1
    for (int b = 0; b < kBlocks; ++b)
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p)
        __builtin_prefetch(t.y + p / kWidth * t.y_row + p % kWidth * t.y_pixel + b * t.y_block, 1);
  }
}

/// All sums begin at +0.
template <int kPixels, int kColumns>
ENGINE_INLINE void clear(Reg (&acc)[kPixels][kColumns]) {
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < kColumns; ++v) acc[p][v] = reg_fill(0.0f);
}
template <int kPixels, int kColumns>
ENGINE_INLINE void store_registers(const Reg (&acc)[kPixels][kColumns], float* to) {
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < kColumns; ++v) reg_store(to + (p * kColumns + v) * kRegLanes, acc[p][v]);
}
template <int kPixels, int kColumns>
ENGINE_INLINE void load_registers(const float* from, Reg (&acc)[kPixels][kColumns]) {
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < kColumns; ++v) acc[p][v] = reg_load(from + (p * kColumns + v) * kRegLanes);
}

/// Where a tile stands in its sums.
struct ConvTileTerms {
  const ConvRun* run;
  const float* w;
  const std::byte* ahead;
};

/// acc[p][v] += the terms of the runs up to `last`, fused.
template <int kWidth, int kPixels, int kColumns>
ENGINE_INLINE void add_runs(const ConvTileArguments& t, const ConvRun* last, ConvTileTerms& at,
                            Reg (&acc)[kPixels][kColumns]) {
  const float* w = at.w;
  const std::byte* ahead = at.ahead;
  const Index x_pixel = t.x_pixel, x_row = t.x_row, w_block = t.w_block, step = t.ahead_step;
  for (const ConvRun* run = at.run; run != last; ++run) {
    const float* x = t.x + run->offset;
    if (run->count >= kVecLanes) {  // shorter ones are over too soon, and lie close together
      const ConvRun* later = run + kRunsAhead;
      const float* fetched = (later < t.runs_end ? t.x : t.x_next) + later->offset;
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p)
        __builtin_prefetch(fetched + p / kWidth * x_row + p % kWidth * x_pixel);
    }
#pragma GCC unroll 1
    for (Index k = 0; k < run->count; ++k, ++x, w += kVecLanes, ahead += step) {
      Reg columns[kColumns];
#pragma GCC unroll 16
      for (int v = 0; v < kColumns; ++v)
        columns[v] = reg_load(w + v / kRegs * w_block + v % kRegs * kRegLanes);
      __builtin_prefetch(ahead, 0, 2);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const Reg pixel = reg_fill(x[p / kWidth * x_row + p % kWidth * x_pixel]);
#pragma GCC unroll 16
        for (int v = 0; v < kColumns; ++v) acc[p][v] = reg_fma(pixel, columns[v], acc[p][v]);
      }
    }
  }
  at = {last, w, ahead};
}

/// Adds the section from `at` up to `last` to `sums` [kPixels][kColumns registers].
template <int kWidth, int kPixels, int kColumns>
[[gnu::noinline]] void add_section(const ConvTileArguments& t, const ConvRun* last,
                                   ConvTileTerms& at, float* sums) noexcept {
  Reg acc[kPixels][kColumns];
  clear(acc);
  add_runs<kWidth>(t, last, at, acc);
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 16
    for (int v = 0; v < kColumns; ++v) {
      float* sum = sums + (p * kColumns + v) * kRegLanes;
      reg_store(sum, reg_add(reg_load(sum), acc[p][v]));
    }
}

/// What follows the sums.
template <int kWidth, int kBlocks, int kPixels, int kColumns>
ENGINE_INLINE void end_tile(const ConvTileArguments& t, Reg (&acc)[kPixels][kColumns]) {
  if (!t.finish.is_other && t.lanes == kVecLanes) {
    finish_registers<kWidth>(t, acc);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      float* y = t.y + p / kWidth * t.y_row + p % kWidth * t.y_pixel;
#pragma GCC unroll 16
      for (int v = 0; v < kColumns; ++v)
        reg_store(y + v / kRegs * t.y_block + v % kRegs * kRegLanes, acc[p][v]);
    }
    return;
  }
  float sums[kPixels * kColumns * kRegLanes];
  store_registers(acc, sums);
  finish_tile(t, kPixels, kWidth, kBlocks, sums);
}

/// A tile whose sums have several sections.
template <int kRows, int kWidth, int kBlocks>
[[gnu::noinline]] void long_tile(const ConvTileArguments& t) noexcept {
  constexpr int kPixels = kRows * kWidth, kColumns = kBlocks * kRegs;
  float sums[kPixels * kColumns * kRegLanes];
  std::fill_n(sums, std::size(sums), -0.0f);  // to which any section adds as it is
  ConvTileTerms at{t.runs, t.w, t.ahead};
  for (const Index* end = t.section_ends; at.run != t.runs_end; ++end)
    add_section<kWidth, kPixels, kColumns>(t, t.runs + *end, at, sums);
  Reg acc[kPixels][kColumns];
  load_registers(sums, acc);
  end_tile<kWidth, kBlocks>(t, acc);
}

template <int kRows, int kWidth, int kBlocks>
void conv_tile(const ConvTileArguments& t) noexcept {
  constexpr int kPixels = kRows * kWidth, kColumns = kBlocks * kRegs;
  fetch_ends<kPixels, kWidth, kBlocks>(t);
  // A function of its own, for the registers of the short sums.
  if (t.runs + t.section_ends[0] != t.runs_end) return long_tile<kRows, kWidth, kBlocks>(t);
  Reg acc[kPixels][kColumns];
  clear(acc);
  ConvTileTerms at{t.runs, t.w, t.ahead};
  add_runs<kWidth>(t, t.runs_end, at, acc);
  end_tile<kWidth, kBlocks>(t, acc);
}

template <int kRows, int kBlocks, int kWidth>
ConvTileFunction conv_tile_of(Index width) noexcept {
  if (width == kWidth) return conv_tile<kRows, kWidth, kBlocks>;
  if constexpr (kWidth > 1) return conv_tile_of<kRows, kBlocks, kWidth - 1>(width);
  return nullptr;
}

ConvTileFunction tile_function(Index rows, Index width, Index blocks) noexcept {
  constexpr int kHalf = kMostPixels > 1 ? kMostPixels / 2 : 1;
#if ENGINE_ISA_ID == 2
  if (blocks == 3) return rows == 1 ? conv_tile_of<1, 3, 9>(width) : conv_tile_of<2, 3, 4>(width);
#endif
  if constexpr (kMostBlocks > 1)
    if (blocks > 1)
      return rows == 1 ? conv_tile_of<1, kMostBlocks, kMostPixels>(width)
                       : conv_tile_of<2, kMostBlocks, kHalf>(width);
  return rows == 1 ? conv_tile_of<1, 1, kMostPixels>(width) : conv_tile_of<2, 1, kHalf>(width);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

// A group of output pixels of one image.
struct Tile {
  Index row, column, rows, width;
};

// An image cut in tiles: rows in nearly equal parts that fit the registers, short rows in pairs.
class TileGrid {
 public:
  TileGrid() = default;
  TileGrid(Index height, Index width, Index most)
      : height_(height),
        parts_((width + most - 1) / most),
        width_(width / parts_),
        wider_(width % parts_),
        together_(most > 1 && 2 * width <= most ? 2 : 1) {}

  Index count() const noexcept { return (height_ + together_ - 1) / together_ * parts_; }
  Tile at(Index row_of_tiles, Index part) const noexcept {
    const Index row = row_of_tiles * together_;
    return {row, part * width_ + std::min(part, wider_), std::min(together_, height_ - row),
            width_ + (part < wider_ ? 1 : 0)};
  }

  // Tiles of one image after the other; moving on divides nothing.
  class Cursor {
   public:
    Cursor(const TileGrid& grid, Index i)
        : grid_(&grid),
          rows_(grid.count() / grid.parts_),
          image_(i / grid.count()),
          row_(i % grid.count() / grid.parts_),
          part_(i % grid.parts_) {}
    Index image() const noexcept { return image_; }
    Tile tile() const noexcept { return grid_->at(row_, part_); }
    bool begins_image() const noexcept { return row_ == 0 && part_ == 0; }
    void operator++() noexcept {
      if (++part_ < grid_->parts_) return;
      part_ = 0;
      if (++row_ < rows_) return;
      row_ = 0;
      ++image_;
    }

   private:
    const TileGrid* grid_;
    Index rows_, image_, row_, part_;
  };

 private:
  Index height_ = 0, parts_ = 1, width_ = 0, wider_ = 0, together_ = 1;
};

class BlockedConvKernel final : public Kernel {
 public:
  BlockedConvKernel(const Binding& binding, const PackedMatrix& weights, Isa isa)
      : operands_(binding), weights_(weights), isa_(isa), threads_(binding.threads) {
    flatten();
    const ConvChoice choice = make_choice(size(), ops::find_choice(binding.tuning, layer()));
    limits_ = {choice.pixels, choice.blocks};
    group_ = choice.group;
    parts_tiles_ = parts_tiles(size(), choice);
    tiles_ = TileGrid(y_.height, y_.width, limits_.pixels);
    list_runs();
    panels_ = (y_.blocks + limits_.blocks - 1) / limits_.blocks;
    const Index last_blocks = y_.blocks - (panels_ - 1) * limits_.blocks;
    for (Index rows = 1; rows <= 2; ++rows)
      for (Index width = 1; width <= limits_.pixels; ++width) {
        full_.push_back(conv_tile_function(isa, rows, width, limits_.blocks));
        last_.push_back(conv_tile_function(isa, rows, width, last_blocks));
      }
  }

  Fault run(const Call& call) const noexcept override {
    const Index tiles = y_.batch * tiles_.count(), threads = call.pool.concurrency();
    const Index all = parts_tiles_ ? tiles : panels_, parts = std::min(all, threads);
    call.pool.parallel(parts, [&](Index part) {
      const Index first = all * part / parts, last = all * (part + 1) / parts;
      if (parts_tiles_) run_tiles(call, first, last, 0, panels_);
      else run_tiles(call, 0, tiles, first, last);
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && operands_.has_residual;
  }
  std::string name() const override { return kernel_name("conv_blocked", isa_); }
  std::optional<ops::Tunable> tunable() const override { return cpu::tunable(size(), layer()); }

 private:
  std::string layer() const { return layer_name(name(), operands_, threads_); }
  ConvSize size() const {
    return {.isa = isa_,
            .batch = y_.batch,
            .height = y_.height,
            .width = y_.width,
            .filter_blocks = y_.blocks,
            .weight_floats = weights_.k * weights_.n,
            .window_floats = std::min(x_.image(), y_.height * y_.width * weights_.k),
            .threads = threads_};
  }

  // Where pixels of input and output follow one another without gaps, an image is one row.
  void flatten() {
    ConvOperands& o = operands_;
    const bool same = o.kernel_rows * o.kernel_columns == 1 && x_.height == y_.height &&
                      x_.width == y_.width && o.pad_y == 0 && o.pad_x == 0;
    const bool gapless = x_.border == ops::Border{} && y_.border == ops::Border{} &&
                         (!o.has_residual || o.residual.border == ops::Border{});
    if (!same || !gapless) return;
    for (ops::BlockedView* view : {&o.x, &o.y, &o.residual}) {
      view->width *= view->height;
      view->height = 1;
    }
    o.stride_y = 1;
  }

  void list_runs() {
    const ConvOperands& o = operands_;
    const Index section =
        numerics::section_channels(o.kernel_rows * o.kernel_columns) / numerics::kLanes;
    for (Index j = 0; j < x_.blocks; ++j) {
      bool begins_section = j % section == 0;
      if (begins_section && j > 0) section_ends_.push_back(std::ssize(runs_));
      for (Index row = 0; row < o.kernel_rows; ++row)
        for (Index column = 0; column < o.kernel_columns; ++column) {
          const Index offset =
              j * x_.plane() + row * o.dilation_y * x_.row() + column * o.dilation_x * x_.block;
          const Index lanes = x_.lanes(j);
          const bool follows =
              !begins_section && runs_.back().offset + runs_.back().count == offset;
          begins_section = false;
          if (follows) runs_.back().count += lanes;
          else runs_.push_back({offset, lanes});
        }
    }
    section_ends_.push_back(std::ssize(runs_));
    repeat_first(runs_);
  }

  // Tiles [tile, last) with the panels [first, end) of filters, group by group. While a panel
  // passes over a group the next one is fetched, and each tile fetches the first pixels of the
  // next.
  void run_tiles(const Call& call, Index tile, Index last, Index first, Index end) const noexcept {
    ConvTileArguments t = arguments(call);
    float last_bias[kMostTileBlocks * PackedMatrix::kBlock] = {};
    const float *bias = operands_.bias(call), *x = operands_.x_data(call);
    if (bias) copy_last_bias(bias, last_bias);
    const Index step = limits_.blocks * PackedMatrix::kBlock * Index{sizeof(float)};
    const Index bytes = weights_.k * step;  // of a panel
    TileGrid::Cursor group(tiles_, tile), next = group;
    for (; tile < last; tile += group_) {
      const Index count = std::min(group_, last - tile);
      const Index advance = bytes / count;
      const float* first_x = x + window(group);
      t.ahead_step = step / count;
      t.x_next = first_x;
      for (Index panel = first; panel < end; ++panel) {
        const float* w = weights_.block(panel * limits_.blocks);
        t.ahead = reinterpret_cast<const std::byte*>(w) + bytes;
        if (bias)
          t.bias = panel + 1 < panels_ ? bias + panel * limits_.blocks * y_.block : last_bias;
        next = group;
        for (Index i = 1; i <= count; ++i, t.ahead += advance) {
          const TileGrid::Cursor cursor = next;
          ++next;
          t.x = t.x_next;
          if (i == count && panel + 1 < end) t.x_next = first_x;
          else if (tile + i < last) t.x_next = x + window(next);
          run_tile(call, cursor, panel, t);
        }
      }
      group = next;
    }
  }
  Index window(const TileGrid::Cursor& cursor) const noexcept {
    const Tile tile = cursor.tile();
    return operands_.window(cursor.image(), 0, tile.row, tile.column);
  }

  // Tiles read whole vectors of bias, of which the last one may not be full.
  void copy_last_bias(const float* bias, float* to) const noexcept {
    const Index first = (panels_ - 1) * limits_.blocks * y_.block;
    std::copy_n(bias + first, y_.channels - first, to);
  }

  // What all tiles have in common.
  ConvTileArguments arguments(const Call& call) const noexcept {
    ConvTileArguments t;
    t.x_pixel = operands_.stride_x * x_.block;
    t.x_row = operands_.stride_y * x_.row();
    t.runs = runs_.data();
    t.runs_end = runs_.data() + runs_.size() - kRunsAhead;
    t.section_ends = section_ends_.data();
    t.w_block = weights_.k * PackedMatrix::kBlock;
    t.has_bias = operands_.has_bias;
    t.lanes = y_.block;
    t.y_pixel = y_.block;
    t.y_row = y_.row();
    t.y_block = y_.plane();
    const ops::BlockedView& r = operands_.residual;
    t.has_residual = operands_.residual_data(call) != nullptr;
    t.residual_pixel = r.block;
    t.residual_row = r.row();
    t.residual_block = r.plane();
    // Short sums end before their stores have found their lines.
    constexpr Index kShort = 64;
    t.fetches_y = weights_.k < kShort;
    t.finish = finish_;
    return t;
  }

  void run_tile(const Call& call, const TileGrid::Cursor& cursor, Index panel,
                ConvTileArguments& t) const noexcept {
    const Tile tile = cursor.tile();
    const Index n = cursor.image(), first = panel * limits_.blocks;
    const Index blocks = std::min(limits_.blocks, y_.blocks - first);
    float* y = operands_.y_data(call);
    if (cursor.begins_image())
      for (Index j = first; j < first + blocks; ++j) y_.clear_border(y, n, j);
    t.w = weights_.block(first);
    t.y = y + y_.offset(n, first, tile.row, tile.column);
    t.residual = t.has_residual ? operands_.residual_data(call) +
                                      operands_.residual.offset(n, first, tile.row, tile.column)
                                : t.y;
    const auto function =
        static_cast<std::size_t>((tile.rows - 1) * limits_.pixels + tile.width - 1);
    (panel + 1 < panels_ ? full_ : last_)[function](t);
  }

  ConvOperands operands_;
  const ops::BlockedView &x_ = operands_.x, &y_ = operands_.y;
  ConvFinish finish_{operands_.op.epilogue};
  const PackedMatrix& weights_;
  Isa isa_;
  int threads_;
  bool parts_tiles_ = false;
  ConvTileLimits limits_;  // that were chosen
  TileGrid tiles_;
  // By rows and width: for a panel of filters, and for the last one.
  std::vector<ConvTileFunction> full_, last_;
  std::vector<ConvRun> runs_;
  std::vector<Index> section_ends_;
  Index panels_ = 0, group_ = 1;
};

}  // namespace

ConvTileLimits conv_tile_limits(Isa isa, Index blocks) {
  return ENGINE_KERNEL(isa, tile_limits)(blocks);
}

ConvTileFunction conv_tile_function(Isa isa, Index rows, Index width, Index blocks) {
  return ENGINE_KERNEL(isa, tile_function)(rows, width, blocks);
}

ops::LayoutOffer offer_conv(const Binding& binding) {
  const auto& op = static_cast<const ops::Conv&>(binding.op);
  const ops::Input &x = binding.in[ops::Conv::kX], &w = binding.in[ops::Conv::kWeights];
  const bool depthwise = has_filter_per_channel(op, w.shape());
  if (!binding.packed || (op.group != 1 && !depthwise) || x.dtype != DType::kFloat32 ||
      !ops::can_block(x.shape()) || !ops::can_block(binding.out[0].shape()))
    return {};
  ops::LayoutOffer offer{.inputs = 1u << ops::Conv::kX, .output = true, .preferred = !depthwise};
  if (op.epilogue.residual) offer.inputs |= 1u << ops::Conv::kResidual;
  offer.border = ops::conv_border(binding);
  return ops::is_modest(offer.border, x.shape()) ? offer : ops::LayoutOffer{};
}

std::unique_ptr<Kernel> bind_conv_blocked(const Binding& binding, const PackedMatrix& weights,
                                          Isa isa) {
  return std::make_unique<BlockedConvKernel>(binding, weights, isa);
}

}  // namespace engine::cpu
#endif
