// Binary element-wise operators with broadcasting on the CPU, float32.
#define ENGINE_ISA_FILE "ops/cpu/binary.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/elementwise_blocked.h"
#include "ops/binary.h"
#include "ops/broadcast_loop.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/quick.inc"

ENGINE_BEGIN_ISA

// y = f(a, b) along one run; a stride is 1, or 0 for a repeated element.
template <class F>
ENGINE_INLINE void binary_run(Index n, const float* a, Index a_stride, const float* b,
                              Index b_stride, float* y, const F& f) {
  const Vec first_a = fill(*a), first_b = fill(*b);
  for (Index i = 0; i < n; i += kVecLanes) {
    const Index left = n - i;
    if (left >= kVecLanes)
      store(y + i, f(a_stride ? load(a + i) : first_a, b_stride ? load(b + i) : first_b));
    else
      store(y + i, left,
            f(a_stride ? load(a + i, left, 1.0f) : first_a,
              b_stride ? load(b + i, left, 1.0f) : first_b));
  }
}

// z = x^y, x and y [16]; z may be one of them.
void pow_lanes(const float* x, const float* y, float* z) noexcept {
  float base[kVecLanes], exponent[kVecLanes];
  store(base, load(x));
  store(exponent, load(y));
  settle_lanes(
      z,
      [&](int i, QuickM& settled) __attribute__((always_inline)) {
        return quick_pow(quick_load(base + i), quick_load(exponent + i), settled);
      },
      [&](int i) { return numerics::pow(base[i], exponent[i]); });
}
void cube_lanes(const float* x, float* z) noexcept {
  float base[kVecLanes];
  store(base, load(x));
  settle_lanes(
      z,
      [&](int i, QuickM& settled)
          __attribute__((always_inline)) { return quick_cube(quick_load(base + i), settled); },
      [&](int i) { return numerics::pow(base[i], 3.0f); });
}

// Like binary_run, 16 lanes in memory at a time.
template <class F>
ENGINE_INLINE void lanes_run(Index n, const float* a, Index a_stride, const float* b,
                             Index b_stride, float* y, const F& f) {
  float some_a[kVecLanes], some_b[kVecLanes], some_y[kVecLanes];
  store(some_a, fill(*a));
  store(some_b, fill(*b));
  for (Index i = 0; i < n; i += kVecLanes) {
    const Index left = n - i;
    if (left >= kVecLanes) {
      f(a_stride ? a + i : some_a, b_stride ? b + i : some_b, y + i);
    } else {
      if (a_stride) store(some_a, load(a + i, left, 1.0f));
      if (b_stride) store(some_b, load(b + i, left, 1.0f));
      f(some_a, some_b, some_y);
      store(y + i, left, load(some_y));
    }
  }
}

// The exponents that numerics::pow treats apart cost no more than what they stand for.
void pow_run(Index n, const float* a, Index a_stride, const float* b, Index b_stride,
             float* y) noexcept {
  const auto run = [&](const auto& f) __attribute__((always_inline)) {
    binary_run(n, a, a_stride, b, 0, y, f);
  };
  const float exponent = b_stride ? 0.0f : *b;
  if (exponent == 2.0f)
    return run([](const Vec& p, const Vec&) __attribute__((always_inline)) { return mul(p, p); });
  if (exponent == 1.0f)
    return run([](const Vec& p, const Vec&) __attribute__((always_inline)) { return p; });
  if (exponent == -1.0f)
    return run([](const Vec& p, const Vec&)
                   __attribute__((always_inline)) { return div(fill(1.0f), p); });
  if (exponent == 0.5f)
    return run([](const Vec& p, const Vec&) __attribute__((always_inline)) {
      const float infinity = std::numeric_limits<float>::infinity();
      return select(eq(p, fill(-infinity)), fill(infinity), add(sqrt(p), fill(0.0f)));
    });
  if (exponent == 3.0f)
    return lanes_run(n, a, a_stride, b, b_stride, y,
                     [](const float* p, const float*, float* z) { cube_lanes(p, z); });
  lanes_run(n, a, a_stride, b, b_stride, y,
            [](const float* p, const float* q, float* z) { pow_lanes(p, q, z); });
}

