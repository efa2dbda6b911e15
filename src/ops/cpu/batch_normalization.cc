// Batch normalization on the CPU, float32: the statistics of each channel come to a line, then one
// multiply-add per element (ops/batch_normalization.h).
#define ENGINE_ISA_FILE "ops/cpu/batch_normalization.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/batch_normalization.h"

#include "ops/cpu/simd/vec.inc"

ENGINE_BEGIN_ISA

/// a, b [n]: y = fma(x, a, b). Inputs: scale, bias, mean, var [n].
void batch_normalization_lines(Index n, float epsilon, const float* scale, const float* bias,
                               const float* mean, const float* var, float* a, float* b) noexcept {
  for (Index i = 0; i < n; i += kVecLanes) {
    const Index rest = n - i;
    const Vec deviation = sqrt(add(load(var + i, rest, 1.0f), fill(epsilon)));
    const Vec slope = div(load(scale + i, rest, 0.0f), deviation);
    const Vec minus_mean = from_bits(isub(bits(load(mean + i, rest, 0.0f)), ifill(INT32_MIN)));
    store(a + i, rest, slope);
    store(b + i, rest, fma(minus_mean, slope, load(bias + i, rest, 0.0f)));
  }
}

/// x, y [last - first rows, n], one line per row or (a, b [n]) one per column.
void batch_normalization_planes(Index n, Index channels, Index first, Index last, const float* x,
                                const float* a, const float* b, float* y) noexcept {
  for (Index plane = first; plane < last; ++plane) {
    const Vec slope = fill(a[plane % channels]), offset = fill(b[plane % channels]);
    const float* from = x + plane * n;
    float* to = y + plane * n;
    for (Index i = 0; i < n; i += kVecLanes)
      store(to + i, n - i, fma(load(from + i, n - i, 0.0f), slope, offset));
  }
}
void batch_normalization_rows(Index n, Index, Index first, Index last, const float* x,
                              const float* a, const float* b, float* y) noexcept {
  for (Index row = first; row < last; ++row)
    for (Index i = 0; i < n; i += kVecLanes) {
      const Index at = row * n + i, rest = n - i;
      store(y + at, rest,
            fma(load(x + at, rest, 0.0f), load(a + i, rest, 0.0f), load(b + i, rest, 0.0f)));
    }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class BatchNormalizationKernel final : public Kernel {
 public:
  BatchNormalizationKernel(AxisView view, float epsilon, Isa isa)
      : view_(view), epsilon_(epsilon), isa_(isa) {
    if (view_.n == 1) view_ = {1, 1, view.outer * view.inner};
  }

  Fault run(const Call& call) const noexcept override {
    const auto input = [&](std::size_t i) { return static_cast<const float*>(call.in[i]); };
    float* y = static_cast<float*>(call.out[0]);
    float* a = reinterpret_cast<float*>(call.scratch);
    float* b = a + view_.n;
    ENGINE_KERNEL(isa_, batch_normalization_lines)
    (view_.n, epsilon_, input(1), input(2), input(3), input(4), a, b);
    const bool planes = view_.inner > 1;
    const auto apply = planes ? ENGINE_KERNEL(isa_, batch_normalization_planes)
                              : ENGINE_KERNEL(isa_, batch_normalization_rows);
    const Index n = planes ? view_.inner : view_.n, rows = view_.outer * (planes ? view_.n : 1);
    constexpr Index kElementsPerTask = 1 << 14;
    const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(1, n));
    call.pool.ranges(rows, grain, [&](Index first, Index last) {
      apply(n, view_.n, first, last, input(0), a, b, y);
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int) const noexcept override {
    return 2 * static_cast<std::size_t>(view_.n) * sizeof(float);
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("batch_normalization", isa_); }

 private:
  AxisView view_;
  float epsilon_;
  Isa isa_;
};

}  // namespace

std::unique_ptr<Kernel> bind_batch_normalization(const Binding& binding, Isa isa) {
  for (const ops::Input& input : binding.in)
    if (input.dtype != DType::kFloat32) return nullptr;
  const auto& op = static_cast<const ops::BatchNormalization&>(binding.op);
  return std::make_unique<BatchNormalizationKernel>(op.channels(binding.in[0].shape()), op.epsilon,
                                                    isa);
}

}  // namespace engine::cpu
#endif
