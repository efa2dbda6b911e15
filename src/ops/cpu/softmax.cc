// Softmax and LogSoftmax on the CPU: contiguous rows, and 16 neighbouring slices of another axis.
#define ENGINE_ISA_FILE "ops/cpu/softmax.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/softmax.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/lanes.inc"
#include "ops/cpu/simd/transpose.inc"

ENGINE_BEGIN_ISA

/// kRows rows of n elements, at most kVecs * 16, side by side in registers. The same operations as
/// for a long row. All rows are read before any is written: a masked store at the end of one would
/// hold up the first load of the next.
template <int kVecs, int kRows>
ENGINE_INLINE void softmax_held_rows(Index n, const float* x, float* y, bool log) {
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  Vec values[kRows][kVecs], scale[kRows];
  const bool eight = kVecs == 1 && n <= kVecLanes / 2;  // in the others, -inf and +0 change nothing
  for (int r = 0; r < kRows; ++r) {
    Vec max = fill(kMinusInfinity);
    for (int v = 0; v < kVecs; ++v) {
      values[r][v] = load(x + r * n + v * kVecLanes, n - v * kVecLanes, kMinusInfinity);
      max = max_or_second(values[r][v], max);
    }
    scale[r] = spread_halves<JoinMax>(max, eight);
  }
  for (int r = 0; r < kRows; ++r) {
    Vec sum;
    for (int v = 0; v < kVecs; ++v) {
      // Lanes behind the end become 0, whose exp is quick, and then add +0. That changes nothing,
      // and nor would the +0 from which the sum starts: no exp is -0.
      const Index left = n - v * kVecLanes;
      const Vec shifted = first_lanes(sub(values[r][v], scale[r]), left);
      const Vec e = p_exp(shifted);
      values[r][v] = log ? shifted : e;
      const Vec term = first_lanes(e, left);
      sum = v == 0 ? term : add(sum, term);
    }
    const Vec total = spread_halves<JoinSum>(sum, eight);
    scale[r] = log ? fill(numerics::log(first_lane(total))) : total;
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVecs; ++v)
      store(y + r * n + v * kVecLanes, n - v * kVecLanes,
            log ? sub(values[r][v], scale[r]) : div(values[r][v], scale[r]));
}

template <int kVecs, int kRows>
void softmax_short_rows(Index n, Index rows, const float* x, float* y, bool log) noexcept {
  Index r = 0;
  for (; r + kRows <= rows; r += kRows)
    softmax_held_rows<kVecs, kRows>(n, x + r * n, y + r * n, log);
  for (; r < rows; ++r) softmax_held_rows<kVecs, 1>(n, x + r * n, y + r * n, log);
}

// x, y [n]; may be the same. Three passes: maximum, exp with sum in 16 lanes, scale.
void softmax_long_row(Index n, const float* x, float* y, bool log) noexcept {
  constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
  Vec max_in_lanes = fill(kMinusInfinity);
  for (Index i = 0; i < n; i += kVecLanes)
    max_in_lanes = max_or_second(load(x + i, n - i, kMinusInfinity), max_in_lanes);
  const float max = max_lanes(max_in_lanes);
  const Vec row_max = fill(max);

  Vec sum = fill(0.0f);
  for (Index i = 0; i < n; i += kVecLanes) {
    const Vec shifted = sub(load(x + i, n - i, max), row_max);
    const Vec e = p_exp(shifted);
    store(y + i, n - i, log ? shifted : e);
    // Every lane is +0 or more, so the +0 that lanes behind the end add changes nothing.
    sum = add(sum, n - i >= kVecLanes ? e : first_lanes(e, n - i));
  }
  const float total = add_lanes(sum);
  const Vec scale = fill(log ? numerics::log(total) : total);
  for (Index i = 0; i < n; i += kVecLanes) {
    const Vec value = load(y + i, n - i, 0.0f);
    store(y + i, n - i, log ? sub(value, scale) : div(value, scale));
  }
}

/// The widest row of which 16 are taken at a time.
inline constexpr Index kNarrow = 8;

// 16 rows of at most kNarrow elements, one in each lane. Lanes of the sum that no element falls in
// would add +0, which changes nothing.
void softmax_narrow_rows(Index n, const float* x, float* y, bool log) noexcept {
  alignas(64) float columns[kNarrow][kVecLanes];
  transpose_plane(n, kVecLanes, x, n, columns[0], kVecLanes);
  Vec max = load(columns[0]);
  for (Index i = 1; i < n; ++i) max = max_or_second(load(columns[i]), max);
  Vec sums[kNarrow];
#pragma GCC unroll 1
  for (Index i = 0; i < n; ++i) {
    const Vec shifted = sub(load(columns[i]), max);
    sums[i] = p_exp(shifted);
    store(columns[i], log ? shifted : sums[i]);
  }
  for (Index half = kNarrow / 2; half > 0; half /= 2)
    for (Index i = 0; i < half && i + half < n; ++i) sums[i] = add(sums[i], sums[i + half]);
  const Vec scale = log ? p_log(sums[0]) : sums[0];
  for (Index i = 0; i < n; ++i) {
    const Vec value = load(columns[i]);
    store(columns[i], log ? sub(value, scale) : div(value, scale));
  }
  transpose_plane(kVecLanes, n, columns[0], kVecLanes, y, n);
}

