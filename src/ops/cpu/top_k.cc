// TopK on the CPU for short slices of float32: the place of an element is the number of elements
// that come before it in the total order of ops/top_k.h, counted in vectors.
#define ENGINE_ISA_FILE "ops/cpu/top_k.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/moving.h"
#include "ops/top_k.h"

#include <bit>

#ifndef ENGINE_CPU_TOP_K
#define ENGINE_CPU_TOP_K
namespace engine::cpu {

inline constexpr Index kLongestSlice = 128;  // the work grows with its square

/// Slices [outer, n, inner] of which the first k in order are wanted.
struct TopKSlices {
  Index n, k, inner;
  bool largest;
};

}  // namespace engine::cpu
#endif

ENGINE_BEGIN_ISA

/// Integers whose order is that of the values: both zeros equal, NaN above all.
inline std::int32_t order_key(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x + 0.0f);
  if (x != x) return 0x7fffffff - 1;  // so that neither it nor its complement is the least integer
  return bits < 0 ? bits ^ 0x7fffffff : bits;
}

/// Slice number `slice`; values and indices [outer, k, inner] may be null.
void top_k(const TopKSlices& s, const float* x, Index slice, float* values,
           std::int64_t* indices) noexcept {
  const Index outer = slice / s.inner, column = slice % s.inner;
  const float* from = x + outer * s.n * s.inner + column;
  const Index to = outer * s.k * s.inner + column;
  std::int32_t keys[kLongestSlice];
  const auto n = static_cast<int>(s.n);
  for (int i = 0; i < n; ++i) {
    const std::int32_t key = order_key(from[i * s.inner]);
    keys[i] = s.largest ? key : ~key;
  }
  std::fill(keys + n, keys + (n + 15) / 16 * 16, 0);
  for (int first = 0; first < n; first += 16) {
    // Of equal elements those at smaller positions come first: there "not less" counts.
    std::int32_t place[16] = {};
    for (int j = 0; j < n; ++j)
      for (int lane = 0; lane < 16; ++lane)
        place[lane] += keys[j] > keys[first + lane] - (first + lane > j);
    for (int i = first; i < std::min(n, first + 16); ++i) {
      const Index at = place[i - first];
      if (at >= s.k) continue;
      if (values) values[to + at * s.inner] = from[i * s.inner];
      if (indices) indices[to + at * s.inner] = i;
    }
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class TopKKernel final : public Kernel {
 public:
  TopKKernel(const TopKSlices& slices, Index count, Isa isa)
      : slices_(slices), count_(count), isa_(isa), top_k_(ENGINE_KERNEL(isa, top_k)) {}

  Fault run(const Call& call) const noexcept override {
    const auto* x = static_cast<const float*>(call.in[0]);
    auto* values = static_cast<float*>(has_values_ ? call.out[0] : nullptr);
    auto* indices = static_cast<std::int64_t*>(has_indices_ ? call.out[1] : nullptr);
    constexpr Index kComparisonsPerTask = 1 << 15;
    const Index grain = std::max<Index>(1, kComparisonsPerTask / (slices_.n * slices_.n));
    call.pool.ranges(count_, grain, [&](Index first, Index last) {
      for (Index slice = first; slice < last; ++slice) top_k_(slices_, x, slice, values, indices);
    });
    return ops::kNoFault;
  }
  std::string name() const override { return kernel_name("top_k", isa_); }

  bool has_values_ = true, has_indices_ = true;  ///< outputs that are wanted

 private:
  TopKSlices slices_;
  Index count_;
  Isa isa_;
  void (*top_k_)(const TopKSlices&, const float*, Index, float*, std::int64_t*) noexcept;
};

}  // namespace

std::unique_ptr<Kernel> bind_top_k(const Binding& binding, Isa isa) {
  const ops::Input& in = binding.in[0];
  if (in.dtype != DType::kFloat32) return nullptr;
  const auto& op = static_cast<const ops::TopK&>(binding.op);
  const Index along = normalize_axis(op.axis, in.rank());
  const AxisView x = split_at(in.shape(), along);
  const bool values = static_cast<bool>(binding.out[0]);
  const bool indices = binding.out.size() > 1 && binding.out[1];
  if (!values && !indices) return nullptr;
  const Index k = binding.out[values ? 0 : 1].shape()[static_cast<std::size_t>(along)];
  if (x.n > kLongestSlice || k > x.n) return nullptr;
  auto kernel =
      std::make_unique<TopKKernel>(TopKSlices{x.n, k, x.inner, op.largest}, x.outer * x.inner, isa);
  kernel->has_values_ = values;
  kernel->has_indices_ = indices;
  return kernel;
}

}  // namespace engine::cpu
#endif
