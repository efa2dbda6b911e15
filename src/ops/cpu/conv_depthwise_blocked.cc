// Depthwise Conv on the CPU, blocked (ops/layout.h): 16 channels in the lanes. Each output is one
// fused chain from +0 over the taps.
//
// A row of outputs is cut in nearly equal tiles of neighbours, whose sums lie in registers. Where
// taps lie side by side, a pixel is read once for all sums of a kernel row that it enters.
#define ENGINE_ISA_FILE "ops/cpu/conv_depthwise_blocked.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/blocked_rows.h"
#include "ops/cpu/conv_depthwise_blocked.h"
#include "ops/cpu/conv_operands.h"
#include "ops/cpu/conv_tile.h"

#ifndef ENGINE_CPU_DEPTHWISE_BLOCKED
#define ENGINE_CPU_DEPTHWISE_BLOCKED
namespace engine::cpu {

/// Tiles of one block of channels: `tiles` neighbours in each of `rows`. Steps are in floats.
struct DepthwiseTiles {
  const float* x;                ///< the first tap of the first output
  Index x_row, x_pixel;          ///< from an output to the one below, and to its neighbour
  const Index* taps;             ///< offsets
  Index tap_count, tap_row;      ///< tap_row: from a row of taps to the next
  const float* w;                ///< [taps][16]
  const float *bias, *residual;  ///< or null
  Index residual_row;
  float* y;
  Index y_row, y_pixel;
  Index rows, tiles, lanes;
  Index bias_lanes;            ///< at most `lanes`, which counts those in memory
  float low, high;             ///< infinite where there is no bound
  const ops::Epilogue* other;  ///< an activation other than bounds, or null
};
using DepthwiseFunction = void (*)(const DepthwiseTiles&) noexcept;

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

inline constexpr int kMostDepthwisePixels = ENGINE_ISA_ID == 0 ? 1 : 8;

/// Filters of any form, tap by tap. A block of fewer than 16 channels (not full) ends inside a
/// vector.
template <bool kIsFull>
struct AnyTaps {
  static constexpr bool kFull = kIsFull;
  template <int kPixels>
  static ENGINE_INLINE void sum(const DepthwiseTiles& t, const float* x, int part,
                                Reg (&sums)[kPixels]) {
    const int count = static_cast<int>(t.lanes) - part * kRegLanes;
    const float* w = t.w + part * kRegLanes;
#pragma GCC unroll 1
    for (Index tap = 0; tap < t.tap_count; ++tap, w += kVecLanes) {
      const Reg weight = reg_load(w);
      const float* from = x + t.taps[tap];
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p) {
        const float* at = from + p * t.x_pixel;
        const Reg pixel = kFull ? reg_load(at) : reg_load_n(at, count, reg_fill(0.0f));
        sums[p] = reg_fma(pixel, weight, sums[p]);
      }
    }
  }
};

/// Rows of kColumns taps side by side, of full blocks.
template <int kColumns, int kStride>
struct TapRows {
  static constexpr bool kFull = true;
  template <int kPixels>
  static ENGINE_INLINE void sum(const DepthwiseTiles& t, const float* x, int part,
                                Reg (&sums)[kPixels]) {
    const float* w = t.w + part * kRegLanes;
    const float* end = w + t.tap_count * kVecLanes;
#pragma GCC unroll 1
    for (; w != end; w += kColumns * kVecLanes, x += t.tap_row) {
      Reg weights[kColumns];
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) weights[c] = reg_load(w + c * kVecLanes);
#pragma GCC unroll 32
      for (int q = 0; q < (kPixels - 1) * kStride + kColumns; ++q) {
        Reg pixel = reg_load(x + q * kVecLanes);
        reg_keep(pixel);
#pragma GCC unroll 8
        for (int c = 0; c < kColumns; ++c) {
          const int p = (q - c) / kStride;
          if (q >= c && (q - c) % kStride == 0 && p < kPixels)
            sums[p] = reg_fma(pixel, weights[c], sums[p]);
        }
      }
    }
  }
};

/// Bias, residual and activation of any kind.
template <int kPixels>
ENGINE_INLINE void finish_any(const DepthwiseTiles& t, const float (&sums)[kPixels][kVecLanes],
                              const Vec& bias, const float* residual, float* y) {
  const TileEpilogue e{nullptr, nullptr, t.other->activation, t.other->a, t.other->b};
#pragma GCC unroll 1
  for (int p = 0; p < kPixels; ++p)
    finish(load(sums[p]), &bias, residual ? residual + p * t.y_pixel : nullptr, e, t.lanes,
           y + p * t.y_pixel);
}