// x, y [rows, n]; may be the same.
void softmax_rows(Index n, Index rows, const float* x, float* y, bool log) noexcept {
  if (n <= kNarrow)
    for (; rows >= kVecLanes; rows -= kVecLanes, x += kVecLanes * n, y += kVecLanes * n)
      softmax_narrow_rows(n, x, y, log);
  if (n <= kVecLanes) return softmax_short_rows<1, 4>(n, rows, x, y, log);
  if (n <= 2 * kVecLanes) return softmax_short_rows<2, 4>(n, rows, x, y, log);
  if (n <= 4 * kVecLanes) return softmax_short_rows<4, 4>(n, rows, x, y, log);
  for (Index r = 0; r < rows; ++r) softmax_long_row(n, x + r * n, y + r * n, log);
}

// x, y [n]; may be the same.
template <bool kLog>
void softmax_row(Index n, const float* x, float* y) noexcept {
  if (n <= kVecLanes) softmax_held_rows<1, 1>(n, x, y, kLog);
  else softmax_rows(n, 1, x, y, kLog);
}

// `width` slices, at most 16, side by side; their elements are `step` apart. Each of the 16 lanes
// of a slice's sum is a Vec here.
void softmax_slices(Index n, Index step, Index width, const float* x, float* y, bool log) noexcept {
  Vec max = fill(-std::numeric_limits<float>::infinity());
  for (Index i = 0; i < n; ++i) max = max_or_second(load(x + i * step, width, 0.0f), max);
  Vec lanes[kVecLanes];
  for (Vec& lane : lanes) lane = fill(0.0f);
  for (Index i = 0; i < n; ++i) {
    const Vec shifted = sub(load(x + i * step, width, 0.0f), max);
    const Vec e = p_exp(shifted);
    store(y + i * step, width, log ? shifted : e);
    lanes[i % kVecLanes] = add(lanes[i % kVecLanes], e);
  }
  for (int half = kVecLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lanes[i] = add(lanes[i], lanes[i + half]);
  const Vec scale = log ? p_log(lanes[0]) : lanes[0];
  for (Index i = 0; i < n; ++i) {
    const Vec value = load(y + i * step, width, 0.0f);
    store(y + i * step, width, log ? sub(value, scale) : div(value, scale));
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class SoftmaxKernel final : public Kernel {
 public:
  SoftmaxKernel(Index rows, Index n, bool log, Isa isa)
      : rows_(rows),
        n_(n),
        grain_(std::max<Index>(1, kElementsPerTask / std::max<Index>(1, n))),
        log_(log),
        isa_(isa),
        row_(log ? ENGINE_KERNEL(isa, softmax_row<true>) : ENGINE_KERNEL(isa, softmax_row<false>)),
        function_(ENGINE_KERNEL(isa, softmax_rows)) {}

  Fault run(const Call& call) const noexcept override {
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    if (rows_ == 1) {
      row_(n_, x, y);
      return ops::kNoFault;
    }
    call.pool.ranges(rows_, grain_, [&](Index first, Index last) {
      function_(n_, last - first, x + first * n_, y + first * n_, log_);
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("softmax_rows", isa_); }

 private:
  static constexpr Index kElementsPerTask = 4096;

  Index rows_, n_, grain_;
  bool log_;
  Isa isa_;
  void (*row_)(Index, const float*, float*) noexcept;
  void (*function_)(Index, Index, const float*, float*, bool) noexcept;
};

class SoftmaxSlicesKernel final : public Kernel {
 public:
  SoftmaxSlicesKernel(Index outer, Index n, Index inner, bool log, Isa isa)
      : outer_(outer), n_(n), inner_(inner), log_(log), isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    const auto slices = ENGINE_KERNEL(isa_, softmax_slices);
    const Index blocks = (inner_ + numerics::kLanes - 1) / numerics::kLanes;
    constexpr Index kElementsPerTask = 4096;
    const Index grain =
        std::max<Index>(1, kElementsPerTask / std::max<Index>(1, n_ * numerics::kLanes));
    call.pool.ranges(outer_ * blocks, grain, [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        const Index column = i % blocks * numerics::kLanes;
        const Index at = i / blocks * n_ * inner_ + column;
        slices(n_, inner_, std::min(numerics::kLanes, inner_ - column), x + at, y + at, log_);
      }
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("softmax_slices", isa_); }

 private:
  Index outer_, n_, inner_;
  bool log_;
  Isa isa_;
};

}  // namespace

std::unique_ptr<Kernel> bind_softmax(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::Softmax&>(binding.op);
  const auto [outer, n, inner] = op.slices(binding.in[0].shape());
  if (binding.in[0].dtype != DType::kFloat32) return nullptr;
  if (inner != 1) return std::make_unique<SoftmaxSlicesKernel>(outer, n, inner, op.log, isa);
  return std::make_unique<SoftmaxKernel>(outer, n, op.log, isa);
}

}  // namespace engine::cpu
#endif
