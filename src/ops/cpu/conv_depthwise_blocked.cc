// Depthwise Conv on the CPU, blocked (ops/layout.h): 16 channels in the lanes, a row of pixels at a
// time. Each output is one fused chain from +0 over the taps.
#define ENGINE_ISA_FILE "ops/cpu/conv_depthwise_blocked.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/blocked_rows.h"
#include "ops/cpu/conv_depthwise_blocked.h"
#include "ops/cpu/conv_operands.h"

#ifndef ENGINE_CPU_DEPTHWISE_BLOCKED
#define ENGINE_CPU_DEPTHWISE_BLOCKED
namespace engine::cpu {

/// One row of outputs of one block of channels.
struct DepthwiseRow {
  const float* x;  ///< the first tap of the first output
  Index x_pixel;
  const Index* taps;  ///< offsets
  Index tap_count;
  const float* w;                ///< [taps][16]
  const float *bias, *residual;  ///< or null
  float* y;
  Index y_pixel, width, lanes;
  const ops::Epilogue* epilogue;
};

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

/// kPixels outputs from `column` on. Blocks of fewer than 16 channels (not kFull) end inside a
/// vector.
template <int kPixels, bool kFull>
ENGINE_INLINE void depthwise_pixels(const DepthwiseRow& r, Index column) {
  Vec sums[kPixels];
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) sums[p] = fill(0.0f);
#pragma GCC unroll 1
  for (Index t = 0; t < r.tap_count; ++t) {
    const Vec w = load(r.w + t * kVecLanes);
    const float* x = r.x + r.taps[t] + column * r.x_pixel;
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) {
      const float* at = x + p * r.x_pixel;
      sums[p] = fma(kFull ? load(at) : load(at, r.lanes, 0.0f), w, sums[p]);
    }
  }
  const TileEpilogue e{nullptr, nullptr, r.epilogue->activation, r.epilogue->a, r.epilogue->b};
  const Vec bias = r.bias ? load(r.bias, r.lanes, 0.0f) : fill(0.0f);
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) {
    const Index to = (column + p) * r.y_pixel;
    finish(sums[p], r.bias ? &bias : nullptr, r.residual ? r.residual + to : nullptr, e, r.lanes,
           r.y + to);
  }
}

template <bool kFull>
ENGINE_INLINE void depthwise_columns(const DepthwiseRow& r) {
  constexpr int kPixels = ENGINE_ISA_ID == 2 ? 8 : ENGINE_ISA_ID == 0 ? 1 : 4;
  Index column = 0;
  for (; column + kPixels <= r.width; column += kPixels)
    depthwise_pixels<kPixels, kFull>(r, column);
  if constexpr (kPixels > 1)
    for (; column < r.width; ++column) depthwise_pixels<1, kFull>(r, column);
}

void depthwise_row(const DepthwiseRow& r) noexcept {
  if (r.lanes == kVecLanes) depthwise_columns<true>(r);
  else depthwise_columns<false>(r);
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
  }

  Fault run(const Call& call) const noexcept override {
    const ConvOperands& o = operands_;
    const float *x = o.x_data(call), *bias = o.bias(call), *residual = o.residual_data(call);
    float* y = o.y_data(call);
    const auto run_row = ENGINE_KERNEL(isa_, depthwise_row);
    const Index each = o.y.width * o.y.block * std::ssize(taps_);
    for_each_row(call.pool, o.y, y, each, [&](Index n, Index j, Index row) {
      run_row({.x = x + o.window(n, j, row, 0),
               .x_pixel = o.stride_x * o.x.block,
               .taps = taps_.data(),
               .tap_count = std::ssize(taps_),
               .w = weights_.block(j),
               .bias = bias ? bias + j * o.y.block : nullptr,
               .residual = residual ? residual + o.residual.offset(n, j, row, 0) : nullptr,
               .y = y + o.y.offset(n, j, row, 0),
               .y_pixel = o.y.block,
               .width = o.y.width,
               .lanes = o.y.lanes(j),
               .epilogue = &o.op.epilogue});
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && operands_.has_residual;
  }
  std::string name() const override { return kernel_name("conv_depthwise_blocked", isa_); }

 private:
  ConvOperands operands_;
  const PackedMatrix& weights_;
  Isa isa_;
  std::vector<Index> taps_;
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
