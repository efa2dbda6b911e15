// Depthwise Conv on the CPU: one input channel per group, over 1 or 2 spatial axes. Each channel is
// copied once to a padded plane, its columns sorted by their remainder modulo the stride, so that
// every tap of 16 neighbouring outputs is one contiguous load and no border needs a branch.
#define ENGINE_ISA_FILE "ops/cpu/conv_depthwise.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/conv_depthwise.h"

#ifndef ENGINE_DEPTHWISE_ARGUMENTS
#define ENGINE_DEPTHWISE_ARGUMENTS
namespace engine::cpu {
// One filter over one plane.
struct DepthwiseArguments {
  const float* plane;
  Index row_step;        // floats of the plane between neighbouring output rows
  const Index* offsets;  // [taps]: where the tap of output (0, 0) lies
  Index taps;
  const float* w;         // [taps]
  const float* bias;      // of this filter, or null
  const float* residual;  // [rows, columns], or null
  float* y;               // [rows, columns]
  Index rows, columns;
  const ops::Epilogue* epilogue;
};
}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

// 16 columns of kRows rows: one chain per output over the taps.
template <int kRows>
ENGINE_INLINE void depthwise_tile(const DepthwiseArguments& d, const TileEpilogue& e, Index row,
                                  Index column) {
  const float* at = d.plane + row * d.row_step + column;
  Vec sums[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r] = fill(0.0f);
#pragma GCC unroll 1
  for (Index t = 0; t < d.taps; ++t) {
    const Vec w = fill(d.w[t]);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
      sums[r] = fma(load(at + d.offsets[t] + r * d.row_step), w, sums[r]);
  }
  Vec bias;
  if (d.bias) bias = fill(*d.bias);
#pragma GCC unroll 1
  for (int r = 0; r < kRows; ++r) {
    const Index to = (row + r) * d.columns + column;
    finish(sums[r], d.bias ? &bias : nullptr, d.residual ? d.residual + to : nullptr, e,
           std::min<Index>(d.columns - column, kVecLanes), d.y + to);
  }
}