void binary(ops::BinaryKind kind, Index n, const float* a, Index a_stride, const float* b,
            Index b_stride, float* y) noexcept {
  using ops::BinaryKind;
  const auto run = [&](const auto& f) __attribute__((always_inline)) {
    binary_run(n, a, a_stride, b, b_stride, y, f);
  };
#define ENGINE_PAIR(expression) \
  run([](const Vec& p, const Vec& q) __attribute__((always_inline)) { return expression; })
  switch (kind) {
    case BinaryKind::kAdd: return ENGINE_PAIR(add(p, q));
    case BinaryKind::kSub: return ENGINE_PAIR(sub(p, q));
    case BinaryKind::kMul: return ENGINE_PAIR(mul(p, q));
    case BinaryKind::kDiv: return ENGINE_PAIR(div(p, q));
    case BinaryKind::kMax: return ENGINE_PAIR(max(p, q));
    case BinaryKind::kMin: return ENGINE_PAIR(min(p, q));
    case BinaryKind::kPRelu: return ENGINE_PAIR(select(lt(p, fill(0.0f)), mul(p, q), p));
    case BinaryKind::kPow: return pow_run(n, a, a_stride, b, b_stride, y);
    default: return;
  }
#undef ENGINE_PAIR
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

constexpr Index kElementsPerTask = 8192;  // below, handing over costs more than it saves

class BinaryKernel final : public Kernel {
 public:
  BinaryKernel(ops::BinaryKind kind, const Binding& binding, Isa isa)
      : kind_(kind),
        isa_(isa),
        binary_(ENGINE_KERNEL(isa, binary)),
        axes_(ops::broadcast_axes<2>(binding.out[0].shape(),
                                     {binding.in[0].extents, binding.in[1].extents})) {
    for (std::size_t i = 0; i < 2; ++i) same_[i] = binding.in[i].shape() == binding.out[0].shape();
    exponent_type_ = binding.in[1].dtype;
    if (exponent_type_ != DType::kFloat32) same_[1] = false;
    runs_ = 1;
    for (std::size_t axis = 0; axis + 1 < axes_.size(); ++axis) runs_ *= axes_[axis].extent;
  }

  Fault run(const Call& call) const noexcept override {
    const float* a = static_cast<const float*>(call.in[0]);
    float exponent = 0;
    const float* b = &exponent;
    if (exponent_type_ == DType::kInt64)
      exponent = static_cast<float>(*static_cast<const std::int64_t*>(call.in[1]));
    else if (exponent_type_ == DType::kInt32)
      exponent = static_cast<float>(*static_cast<const std::int32_t*>(call.in[1]));
    else b = static_cast<const float*>(call.in[1]);
    float* y = static_cast<float*>(call.out[0]);
    const auto& inner = axes_.back();
    if (inner.extent == 0) return ops::kNoFault;
    if (runs_ == 1) {
      call.pool.ranges(inner.extent, kElementsPerTask, [&](Index first, Index last) {
        binary_(kind_, last - first, a + first * inner.strides[0], inner.strides[0],
                b + first * inner.strides[1], inner.strides[1], y + first);
      });
      return ops::kNoFault;
    }
    const Index grain = std::max<Index>(1, kElementsPerTask / inner.extent);
    call.pool.ranges(runs_, grain, [&](Index first, Index last) {
      for (Index r = first; r < last; ++r) {
        Index at[2] = {0, 0};
        Index rest = r;
        for (std::size_t axis = axes_.size() - 1; axis-- > 0;) {
          const Index position = rest % axes_[axis].extent;
          rest /= axes_[axis].extent;
          at[0] += position * axes_[axis].strides[0];
          at[1] += position * axes_[axis].strides[1];
        }
        binary_(kind_, inner.extent, a + at[0], inner.strides[0], b + at[1], inner.strides[1],
                y + r * inner.extent);
      }
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input < 2 && same_[input]; }
  std::string name() const override { return kernel_name("binary", isa_); }

 private:
  ops::BinaryKind kind_;
  Isa isa_;
  void (*binary_)(ops::BinaryKind, Index, const float*, Index, const float*, Index,
                  float*) noexcept;
  ops::LoopAxes<2> axes_;
  Index runs_ = 1;
  DType exponent_type_ = DType::kFloat32;  // of a scalar, where Pow has another type there
  bool same_[2] = {};
};

}  // namespace

std::unique_ptr<Kernel> bind_binary(const Binding& binding, Isa isa) {
  if (binding.in.size() != 2 || binding.in[0].dtype != DType::kFloat32) return nullptr;
  const auto* variadic = dynamic_cast<const ops::Variadic*>(&binding.op);
  if (variadic && variadic->mean) return nullptr;
  const ops::BinaryKind kind =
      variadic ? variadic->kind : static_cast<const ops::Binary&>(binding.op).kind;
  if (binding.in[0].layout.blocked)
    return bind_binary_blocked(binding, kind, ENGINE_KERNEL(isa, binary), isa);
  const DType other = binding.in[1].dtype;
  const bool integer =
      (other == DType::kInt32 || other == DType::kInt64) && binding.in[1].size() == 1;
  if (other != DType::kFloat32 && !integer) return nullptr;
  return std::make_unique<BinaryKernel>(kind, binding, isa);
}

}  // namespace engine::cpu
#endif
