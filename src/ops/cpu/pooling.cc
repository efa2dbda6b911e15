// Pooling on the CPU, float32 [n, c, spatial..] with up to three spatial axes: 16 neighbouring
// outputs of a row in the lanes, each one chain over its taps (ops/pooling.h). Lanes outside the
// image add +0 to a sum, which changes no bit since it is never -0, or -infinity to a maximum,
// which replaces nothing.
#define ENGINE_ISA_FILE "ops/cpu/pooling.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/pooling_blocked.h"
#include "ops/cpu/reduce.h"
#include "ops/pooling.h"

#ifndef ENGINE_CPU_POOLING_ARGS
#define ENGINE_CPU_POOLING_ARGS
namespace engine::cpu {

/// Windows with three axes, missing ones of extent 1 in front.
struct PoolArgs {
  Index in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
  const float* counts;      ///< averages: divisors along axis 2 [out[2]], else null
  const float* row_counts;  ///< averages: along axes 0 and 1 [out[0] * out[1]]
};

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"

ENGINE_BEGIN_ISA

/// Lanes p[0], p[stride], p[2 stride], ...
ENGINE_INLINE Vec load_strided(const float* p, Index stride) {
  float lanes[kVecLanes];
  for (Index i = 0; i < kVecLanes; ++i) lanes[i] = p[i * stride];
  return load(lanes);
}

#if ENGINE_ISA_ID == 1
ENGINE_INLINE Reg even_lanes(Reg a, Reg b) {
  const __m256d mixed = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88));
  return _mm256_castpd_ps(_mm256_permute4x64_pd(mixed, 0xd8));
}
#endif

/// The even ones of 32 elements, given in two halves.
ENGINE_INLINE Vec even_lanes(const Vec& low, const Vec& high) {
#if ENGINE_ISA_ID == 2
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return {{_mm512_permutex2var_ps(low.r[0], even, high.r[0])}};
#elif ENGINE_ISA_ID == 1
  return {{even_lanes(low.r[0], low.r[1]), even_lanes(high.r[0], high.r[1])}};
#elif ENGINE_ISA_ID == 3
  return {{vuzp1q_f32(low.r[0], low.r[1]), vuzp1q_f32(low.r[2], low.r[3]),
           vuzp1q_f32(high.r[0], high.r[1]), vuzp1q_f32(high.r[2], high.r[3])}};
#else
  Vec v;
  for (int i = 0; i < kVecLanes / 2; ++i) {
    v.r[i] = low.r[2 * i];
    v.r[i + kVecLanes / 2] = high.r[2 * i];
  }
  return v;
#endif
}

/// row[start + i] in lane i, `otherwise` where that is outside [0, size); nothing there is touched.
ENGINE_INLINE Vec load_inside(const float* row, Index size, Index start, float otherwise) {
  const int first = static_cast<int>(std::clamp<Index>(-start, 0, kVecLanes));
  const int last = static_cast<int>(std::clamp<Index>(size - start, first, kVecLanes));
#if ENGINE_ISA_ID == 2
  const auto mask = static_cast<__mmask16>((1u << last) - (1u << first));
  return {{_mm512_mask_loadu_ps(reg_fill(otherwise), mask, row + start)}};
#elif ENGINE_ISA_ID == 1
  Vec v;
  for (int i = 0; i < kRegs; ++i) {
    const __m256i mask =
        _mm256_andnot_si256(reg_mask(first - i * kRegLanes), reg_mask(last - i * kRegLanes));
    v.r[i] =
        _mm256_blendv_ps(reg_fill(otherwise), _mm256_maskload_ps(row + start + i * kRegLanes, mask),
                         _mm256_castsi256_ps(mask));
  }
  return v;
#else
  float lanes[kVecLanes];
  for (int i = 0; i < kVecLanes; ++i)
    lanes[i] = i >= first && i < last ? row[start + i] : otherwise;
  return load(lanes);
#endif
}

