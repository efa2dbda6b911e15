// Depthwise Conv on the CPU: one input channel per group, over 1 or 2 spatial axes. Each channel is
// copied once to padded planes, one for each remainder of row and column modulo the strides, so
// that every tap of neighbouring outputs is one contiguous load and no border needs a branch. Small
// images are computed as one run over all rows of a plane, and their rows taken out of it.
#define ENGINE_ISA_FILE "ops/cpu/conv_depthwise.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/conv_depthwise.h"

#ifndef ENGINE_DEPTHWISE_ARGUMENTS
#define ENGINE_DEPTHWISE_ARGUMENTS
namespace engine::cpu {
// One filter over the planes of one channel.
struct DepthwiseArguments {
  const float* plane;
  Index pitch;           // floats between neighbouring output rows
  const Index* offsets;  // [taps]: where the tap of output (0, 0) lies
  Index taps;
  const float* w;         // [taps]
  const float* bias;      // of this filter, or null
  const float* residual;  // [rows, columns], or null
  float* y;               // [rows, columns]
  Index rows, columns;
  float* run;  // room for the run over all rows, or null: row by row
  const ops::Epilogue* epilogue;
};
}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

// kVecs times 16 outputs, `step` apart from `at` on: one chain per output over the taps.
template <int kVecs>
ENGINE_INLINE void depthwise_chains(const DepthwiseArguments& d, const float* at, Index step,
                                    Vec (&sums)[kVecs]) {
#pragma GCC unroll 8
  for (int v = 0; v < kVecs; ++v) sums[v] = fill(0.0f);
#pragma GCC unroll 1
  for (Index t = 0; t < d.taps; ++t) {
    const Vec w = fill(d.w[t]);
    const float* from = at + d.offsets[t];
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) sums[v] = fma(load(from + v * step), w, sums[v]);
  }
}

// Up to 16 outputs of one row from their sums.
ENGINE_INLINE void depthwise_finish(const DepthwiseArguments& d, const TileEpilogue& e,
                                    const Vec& sum, Index row, Index column) {
  Vec bias;
  if (d.bias) bias = fill(*d.bias);
  const Index to = row * d.columns + column;
  finish(sum, d.bias ? &bias : nullptr, d.residual ? d.residual + to : nullptr, e,
         std::min<Index>(d.columns - column, kVecLanes), d.y + to);
}

template <int kRows>
ENGINE_INLINE void depthwise_rows(const DepthwiseArguments& d, const TileEpilogue& e, Index row) {
  for (Index column = 0; column < d.columns; column += kVecLanes) {
    Vec sums[kRows];
    depthwise_chains<kRows>(d, d.plane + row * d.pitch + column, d.pitch, sums);
#pragma GCC unroll 1
    for (int r = 0; r < kRows; ++r) depthwise_finish(d, e, sums[r], row + r, column);
  }
}

template <int kVecs>
ENGINE_INLINE void depthwise_run(const DepthwiseArguments& d, Index first) {
  Vec sums[kVecs];
  depthwise_chains<kVecs>(d, d.plane + first, kVecLanes, sums);
#pragma GCC unroll 8
  for (int v = 0; v < kVecs; ++v) store(d.run + first + v * kVecLanes, sums[v]);
}

// Chains that hide the latency of one another.
inline constexpr int kDepthwiseChains = ENGINE_ISA_ID == 2 ? 8 : ENGINE_ISA_ID == 0 ? 1 : 4;

void depthwise_filter(const DepthwiseArguments& d) noexcept {
  const TileEpilogue e{nullptr, nullptr, d.epilogue->activation, d.epilogue->a, d.epilogue->b};
  constexpr int kMany = kDepthwiseChains, kSome = (kMany + 1) / 2;
  if (!d.run) {
    Index row = 0;
    for (; d.rows - row >= kMany; row += kMany) depthwise_rows<kMany>(d, e, row);
    for (; d.rows - row >= kSome; row += kSome) depthwise_rows<kSome>(d, e, row);
    for (; row < d.rows; ++row) depthwise_rows<1>(d, e, row);
    return;
  }
  const Index length = (d.rows - 1) * d.pitch + d.columns;
  Index i = 0;
  for (; length - i > (kMany - 1) * kVecLanes; i += kMany * kVecLanes) depthwise_run<kMany>(d, i);
  for (; length - i > (kSome - 1) * kVecLanes; i += kSome * kVecLanes) depthwise_run<kSome>(d, i);
  for (; i < length; i += kVecLanes) depthwise_run<1>(d, i);
  for (Index row = 0; row < d.rows; ++row)
    for (Index column = 0; column < d.columns; column += kVecLanes)
      depthwise_finish(d, e, load(d.run + row * d.pitch + column), row, column);
}

