// LayerNormalization, RMSNormalization, InstanceNormalization and GroupNormalization on the CPU,
// float32: three passes over a contiguous row (sum, squares, result), the sums in 16 lanes.
#define ENGINE_ISA_FILE "ops/cpu/normalization.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/group_normalization.h"
#include "ops/layer_normalization.h"

#ifndef ENGINE_CPU_NORMALIZATION_ARGS
#define ENGINE_CPU_NORMALIZATION_ARGS
namespace engine::cpu {

/// Rows of [channels, positions]; channel k of row r has scale number r % groups * channels + k.
struct NormalizationArgs {
  Index groups, channels, positions;
  float epsilon;
  bool rms;  ///< the mean counts as 0
};

/// Operands of one run; bias, mean and inverse may be null.
struct NormalizationData {
  const float *x, *scale, *bias;
  float *y, *mean, *inverse;
};

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/lanes.inc"

ENGINE_BEGIN_ISA

// Lanes behind the end of a row take +0, which changes no sum: none of them ever is -0.
ENGINE_INLINE float row_sum(const float* x, Index n) {
  Vec sum = fill(0.0f);
  Index i = 0;
  for (; i + kVecLanes <= n; i += kVecLanes) sum = add(sum, load(x + i));
  if (i < n) sum = add(sum, load(x + i, n - i, 0.0f));
  return add_lanes(sum);
}

ENGINE_INLINE float row_squares(const float* x, Index n, const Vec& mean) {
  Vec sum = fill(0.0f);
  Index i = 0;
  for (; i + kVecLanes <= n; i += kVecLanes) {
    const Vec d = sub(load(x + i), mean);
    sum = fma(d, d, sum);
  }
  if (i < n) {
    const Vec d = first_lanes(sub(load(x + i, n - i, 0.0f), mean), n - i);
    sum = fma(d, d, sum);
  }
  return add_lanes(sum);
}

/// y = fma((x - mean) inverse, scale, bias), [n]; scale and bias advance by `step`, 0 or 1.
template <bool kBias, int kStep>
ENGINE_INLINE void apply(Index n, const float* x, const Vec& mean, const Vec& inverse,
                         const float* scale, const float* bias, float* y) {
  for (Index i = 0; i < n; i += kVecLanes) {
    const Index rest = n - i;
    const Vec d = mul(sub(load(x + i, rest, 0.0f), mean), inverse);
    const Vec s = kStep ? load(scale + i, rest, 0.0f) : fill(*scale);
    if constexpr (kBias) {
      const Vec b = kStep ? load(bias + i, rest, 0.0f) : fill(*bias);
      store(y + i, rest, fma(d, s, b));
    } else {
      store(y + i, rest, mul(d, s));
    }
  }
}

/// Rows [first, last). y may be x.
void normalize_rows(const NormalizationArgs& a, const NormalizationData& data, Index first,
                    Index last) noexcept {
  const Index n = a.channels * a.positions;
  const float count = static_cast<float>(n);
  for (Index row = first; row < last; ++row) {
    const float* x = data.x + row * n;
    float* y = data.y + row * n;
    const float mean = a.rms ? 0.0f : row_sum(x, n) / count;
    const Vec means = fill(mean);
    const float inverse = 1.0f / std::sqrt(row_squares(x, n, means) / count + a.epsilon);
    const Vec inverses = fill(inverse);
    if (data.mean) data.mean[row] = mean;
    if (data.inverse) data.inverse[row] = inverse;
    const Index shift = row % a.groups * a.channels;
    const float *scale = data.scale + shift, *bias = data.bias ? data.bias + shift : nullptr;
    if (a.positions == 1) {
      if (bias) apply<true, 1>(n, x, means, inverses, scale, bias, y);
      else apply<false, 1>(n, x, means, inverses, scale, bias, y);
      continue;
    }
    for (Index k = 0; k < a.channels; ++k) {
      const Index at = k * a.positions;
      apply<true, 0>(a.positions, x + at, means, inverses, scale + k, bias + k, y + at);
    }
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class NormalizationKernel final : public Kernel {
 public:
  NormalizationKernel(const char* name, NormalizationArgs args, Index rows, Isa isa)
      : name_(name), args_(args), rows_(rows), isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const auto input = [&](std::size_t i) { return static_cast<const float*>(call.in[i]); };
    const auto output = [&](std::size_t i) { return static_cast<float*>(call.out[i]); };
    const NormalizationData data{input(0),
                                 input(1),
                                 bias_ ? input(2) : nullptr,
                                 output(0),
                                 mean_ ? output(1) : nullptr,
                                 inverse_ ? output(2) : nullptr};
    constexpr Index kElementsPerTask = 1 << 13;
    const Index n = args_.channels * args_.positions;
    const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(1, n));
    const auto rows = ENGINE_KERNEL(isa_, normalize_rows);
    call.pool.ranges(rows_, grain,
                     [&](Index first, Index last) { rows(args_, data, first, last); });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name(name_, isa_); }

  bool bias_ = true, mean_ = false, inverse_ = false;  ///< operands that are there

 private:
  const char* name_;
  NormalizationArgs args_;
  Index rows_;
  Isa isa_;
};

/// Scale or bias as one value per element of a row.
bool covers_row(const ops::Input& operand, const Shape& x, Index n) {
  const Shape& shape = operand.shape();
  return operand.size() == n && std::equal(shape.rbegin(), shape.rend(), x.rbegin());
}

}  // namespace

std::unique_ptr<Kernel> bind_layer_normalization(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::LayerNormalization&>(binding.op);
  const Shape& shape = binding.in[0].shape();
  const auto [rows, n, inner] = op.rows(shape);
  const bool bias = binding.in.size() > 2 && binding.in[2];
  for (const ops::Input& input : binding.in)
    if (input && input.dtype != DType::kFloat32) return nullptr;
  for (const ops::Output& output : binding.out)
    if (output && output.dtype != DType::kFloat32) return nullptr;
  if (!binding.out[0] || !covers_row(binding.in[1], shape, n)) return nullptr;
  if (bias && !covers_row(binding.in[2], shape, n)) return nullptr;
  auto kernel = std::make_unique<NormalizationKernel>(
      op.rms ? "rms_normalization" : "layer_normalization",
      NormalizationArgs{1, n, 1, op.epsilon, op.rms}, rows, isa);
  kernel->bias_ = bias;
  kernel->mean_ = binding.out.size() > 1 && binding.out[1];
  kernel->inverse_ = binding.out.size() > 2 && binding.out[2];
  return kernel;
}

std::unique_ptr<Kernel> bind_group_normalization(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::GroupNormalization&>(binding.op);
  if (binding.in[0].dtype != DType::kFloat32) return nullptr;
  const auto v = op.view(binding.in[0].shape());
  return std::make_unique<NormalizationKernel>(
      "group_normalization",
      NormalizationArgs{std::max<Index>(1, v.groups), v.channels, v.positions, op.epsilon, false},
      v.rows, isa);
}

}  // namespace engine::cpu
#endif
