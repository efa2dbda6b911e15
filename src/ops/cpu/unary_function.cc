// Sin, Cos and Round on the CPU, float32. A sine is computed in double; where that does not settle
// how it rounds, the scalar function decides.
#define ENGINE_ISA_FILE "ops/cpu/unary_function.cc"
#include "ops/cpu/simd/foreach_isa.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/quick.inc"

ENGINE_BEGIN_ISA

// y = sin(x + quarters pi/2), x [16]; y may be x.
template <int kQuarters>
ENGINE_INLINE void sine_lanes(const float* x, float* y) {
  float angle[kVecLanes];
  store(angle, load(x));
  settle_lanes(
      y,
      [&](int i, QuickM& settled) __attribute__((always_inline)) {
        return quick_sine(quick_load(angle + i), kQuarters, settled);
      },
      [&](int i) { return kQuarters ? numerics::cos(angle[i]) : numerics::sin(angle[i]); });
}

template <int kQuarters>
ENGINE_INLINE void sine_run(Index n, const float* x, float* y) {
  Index i = 0;
  for (; n - i >= kVecLanes; i += kVecLanes) sine_lanes<kQuarters>(x + i, y + i);
  if (i == n) return;
  float some[kVecLanes];
  store(some, load(x + i, n - i, 0.0f));
  sine_lanes<kQuarters>(some, some);
  store(y + i, n - i, load(some));
}

void sin_run(Index n, const float* x, float* y) noexcept { sine_run<0>(n, x, y); }
void cos_run(Index n, const float* x, float* y) noexcept { sine_run<1>(n, x, y); }

// Ties to even: from 2^23 on every float is an integer.
void round_run(Index n, const float* x, float* y) noexcept {
  const Vec shift = fill(0x1p23f);
  const IVec sign_bit = ifill(std::numeric_limits<std::int32_t>::min());
  const IVec others = ifill(std::numeric_limits<std::int32_t>::max());
  for (Index i = 0; i < n; i += kVecLanes) {
    const Vec v = load(x + i, n - i, 0.0f);
    const Vec size = from_bits(iand(bits(v), others));
    const Vec rounded = sub(add(size, shift), shift);
    const Vec with_sign = from_bits(ior(bits(rounded), iand(bits(v), sign_bit)));
    store(y + i, n - i, select(lt(size, shift), with_sign, v));
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

using Run = void (*)(Index, const float*, float*) noexcept;

class FunctionKernel final : public Kernel {
 public:
  FunctionKernel(Run run, Index n, Isa isa) : run_(run), n_(n), isa_(isa) {}
  Fault run(const Call& call) const noexcept override {
    constexpr Index kElementsPerTask = 4096;  // below, handing over costs more than it saves
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    call.pool.ranges(n_, kElementsPerTask,
                     [&](Index first, Index last) { run_(last - first, x + first, y + first); });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("unary_function", isa_); }

 private:
  Run run_;
  Index n_;
  Isa isa_;
};

}  // namespace

std::unique_ptr<Kernel> bind_unary_function(const Binding& binding, Isa isa) {
  if (binding.in[0].dtype != DType::kFloat32) return nullptr;
  const std::string_view name = binding.op.name();
  const Run run = name == "Sin"   ? ENGINE_KERNEL(isa, sin_run)
                  : name == "Cos" ? ENGINE_KERNEL(isa, cos_run)
                                  : ENGINE_KERNEL(isa, round_run);
  return std::make_unique<FunctionKernel>(run, binding.in[0].size(), isa);
}

}  // namespace engine::cpu
#endif