void depthwise_filter(const DepthwiseArguments& d) noexcept {
  const TileEpilogue e{nullptr, nullptr, d.epilogue->activation, d.epilogue->a, d.epilogue->b};
  Index row = 0;
  for (; d.rows - row >= 4; row += 4)
    for (Index column = 0; column < d.columns; column += kVecLanes)
      depthwise_tile<4>(d, e, row, column);
  for (; row < d.rows; ++row)
    for (Index column = 0; column < d.columns; column += kVecLanes)
      depthwise_tile<1>(d, e, row, column);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const ops::Conv& op, const Binding& binding, Isa isa)
      : op_(op), isa_(isa), filter_(ENGINE_KERNEL(isa, depthwise_filter)) {
    const Shape& x = binding.in[ops::Conv::kX].shape();
    const Shape& w = binding.in[ops::Conv::kWeights].shape();
    const ops::Windows windows =
        op.spatial.windows(ops::spatial_part(x), Shape(w.begin() + 2, w.end()));
    planes_ = x[0] * op.group;
    filters_ = w[0] / op.group;
    has_bias_ = binding.in.size() > ops::Conv::kBias && binding.in[ops::Conv::kBias];
    for (std::size_t i = 0, axes = windows.input.size(); i < axes; ++i)
      axes_[2 - axes + i] = {windows.input[i],     windows.kernel[i],     windows.strides[i],
                             windows.dilations[i], windows.pads_begin[i], windows.output[i]};
    fits_ = lay_out();
  }
  bool fits() const noexcept { return fits_; }

  Fault run(const Call& call) const noexcept override {
    const Index pieces = std::min<Index>(planes_, call.pool.concurrency());
    call.pool.parallel(pieces, [&](Index piece) {
      float* plane =
          reinterpret_cast<float*>(call.scratch + static_cast<std::size_t>(piece) * plane_bytes());
      for (Index i = planes_ * piece / pieces; i < planes_ * (piece + 1) / pieces; ++i)
        run_plane(call, i, plane);
    });
    return ops::kNoFault;
  }

  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads) * plane_bytes();
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && op_.epilogue.residual;
  }
  std::string name() const override { return kernel_name("conv_depthwise", isa_); }

 private:
  struct Axis {
    Index input = 1, kernel = 1, stride = 1, dilation = 1, pad = 0, output = 1;
  };

  // Row r of the plane is row r - pad of the image. Column c of the padded image lies in phase
  // c % stride at c / stride.
  bool lay_out() {
    const auto& [rows, columns] = axes_;
    plane_rows_ = (rows.output - 1) * rows.stride + (rows.kernel - 1) * rows.dilation + 1;
    const Index reach = (columns.kernel - 1) * columns.dilation / columns.stride;
    phase_ = (columns.output + 15) / 16 * 16 + reach;
    constexpr Index kLargestPlane = Index{1} << 26;
    const auto floats = checked_count(Shape{plane_rows_, phase_, columns.stride});
    if (!floats || *floats > kLargestPlane) return false;
    pitch_ = phase_ * columns.stride;
    for (Index r = 0; r < rows.kernel; ++r)
      for (Index c = 0; c < columns.kernel; ++c) {
        const Index column = c * columns.dilation;
        offsets_.push_back(r * rows.dilation * pitch_ + column % columns.stride * phase_ +
                           column / columns.stride);
      }
    return true;
  }

  std::size_t plane_bytes() const noexcept {
    return (static_cast<std::size_t>(plane_rows_ * pitch_) * sizeof(float) + 63) / 64 * 64;
  }

  void copy_row(const float* from, float* to) const noexcept {
    const Axis& columns = axes_[1];
    for (Index phase = 0; phase < columns.stride; ++phase, to += phase_) {
      // Image columns phase - pad + i * stride, those in [0, input) for i in [first, last).
      const Index start = phase - columns.pad;
      const Index first =
          std::clamp<Index>((columns.stride - 1 - start) / columns.stride, 0, phase_);
      const Index last = std::clamp<Index>(
          (columns.input - start + columns.stride - 1) / columns.stride, first, phase_);
      std::fill(to, to + first, 0.0f);
      if (columns.stride == 1) std::copy(from + start + first, from + start + last, to + first);
      else
        for (Index i = first; i < last; ++i) to[i] = from[start + i * columns.stride];
      std::fill(to + last, to + phase_, 0.0f);
    }
  }

  void run_plane(const Call& call, Index i, float* plane) const noexcept {
    const auto& [rows, columns] = axes_;
    const float* x =
        static_cast<const float*>(call.in[ops::Conv::kX]) + i * rows.input * columns.input;
    for (Index r = 0; r < plane_rows_; ++r) {
      const Index row = r - rows.pad;
      float* to = plane + r * pitch_;
      if (row < 0 || row >= rows.input) std::fill(to, to + pitch_, 0.0f);
      else copy_row(x + row * columns.input, to);
    }
    DepthwiseArguments d{};
    d.plane = plane;
    d.row_step = rows.stride * pitch_;
    d.offsets = offsets_.data();
    d.taps = std::ssize(offsets_);
    d.rows = rows.output;
    d.columns = columns.output;
    d.epilogue = &op_.epilogue;
    for (Index f = 0; f < filters_; ++f) {
      const Index filter = i % op_.group * filters_ + f;
      const Index output = (i * filters_ + f) * rows.output * columns.output;
      d.w = static_cast<const float*>(call.in[ops::Conv::kWeights]) + filter * d.taps;
      if (has_bias_) d.bias = static_cast<const float*>(call.in[ops::Conv::kBias]) + filter;
      if (op_.epilogue.residual)
        d.residual = static_cast<const float*>(call.in[ops::Conv::kResidual]) + output;
      d.y = static_cast<float*>(call.out[0]) + output;
      filter_(d);
    }
  }

  const ops::Conv& op_;
  Isa isa_;
  Index planes_ = 0, filters_ = 0;
  bool has_bias_ = false, fits_ = false;
  std::array<Axis, 2> axes_;
  Index plane_rows_ = 0, phase_ = 0, pitch_ = 0;
  std::vector<Index> offsets_;
  void (*filter_)(const DepthwiseArguments&) noexcept;
};

}  // namespace

bool is_depthwise(const ops::Conv& op, const Shape& weights) {
  return op.group > 1 && weights[1] == 1 && weights.size() <= 4;
}

std::unique_ptr<Kernel> bind_depthwise(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::Conv&>(binding.op);
  auto kernel = std::make_unique<DepthwiseKernel>(op, binding, isa);
  if (!kernel->fits()) return nullptr;
  return kernel;
}

}  // namespace engine::cpu
#endif
