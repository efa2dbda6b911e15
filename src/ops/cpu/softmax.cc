// Softmax and LogSoftmax on the CPU: contiguous rows, and 16 neighbouring slices of another axis.
#define ENGINE_ISA_FILE "ops/cpu/softmax.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/softmax.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/lanes.inc"

ENGINE_BEGIN_ISA

// x, y [n], n at most 16, held in one Vec. The same operations as for a long row.
ENGINE_INLINE void softmax_short_row(Index n, const float* x, float* y, bool log) noexcept {
  const Vec values = load(x, n, -std::numeric_limits<float>::infinity());
  // Lanes behind the end become 0: exp of a large negative number is a denormal, which takes long.
  const Vec shifted = first_lanes(sub(values, fill(max_lanes(values))), n);
  const Vec e = p_exp(shifted);
  const float total = add_lanes(first_lanes(e, n));
  store(y, n, log ? sub(shifted, fill(numerics::log(total))) : div(e, fill(total)));
}

// x, y [n]; may be the same. Three passes: maximum, exp with sum in 16 lanes, scale.
void softmax_row(Index n, const float* x, float* y, bool log) noexcept {
  if (n <= kVecLanes) return softmax_short_row(n, x, y, log);
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
      : rows_(rows), n_(n), log_(log), isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    const auto row = ENGINE_KERNEL(isa_, softmax_row);
    constexpr Index kElementsPerTask = 4096;
    const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(1, n_));
    call.pool.ranges(rows_, grain, [&](Index first, Index last) {
      for (Index r = first; r < last; ++r) row(n_, x + r * n_, y + r * n_, log_);
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("softmax_rows", isa_); }

 private:
  Index rows_, n_;
  bool log_;
  Isa isa_;
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