/// row[start + i * stride] in lane i; kStride 0 stands for any stride.
template <int kStride>
ENGINE_INLINE Vec load_block(const float* row, Index start, Index stride) {
  const float* p = row + start;
  if constexpr (kStride == 1) return load(p);
  else if constexpr (kStride == 2) return even_lanes(load(p), load(p + kVecLanes));
  else return load_strided(p, stride);
}
/// The same over an edge of the row, `otherwise` outside [0, size).
template <int kStride>
ENGINE_INLINE Vec load_edge(const float* row, Index size, Index start, Index stride,
                            float otherwise) {
  if constexpr (kStride == 1) {
    return load_inside(row, size, start, otherwise);
  } else if constexpr (kStride == 2) {
    return even_lanes(load_inside(row, size, start, otherwise),
                      load_inside(row, size, start + kVecLanes, otherwise));
  } else {
    float lanes[kVecLanes];
    for (Index i = 0; i < kVecLanes; ++i) {
      const Index at = start + i * stride;
      lanes[i] = at >= 0 && at < size ? row[at] : otherwise;
    }
    return load(lanes);
  }
}

template <bool kMax>
ENGINE_INLINE Vec pool(const Vec& sum, const Vec& x) {
  if constexpr (kMax) return select(lt(sum, x), x, select(ne(x, x), x, sum));
  else return add(sum, x);
}

/// Inside taps of window `o` along an axis: [first, last).
struct TapRange {
  Index first, last, origin;
};
ENGINE_INLINE TapRange taps_inside(const PoolArgs& a, int axis, Index o) {
  const Index dilation = a.dilation[axis], origin = o * a.stride[axis] - a.pad[axis];
  const Index first = origin >= 0 ? 0 : (dilation - 1 - origin) / dilation;
  const Index behind = a.in[axis] - origin;
  const Index last = behind > 0 ? std::min(a.kernel[axis], (behind + dilation - 1) / dilation) : 0;
  return {first, last, origin};
}

/// Row `row` of the plane's output rows.
template <bool kMax, int kStride>
void pool_row(const PoolArgs& a, const float* x, Index row, float* y) noexcept {
  constexpr float kPadding = kMax ? -std::numeric_limits<float>::infinity() : 0.0f;
  const TapRange d = taps_inside(a, 0, row / a.out[1]), h = taps_inside(a, 1, row % a.out[1]);
  const Index stride = kStride ? kStride : a.stride[2], dilation = a.dilation[2];
  const Index taps = a.kernel[2], width = a.in[2];
  // Elements from the first to the last that a block loads (an even load reads one more).
  const Index part = (taps - 1) * dilation + (kVecLanes - 1) * stride + (kStride == 2 ? 2 : 1);
  for (Index o = 0; o < a.out[2]; o += kVecLanes) {
    const Index start = o * stride - a.pad[2], n = std::min<Index>(a.out[2] - o, kVecLanes);
    const bool inside = start >= 0 && start + part <= width;
    // Taps with a lane inside the row: the work is bounded by the image, not by the kernel.
    const Index before = -start - (kVecLanes - 1) * stride, behind = width - start;
    const Index first = before <= 0 ? 0 : (before + dilation - 1) / dilation;
    const Index last = behind <= 0 ? 0 : std::min(taps, (behind + dilation - 1) / dilation);
    Vec sum = fill(kPadding);
    for (Index kd = d.first; kd < d.last; ++kd)
      for (Index kh = h.first; kh < h.last; ++kh) {
        const Index line =
            (d.origin + kd * a.dilation[0]) * a.in[1] + h.origin + kh * a.dilation[1];
        const float* from = x + line * width;
        if (inside)
          for (Index k = 0; k < taps; ++k)
            sum = pool<kMax>(sum, load_block<kStride>(from, start + k * dilation, stride));
        else
          for (Index k = first; k < last; ++k)
            sum = pool<kMax>(
                sum, load_edge<kStride>(from, width, start + k * dilation, stride, kPadding));
      }
    if constexpr (!kMax) {
      const Vec counts = load(a.counts + o, n, 1.0f);
      sum = div(sum, mul(fill(a.row_counts[row]), counts));
    }
    store(y + row * a.out[2] + o, n, sum);
  }
}

/// Rows [first, last) of all planes.
template <bool kMax>
void pool_rows(const PoolArgs& a, Index first, Index last, const float* x, float* y) noexcept {
  const Index rows = a.out[0] * a.out[1], in = a.in[0] * a.in[1] * a.in[2];
  for (Index i = first; i < last; ++i) {
    const float* plane = x + i / rows * in;
    float* to = y + i / rows * rows * a.out[2];
    if (a.stride[2] == 1) pool_row<kMax, 1>(a, plane, i % rows, to);
    else if (a.stride[2] == 2) pool_row<kMax, 2>(a, plane, i % rows, to);
    else pool_row<kMax, 0>(a, plane, i % rows, to);
  }
}