/// Bias, residual and bounds, of one register of each pixel.
template <bool kFull, int kPixels>
ENGINE_INLINE void finish_bounds(const DepthwiseTiles& t, const Reg (&sums)[kPixels], Reg bias,
                                 int part, const float* residual, float* y) {
  const int at = part * kRegLanes, count = static_cast<int>(t.lanes) - at;
  const Reg low = reg_fill(t.low), high = reg_fill(t.high), none = reg_fill(0.0f);
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) {
    Reg sum = reg_add(sums[p], bias);
    if (residual) {
      const float* from = residual + p * t.y_pixel + at;
      sum = reg_add(sum, kFull ? reg_load(from) : reg_load_n(from, count, none));
    }
    sum = reg_min_or_second(high, reg_max_or_second(low, sum));
    if constexpr (kFull) reg_store(y + p * t.y_pixel + at, sum);
    else reg_store_n(y + p * t.y_pixel + at, count, sum);
  }
}

template <class Taps, int kPixels>
ENGINE_INLINE void depthwise_tile(const DepthwiseTiles& t, const Vec& bias, const float* x,
                                  const float* residual, float* y) {
  float raw[kPixels][kVecLanes];
#pragma GCC unroll 1
  for (int part = 0; part < kRegs; ++part) {
    Reg sums[kPixels];
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) sums[p] = reg_fill(0.0f);
    Taps::template sum<kPixels>(t, x + part * kRegLanes, part, sums);
    if (!t.other) {
      finish_bounds<Taps::kFull>(t, sums, bias.r[part], part, residual, y);
      continue;
    }
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) reg_store(&raw[p][part * kRegLanes], sums[p]);
  }
  if (t.other) finish_any(t, raw, bias, residual, y);
}

template <class Taps, int kPixels>
void depthwise_tiles(const DepthwiseTiles& t) noexcept {
  // Adding -0 changes nothing, so that no bias needs no text of its own.
  const Vec bias = t.bias ? load(t.bias, t.bias_lanes, 0.0f) : fill(-0.0f);
  for (Index row = 0; row < t.rows; ++row) {
    const float* x = t.x + row * t.x_row;
    const float* residual = t.residual ? t.residual + row * t.residual_row : nullptr;
    float* y = t.y + row * t.y_row;
    for (Index tile = 0; tile < t.tiles; ++tile) {
      depthwise_tile<Taps, kPixels>(t, bias, x, residual, y);
      x += kPixels * t.x_pixel;
      y += kPixels * t.y_pixel;
      if (residual) residual += kPixels * t.y_pixel;
    }
  }
}

template <class Taps, int kPixels>
DepthwiseFunction depthwise_of(Index pixels) noexcept {
  if (pixels == kPixels) return depthwise_tiles<Taps, kPixels>;
  if constexpr (kPixels > 1) return depthwise_of<Taps, kPixels - 1>(pixels);
  return nullptr;
}

Index most_depthwise_pixels() noexcept { return kMostDepthwisePixels; }