// A rectangle of x, `step` columns and `x_pitch` floats of rows apart, to one of a plane.
void depthwise_copy(const float* x, Index x_pitch, Index step, Index rows, Index columns, float* to,
                    Index pitch) noexcept {
  for (Index row = 0; row < rows; ++row, x += x_pitch, to += pitch) {
    if (step == 1) {
      Index i = 0;
      for (; columns - i >= kVecLanes; i += kVecLanes) store(to + i, load(x + i));
      if (i < columns) store(to + i, columns - i, load(x + i, columns - i, 0.0f));
    } else if (step == 2) {
      for (Index i = 0; i < columns; ++i) to[i] = x[2 * i];
    } else {
      for (Index i = 0; i < columns; ++i) to[i] = x[step * i];
    }
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const ops::Conv& op, const Binding& binding, Isa isa)
      : op_(op),
        isa_(isa),
        filter_(ENGINE_KERNEL(isa, depthwise_filter)),
        copy_(ENGINE_KERNEL(isa, depthwise_copy)) {
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
      float* planes =
          reinterpret_cast<float*>(call.scratch + static_cast<std::size_t>(piece) * piece_bytes());
      std::fill(planes, planes + plane_floats_, 0.0f);  // borders stay so
      for (Index i = planes_ * piece / pieces; i < planes_ * (piece + 1) / pieces; ++i)
        run_channel(call, i, planes);
    });
    return ops::kNoFault;
  }

  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads) * piece_bytes();
  }
  bool may_overwrite(Index input) const noexcept override {
    return input == ops::Conv::kResidual && op_.epilogue.residual;
  }
  std::string name() const override { return kernel_name("conv_depthwise", isa_); }

 private:
  struct Axis {
    Index input = 1, kernel = 1, stride = 1, dilation = 1, pad = 0, output = 1;

    Index reach() const noexcept { return (kernel - 1) * dilation; }
    // Positions i of a plane, [first, last), with i * stride + phase - pad inside the image.
    std::pair<Index, Index> inside(Index phase, Index extent) const noexcept {
      const Index start = phase - pad;
      const Index first = start >= 0 ? 0 : std::min<Index>((stride - 1 - start) / stride, extent);
      const Index room = input - start;
      const Index last =
          room <= 0 ? first : std::clamp((room + stride - 1) / stride, first, extent);
      return {first, last};
    }
  };

  // A plane that some tap reads: its rectangle from `to` on holds the image from `from` on.
  struct Plane {
    Index row_phase, column_phase;
    Index from, to, rows, columns;
  };

  // Row r, column c of a plane is row r * stride + phase - pad of the image, and so for columns.
  bool lay_out() {
    const auto& [rows, columns] = axes_;
    const Index plane_rows = rows.output + rows.reach() / rows.stride;
    pitch_ = columns.output + columns.reach() / columns.stride;
    constexpr Index kLargestPlane = Index{1} << 26, kMostPlanes = 1024;
    const auto floats = checked_count(Shape{plane_rows, pitch_});
    if (!floats || *floats > kLargestPlane) return false;
    for (Index r = 0; r < rows.kernel; ++r)
      for (Index c = 0; c < columns.kernel; ++c) {
        const Index row = r * rows.dilation, column = c * columns.dilation;
        const Index phases[] = {row % rows.stride, column % columns.stride};
        std::size_t i = 0;
        while (i < layout_.size() &&
               (layout_[i].row_phase != phases[0] || layout_[i].column_phase != phases[1]))
          ++i;
        if (i == layout_.size()) layout_.push_back(plane(phases[0], phases[1], plane_rows));
        if (std::ssize(layout_) > kMostPlanes || std::ssize(layout_) * *floats > kLargestPlane)
          return false;
        offsets_.push_back(static_cast<Index>(i) * *floats + row / rows.stride * pitch_ +
                           column / columns.stride);
      }
    plane_floats_ = std::ssize(layout_) * *floats;
    for (std::size_t i = 0; i < layout_.size(); ++i)
      layout_[i].to += static_cast<Index>(i) * *floats;
    // One run over all rows costs its results once more, and saves what rows do not fill.
    const Index taps = std::ssize(offsets_), length = (rows.output - 1) * pitch_ + columns.output;
    const Index vectors = (length + 15) / 16, by_rows = rows.output * ((columns.output + 15) / 16);
    if ((by_rows - vectors) * taps > rows.output + 2 * vectors)
      run_floats_ = (vectors + 8) * 16;  // the last vectors of 8, or of a row
    return true;
  }

  Plane plane(Index row_phase, Index column_phase, Index plane_rows) const {
    const auto& [rows, columns] = axes_;
    const auto [first_row, last_row] = rows.inside(row_phase, plane_rows);
    const auto [first_column, last_column] = columns.inside(column_phase, pitch_);
    const Index row = first_row * rows.stride + row_phase - rows.pad;
    const Index column = first_column * columns.stride + column_phase - columns.pad;
    return {row_phase,
            column_phase,
            row * columns.input + column,
            first_row * pitch_ + first_column,
            last_row - first_row,
            last_column - first_column};
  }

  // Vectors at the end read behind the planes, into what follows or into the rest.
  std::size_t piece_bytes() const noexcept {
    const Index rest = 9 * 16;
    return (static_cast<std::size_t>(plane_floats_ + run_floats_ + rest) * sizeof(float) + 63) /
           64 * 64;
  }

  void run_channel(const Call& call, Index i, float* planes) const noexcept {
    const auto& [rows, columns] = axes_;
    const float* x =
        static_cast<const float*>(call.in[ops::Conv::kX]) + i * rows.input * columns.input;
    for (const Plane& p : layout_)
      copy_(x + p.from, rows.stride * columns.input, columns.stride, p.rows, p.columns,
            planes + p.to, pitch_);
    DepthwiseArguments d{};
    d.plane = planes;
    d.pitch = pitch_;
    d.offsets = offsets_.data();
    d.taps = std::ssize(offsets_);
    d.rows = rows.output;
    d.columns = columns.output;
    d.run = run_floats_ ? planes + plane_floats_ : nullptr;
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
  Index pitch_ = 0, plane_floats_ = 0, run_floats_ = 0;
  std::vector<Plane> layout_;
  std::vector<Index> offsets_;
  void (*filter_)(const DepthwiseArguments&) noexcept;
  void (*copy_)(const float*, Index, Index, Index, Index, float*, Index) noexcept;
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