void max_pool_rows(const PoolArgs& a, Index first, Index last, const float* x, float* y) noexcept {
  pool_rows<true>(a, first, last, x, y);
}
void average_pool_rows(const PoolArgs& a, Index first, Index last, const float* x,
                       float* y) noexcept {
  pool_rows<false>(a, first, last, x, y);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class PoolKernel final : public Kernel {
 public:
  PoolKernel(const ops::Windows& w, Index planes, bool max, bool include_pad, Isa isa)
      : planes_(planes), max_(max), isa_(isa) {
    const std::size_t missing = 3 - w.input.size();
    for (std::size_t i = 0; i < 3; ++i) {
      args_.in[i] = args_.out[i] = args_.kernel[i] = args_.stride[i] = args_.dilation[i] = 1;
      args_.pad[i] = 0;
      if (i < missing) continue;
      const std::size_t axis = i - missing;
      args_.in[i] = w.input[axis];
      args_.out[i] = w.output[axis];
      args_.kernel[i] = w.kernel[axis];
      args_.stride[i] = w.strides[axis];
      args_.dilation[i] = w.dilations[axis];
      args_.pad[i] = w.pads_begin[axis];
    }
    if (max) return;
    const auto count = [&](std::size_t i, Index o) {
      if (i < missing) return 1.0f;
      return static_cast<float>(ops::counted_taps(w, i - missing, o, include_pad));
    };
    for (Index o = 0; o < args_.out[2]; ++o) counts_.push_back(count(2, o));
    for (Index d = 0; d < args_.out[0]; ++d)
      for (Index h = 0; h < args_.out[1]; ++h) row_counts_.push_back(count(0, d) * count(1, h));
    args_.counts = counts_.data();
    args_.row_counts = row_counts_.data();
  }

  Fault run(const Call& call) const noexcept override {
    constexpr Index kTapsPerTask = 1 << 15;
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    const Index rows = planes_ * args_.out[0] * args_.out[1];
    const Index each = args_.out[2] * args_.kernel[0] * args_.kernel[1] * args_.kernel[2];
    const Index grain = std::max<Index>(1, kTapsPerTask / std::max<Index>(1, each));
    const auto pool =
        max_ ? ENGINE_KERNEL(isa_, max_pool_rows) : ENGINE_KERNEL(isa_, average_pool_rows);
    call.pool.ranges(rows, grain, [&](Index first, Index last) { pool(args_, first, last, x, y); });
    return ops::kNoFault;
  }
  std::string name() const override {
    return kernel_name(max_ ? "max_pool" : "average_pool", isa_);
  }

 private:
  PoolArgs args_{};
  Index planes_;
  bool max_;
  Isa isa_;
  std::vector<float> counts_, row_counts_;
};

std::unique_ptr<Kernel> bind_windows(const Binding& binding, const ops::Spatial& spatial, bool max,
                                     bool include_pad, Isa isa) {
  const Shape& shape = binding.in[0].shape();
  if (binding.in[0].dtype != DType::kFloat32 || shape.size() < 3 || shape.size() > 5)
    return nullptr;
  if (binding.out.size() > 1 && binding.out[1]) return nullptr;  // indices
  const ops::Windows w = spatial.windows(ops::spatial_part(shape), spatial.kernel);
  const auto taps = checked_count(w.kernel);
  if (!taps || *taps > kMostPoolTaps) return nullptr;
  if (binding.in[0].layout.blocked) return bind_pooling_blocked(binding, isa);
  return std::make_unique<PoolKernel>(w, product(shape, 0, 2), max, include_pad, isa);
}

}  // namespace

std::unique_ptr<Kernel> bind_max_pool(const Binding& binding, Isa isa) {
  return bind_windows(binding, static_cast<const ops::MaxPool&>(binding.op).spatial, true, false,
                      isa);
}

std::unique_ptr<Kernel> bind_average_pool(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::AveragePool&>(binding.op);
  return bind_windows(binding, op.spatial, false, op.count_include_pad, isa);
}

std::unique_ptr<Kernel> bind_global_pool(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::GlobalPool&>(binding.op);
  if (binding.in[0].dtype != DType::kFloat32) return nullptr;
  if (binding.in[0].layout.blocked) return bind_global_pool_blocked(binding, isa);
  return make_reduction(ops::GlobalPool::layout(binding.in[0].shape()),
                        op.max ? ops::Step::kMax : ops::Step::kAdd,
                        op.max ? ops::Finish::kNone : ops::Finish::kMean, isa);
}

}  // namespace engine::cpu
#endif