/// For tiles of `pixels`. `columns` taps side by side for outputs `stride` apart, or 0: any taps.
DepthwiseFunction depthwise_function(Index columns, Index stride, bool full,
                                     Index pixels) noexcept {
  constexpr int kMost = kMostDepthwisePixels;
  if (full && stride == 1 && columns == 3) return depthwise_of<TapRows<3, 1>, kMost>(pixels);
  if (full && stride == 2 && columns == 3) return depthwise_of<TapRows<3, 2>, kMost>(pixels);
  if (full && stride == 1 && columns == 5) return depthwise_of<TapRows<5, 1>, kMost>(pixels);
  if (full && stride == 2 && columns == 5) return depthwise_of<TapRows<5, 2>, kMost>(pixels);
  return full ? depthwise_of<AnyTaps<true>, kMost>(pixels)
              : depthwise_of<AnyTaps<false>, kMost>(pixels);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class BlockedDepthwiseKernel final : public Kernel {
 public:
  BlockedDepthwiseKernel(const Binding& binding, const PackedMatrix& weights, Isa isa)
      : operands_(binding), weights_(weights), isa_(isa) {
    const ConvOperands& o = operands_;
    for (Index row = 0; row < o.kernel_rows; ++row)
      for (Index column = 0; column < o.kernel_columns; ++column)
        taps_.push_back(row * o.dilation_y * o.x.row() + column * o.dilation_x * o.x.block);
    cut_rows();
    describe();
  }

  Fault run(const Call& call) const noexcept override {
    const ops::BlockedView& y = operands_.y;
    const Index each = y.width * y.block * std::ssize(taps_);
    for_each_rows(call.pool, y, operands_.y_data(call), each,
                  [&](Index n, Index j, Index first, Index last) {
                    if (wider_ == 0) return run_rows(call, n, j, first, last);
                    for (; first < last; ++first) run_rows(call, n, j, first, first + 1);
                  });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && operands_.has_residual;
  }
  std::string name() const override { return kernel_name("conv_depthwise_blocked", isa_); }

 private:
  // Rows in nearly equal tiles, the wider ones first.
  void cut_rows() {
    const ConvOperands& o = operands_;
    const Index most = ENGINE_KERNEL(isa_, most_depthwise_pixels)();
    parts_ = (o.y.width + most - 1) / most;
    pixels_ = o.y.width / parts_;
    wider_ = o.y.width % parts_;
    const bool full = o.x.block == PackedMatrix::kBlock;
    const Index columns = o.dilation_x == 1 ? o.kernel_columns : 0;
    const auto function = ENGINE_KERNEL(isa_, depthwise_function);
    function_ = function(columns, o.stride_x, full, pixels_);
    if (wider_ > 0) wider_function_ = function(columns, o.stride_x, full, pixels_ + 1);
  }

  // What all tiles have in common.
  void describe() {
    const ConvOperands& o = operands_;
    tiles_.x_row = o.stride_y * o.x.row();
    tiles_.x_pixel = o.stride_x * o.x.block;
    tiles_.taps = taps_.data();
    tiles_.tap_count = std::ssize(taps_);
    tiles_.tap_row = o.dilation_y * o.x.row();
    tiles_.residual_row = o.has_residual ? o.residual.row() : 0;
    tiles_.y_row = o.y.row();
    tiles_.y_pixel = tiles_.lanes = o.y.block;
    const ConvFinish finish(o.op.epilogue);
    tiles_.low = finish.low;
    tiles_.high = finish.high;
    tiles_.other = finish.is_other ? finish.epilogue : nullptr;
  }

  // Rows [first, last) of a block of channels: the wider tiles, then the others.
  void run_rows(const Call& call, Index n, Index j, Index first, Index last) const noexcept {
    const ConvOperands& o = operands_;
    const float *bias = o.bias(call), *residual = o.residual_data(call);
    DepthwiseTiles t = tiles_;
    t.x = o.x_data(call) + o.window(n, j, first, 0);
    t.w = weights_.block(j);
    t.bias = bias ? bias + j * o.y.block : nullptr;
    t.bias_lanes = o.y.lanes(j);
    t.residual = residual ? residual + o.residual.offset(n, j, first, 0) : nullptr;
    t.y = o.y_data(call) + o.y.offset(n, j, first, 0);
    t.rows = last - first;
    if (wider_ > 0) {
      t.tiles = wider_;
      wider_function_(t);
      const Index done = wider_ * (pixels_ + 1);
      t.x += done * t.x_pixel;
      t.y += done * t.y_pixel;
      if (residual) t.residual += done * t.y_pixel;
    }
    t.tiles = parts_ - wider_;
    function_(t);
  }

  ConvOperands operands_;
  const PackedMatrix& weights_;
  Isa isa_;
  std::vector<Index> taps_;
  Index parts_ = 0, pixels_ = 0, wider_ = 0;  // tiles of a row; those of one pixel more
  DepthwiseFunction function_ = nullptr, wider_function_ = nullptr;
  DepthwiseTiles tiles_ = {};
};

}  // namespace

bool has_filter_per_channel(const ops::Conv& op, const Shape& weights) {
  return op.group > 1 && weights[1] == 1 && weights[0] == op.group && weights.size() <= 4;
}

PackedMatrix pack_depthwise(const Tensor& weights) {
  const Index channels = weights.shape()[0], taps = product(weights.shape(), 2, weights.rank());
  PackedMatrix packed(taps, channels);
  for (Index j = 0; j < packed.blocks(); ++j)
    pack_block(weights.values<float>().data(), 1, taps, taps, channels, j, packed.block(j));
  return packed;
}

std::unique_ptr<Kernel> bind_depthwise_blocked(const Binding& binding, const PackedMatrix& weights,
                                               Isa isa) {
  return std::make_unique<BlockedDepthwiseKernel>(binding, weights, isa);
}

}  // namespace engine::cpu
#endif
