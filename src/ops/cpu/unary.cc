// Unary element-wise operators on the CPU, float32.
#define ENGINE_ISA_FILE "ops/cpu/unary.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/elementwise_blocked.h"
#include "ops/cpu/unary.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"

ENGINE_BEGIN_ISA

/// Registers side by side: a long function leaves most of the processor idle between its own steps.
inline constexpr int kTogether = ENGINE_ISA_ID == 2 ? 4 : kRegs;

// y = f(x), n elements; x and y may be the same. One loop for whole groups and the rest, since
// each copy of a long function costs seconds to compile.
template <class F>
ENGINE_INLINE void map_vec(Index n, const float* x, float* y, const F& f) {
  constexpr Index kGroup = kTogether * kRegLanes;
  for (Index i = 0; i < n; i += kGroup) {
    const bool whole = n - i >= kGroup;
    const auto v = f(whole ? load<kTogether>(x + i) : load<kTogether>(x + i, n - i, 0.0f));
    if (whole) store(y + i, v);
    else store(y + i, n - i, v);
  }
}

void unary(numerics::Activation f, float a, float b, Index n, const float* x, float* y) noexcept {
  using numerics::Activation;
  using Group = Floats<kTogether>;
  const Group va = fill<kTogether>(a), vb = fill<kTogether>(b);
  switch (f) {
#define ENGINE_ACTIVATION(name, function) \
  case Activation::name:                  \
    return map_vec(                       \
        n, x,                             \
        y, [&](const Group& v) __attribute__((always_inline)) { return function(v, va, vb); });
    ENGINE_ACTIVATIONS(ENGINE_ACTIVATION)
#undef ENGINE_ACTIVATION
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

constexpr Index kElementsPerTask = 8192;  // below, handing over costs more than it saves

class UnaryKernel final : public Kernel {
 public:
  UnaryKernel(const ops::Unary& op, Index n, Isa isa)
      : op_(op), n_(n), isa_(isa), unary_(activation_function(isa)) {}
  Fault run(const Call& call) const noexcept override {
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    call.pool.ranges(n_, kElementsPerTask, [&](Index first, Index last) {
      unary_(op_.f, op_.a, op_.b, last - first, x + first, y + first);
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("unary", isa_); }

 private:
  const ops::Unary& op_;
  Index n_;
  Isa isa_;
  void (*unary_)(numerics::Activation, float, float, Index, const float*, float*) noexcept;
};

}  // namespace

ActivationFunction activation_function(Isa isa) { return ENGINE_KERNEL(isa, unary); }

std::unique_ptr<Kernel> bind_unary(const Binding& binding, Isa isa) {
  const auto* op = dynamic_cast<const ops::Unary*>(&binding.op);
  if (!op || binding.in[0].dtype != DType::kFloat32) return nullptr;
  if (binding.in[0].layout.blocked)
    return bind_unary_blocked(binding, *op, ENGINE_KERNEL(isa, unary), isa);
  return std::make_unique<UnaryKernel>(*op, binding.in[0].size(), isa);
}

}  // namespace engine::cpu
#endif
