// Pooling on the CPU, blocked (ops/layout.h): 16 channels of a pixel in the lanes. The orders are
// those of ops/pooling.h and, for the global ones, of ops/reduce.h: the pixels of an image take
// turns in 16 accumulators, which are then folded by halves.
#define ENGINE_ISA_FILE "ops/cpu/pooling_blocked.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/blocked_rows.h"
#include "ops/cpu/pooling_blocked.h"
#include "ops/pooling.h"

#ifndef ENGINE_CPU_POOLING_BLOCKED
#define ENGINE_CPU_POOLING_BLOCKED
namespace engine::cpu {

/// Inside taps of the windows of `pixels` neighbours, and how far those are apart.
struct PixelWindows {
  const float* x;  ///< the first inside tap of the first
  Index rows, columns, row_step, column_step;
  float count;  ///< divisor of an average
  Index pixels, x_pixel, y_pixel;
  Index below;  ///< from a window to the one below
};

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"

ENGINE_BEGIN_ISA

struct MaxTaps {
  static ENGINE_INLINE Vec start() { return fill(-std::numeric_limits<float>::infinity()); }
  static ENGINE_INLINE Vec enter(const Vec& largest, const Vec& x) {
    return select(lt(largest, x), x, select(ne(x, x), x, largest));
  }
  static ENGINE_INLINE Vec finish(const Vec& largest, float) { return largest; }
};
struct AverageTaps {
  static ENGINE_INLINE Vec start() { return fill(0.0f); }
  static ENGINE_INLINE Vec enter(const Vec& sum, const Vec& x) { return add(sum, x); }
  static ENGINE_INLINE Vec finish(const Vec& sum, float count) { return div(sum, fill(count)); }
};

/// kPixels chains side by side; the taps of the windows below are fetched ahead.
template <class Taps, int kPixels>
ENGINE_INLINE void pool_group(const PixelWindows& w, const float* x, Index lanes, float* y) {
  Vec sums[kPixels];
  for (Vec& sum : sums) sum = Taps::start();
  for (Index row = 0; row < w.rows; ++row)
    for (Index column = 0; column < w.columns; ++column) {
      const float* tap = x + row * w.row_step + column * w.column_step;
#pragma GCC unroll 4
      for (int i = 0; i < kPixels; ++i) {
        __builtin_prefetch(tap + i * w.x_pixel + w.below);
        sums[i] = Taps::enter(sums[i], load(tap + i * w.x_pixel, lanes, 0.0f));
      }
    }
  for (int i = 0; i < kPixels; ++i) store(y + i * w.y_pixel, lanes, Taps::finish(sums[i], w.count));
}

template <class Taps>
ENGINE_INLINE void pool_pixels(const PixelWindows& w, Index lanes, float* y) {
  Index i = 0;
  for (; i + 4 <= w.pixels; i += 4)
    pool_group<Taps, 4>(w, w.x + i * w.x_pixel, lanes, y + i * w.y_pixel);
  for (; i < w.pixels; ++i) pool_group<Taps, 1>(w, w.x + i * w.x_pixel, lanes, y + i * w.y_pixel);
}
void max_pixels(const PixelWindows& w, Index lanes, float* y) noexcept {
  pool_pixels<MaxTaps>(w, lanes, y);
}
void average_pixels(const PixelWindows& w, Index lanes, float* y) noexcept {
  pool_pixels<AverageTaps>(w, lanes, y);
}

/// One block of channels of one image; x is its first pixel.
template <bool kMax>
ENGINE_INLINE void global_pixels(const ops::BlockedView& v, const float* x, Index lanes, float* y) {
  Vec sums[kVecLanes];
  for (Vec& sum : sums) sum = fill(kMax ? -std::numeric_limits<float>::infinity() : 0.0f);
  Index turn = 0;
  for (Index row = 0; row < v.height; ++row, x += v.row())
    for (Index column = 0; column < v.width; ++column, ++turn) {
      Vec& sum = sums[turn % kVecLanes];
      const Vec value = load(x + column * v.block, lanes, 0.0f);
      sum = kMax ? max(sum, value) : add(sum, value);
    }
  for (int half = kVecLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      sums[i] = kMax ? max(sums[i], sums[i + half]) : add(sums[i], sums[i + half]);
  const Vec count = fill(static_cast<float>(v.height * v.width));
  store(y, lanes, kMax ? sums[0] : div(sums[0], count));
}
void global_max(const ops::BlockedView& v, const float* x, Index lanes, float* y) noexcept {
  global_pixels<true>(v, x, lanes, y);
}
void global_average(const ops::BlockedView& v, const float* x, Index lanes, float* y) noexcept {
  global_pixels<false>(v, x, lanes, y);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

const ops::Spatial& spatial_of(const Binding& binding) {
  if (const auto* pool = dynamic_cast<const ops::MaxPool*>(&binding.op)) return pool->spatial;
  return static_cast<const ops::AveragePool&>(binding.op).spatial;
}

// Taps of a window along an axis that lie inside, the position of the first, and how many count.
struct AxisTaps {
  Index taps = 1, position = 0, counted = 1;
};
AxisTaps axis_taps(const ops::Windows& w, std::size_t axis, Index o, bool include_pad) {
  const Index step = w.dilations[axis], kernel = w.kernel[axis];
  const Index origin = o * w.strides[axis] - w.pads_begin[axis], room = w.input[axis] - origin;
  if (origin >= 0 && (kernel - 1) * step < room) return {kernel, origin, kernel};
  const Index first = origin >= 0 ? 0 : (step - 1 - origin) / step;
  const Index last = room <= 0 ? first : std::min(kernel, (room + step - 1) / step);
  return {std::max<Index>(0, last - first), origin + first * step,
          ops::counted_taps(w, axis, o, include_pad)};
}

class BlockedPoolKernel final : public Kernel {
 public:
  BlockedPoolKernel(const Binding& binding, Isa isa)
      : x_(binding.in[0].shape(), binding.in[0].layout),
        y_(binding.out[0].shape(), binding.out[0].layout),
        average_(dynamic_cast<const ops::AveragePool*>(&binding.op)),
        isa_(isa) {
    const ops::Spatial& spatial = spatial_of(binding);
    windows_ = spatial.windows(ops::spatial_part(binding.in[0].shape()), spatial.kernel);
    last_ = windows_.input.size() - 1;
    row_step_ = (last_ == 0 ? 1 : windows_.dilations[0]) * x_.row();
    column_step_ = windows_.dilations[last_] * x_.block;
    most_taps_ = std::min(windows_.kernel_size(), windows_.input_size());
    const Index stride = windows_.strides[last_], before = windows_.pads_begin[last_];
    const Index room =
        windows_.input[last_] + before - (windows_.kernel[last_] - 1) * windows_.dilations[last_];
    inside_begin_ = (before + stride - 1) / stride;
    inside_end_ = room <= 0 ? 0 : std::min(y_.width, (room - 1) / stride + 1);
  }

  Fault run(const Call& call) const noexcept override {
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    const auto pixels =
        average_ ? ENGINE_KERNEL(isa_, average_pixels) : ENGINE_KERNEL(isa_, max_pixels);
    const Index each = y_.width * y_.block * most_taps_;
    for_each_row(call.pool, y_, y, each,
                 [&](Index n, Index j, Index row) { run_row(pixels, x, n, j, row, y); });
    return ops::kNoFault;
  }
  std::string name() const override {
    return kernel_name(average_ ? "average_pool_blocked" : "max_pool_blocked", isa_);
  }

 private:
  template <class Pixels>
  void run_row(Pixels pixels, const float* x, Index n, Index j, Index row,
               float* y) const noexcept {
    const Index lanes = y_.lanes(j);
    const bool include_pad = average_ && average_->count_include_pad;
    const AxisTaps vertical = last_ == 0 ? AxisTaps{} : axis_taps(windows_, 0, row, include_pad);
    float* to = y + y_.offset(n, j, row, 0);
    const Index below = last_ == 0 ? 0 : windows_.strides[0] * x_.row();
    for (Index column = 0; column < y_.width;) {
      const bool inside = column >= inside_begin_ && column < inside_end_;
      const Index count = inside ? inside_end_ - column : 1;
      const AxisTaps horizontal = axis_taps(windows_, last_, column, include_pad);
      const float* from = x + x_.offset(n, j, vertical.position, horizontal.position);
      const float counted =
          static_cast<float>(vertical.counted) * static_cast<float>(horizontal.counted);
      pixels({from, vertical.taps, horizontal.taps, row_step_, column_step_, counted, count,
              windows_.strides[last_] * x_.block, y_.block, below},
             lanes, to);
      column += count;
      to += count * y_.block;
    }
  }

  ops::BlockedView x_, y_;
  const ops::AveragePool* average_;
  Isa isa_;
  ops::Windows windows_;
  std::size_t last_ = 0;  // spatial axis
  Index row_step_ = 0, column_step_ = 0, most_taps_ = 1;
  Index inside_begin_ = 0, inside_end_ = 0;  // columns whose windows lie inside
};

class BlockedGlobalPoolKernel final : public Kernel {
 public:
  BlockedGlobalPoolKernel(const Binding& binding, Isa isa)
      : x_(binding.in[0].shape(), binding.in[0].layout),
        max_(static_cast<const ops::GlobalPool&>(binding.op).max),
        isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    constexpr Index kPixelsPerTask = 1024;
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    const auto pool = max_ ? ENGINE_KERNEL(isa_, global_max) : ENGINE_KERNEL(isa_, global_average);
    const Index grain = std::max<Index>(1, kPixelsPerTask / (x_.height * x_.width));
    call.pool.ranges(x_.batch * x_.blocks, grain, [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        const Index n = i / x_.blocks, j = i % x_.blocks;
        pool(x_, x + x_.offset(n, j, 0, 0), x_.lanes(j), y + n * x_.channels + j * x_.block);
      }
    });
    return ops::kNoFault;
  }
  std::string name() const override {
    return kernel_name(max_ ? "global_max_blocked" : "global_average_blocked", isa_);
  }

 private:
  ops::BlockedView x_;
  bool max_;
  Isa isa_;
};

bool can_block(const Binding& binding) {
  return binding.in[0].dtype == DType::kFloat32 && ops::can_block(binding.in[0].shape()) &&
         ops::can_block(binding.out[0].shape());
}

}  // namespace

ops::LayoutOffer offer_pooling(const Binding& binding) {
  if (!can_block(binding) || (binding.out.size() > 1 && binding.out[1])) return {};
  const auto taps = checked_count(spatial_of(binding).kernel);
  if (!taps || *taps > kMostPoolTaps) return {};
  return {.inputs = 1, .output = true};
}

ops::LayoutOffer offer_global_pool(const Binding& binding) {
  if (!can_block(binding)) return {};
  return {.inputs = 1};
}

std::unique_ptr<Kernel> bind_pooling_blocked(const Binding& binding, Isa isa) {
  return std::make_unique<BlockedPoolKernel>(binding, isa);
}

std::unique_ptr<Kernel> bind_global_pool_blocked(const Binding& binding, Isa isa) {
  return std::make_unique<BlockedGlobalPoolKernel>(binding, isa);
}

}  // namespace engine::cpu
#endif
