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

/// Rows side by side, so that one's chains run while another's wait.
inline constexpr int kSideBySide = ENGINE_ISA_ID == 2 ? 4 : ENGINE_ISA_ID == 0 ? 1 : 2;

// Lanes behind the end of a row take +0, which changes no sum: none of them ever is -0.
template <int kRows>
ENGINE_INLINE void row_sums(const float* x, Index n, float (&sums)[kRows]) {
  Vec lanes[kRows];
  for (Vec& lane : lanes) lane = fill(0.0f);
  Index i = 0;
  for (; i + kVecLanes <= n; i += kVecLanes)
    for (int r = 0; r < kRows; ++r) lanes[r] = add(lanes[r], load(x + r * n + i));
  if (i < n)
    for (int r = 0; r < kRows; ++r) lanes[r] = add(lanes[r], load(x + r * n + i, n - i, 0.0f));
  for (int r = 0; r < kRows; ++r) sums[r] = add_lanes(lanes[r]);
}

template <int kRows>
ENGINE_INLINE void row_squares(const float* x, Index n, const float (&mean)[kRows],
                               float (&sums)[kRows]) {
  Vec lanes[kRows], means[kRows];
  for (int r = 0; r < kRows; ++r) lanes[r] = fill(0.0f), means[r] = fill(mean[r]);
  Index i = 0;
  for (; i + kVecLanes <= n; i += kVecLanes)
    for (int r = 0; r < kRows; ++r) {
      const Vec d = sub(load(x + r * n + i), means[r]);
      lanes[r] = fma(d, d, lanes[r]);
    }
  if (i < n)
    for (int r = 0; r < kRows; ++r) {
      const Vec d = first_lanes(sub(load(x + r * n + i, n - i, 0.0f), means[r]), n - i);
      lanes[r] = fma(d, d, lanes[r]);
    }
  for (int r = 0; r < kRows; ++r) sums[r] = add_lanes(lanes[r]);
}

/// Where rows are and how they are scaled; scale and bias advance by kStep, 0 or 1.
struct ScaledRows {
  const float* x;
  float* y;
  Index row;  ///< from a row to the next
  const float *scale, *bias;
};

/// y = fma((x - mean) inverse, scale, bias) for up to 16 elements of each row from `i` on.
template <bool kBias, int kStep, int kRows>
ENGINE_INLINE void apply_lanes(const ScaledRows& t, Index i, Index lanes, const Vec (&mean)[kRows],
                               const Vec (&inverse)[kRows]) {
  const Vec s = kStep ? load(t.scale + i, lanes, 0.0f) : fill(*t.scale);
  const Vec b = !kBias ? fill(0.0f) : kStep ? load(t.bias + i, lanes, 0.0f) : fill(*t.bias);
  for (int r = 0; r < kRows; ++r) {
    const Index at = r * t.row + i;
    const Vec d = mul(sub(load(t.x + at, lanes, 0.0f), mean[r]), inverse[r]);
    store(t.y + at, lanes, kBias ? fma(d, s, b) : mul(d, s));
  }
}

template <bool kBias, int kStep, int kRows>
ENGINE_INLINE void apply(const ScaledRows& t, Index n, const float (&mean)[kRows],
                         const float (&inverse)[kRows]) {
  Vec means[kRows], inverses[kRows];
  for (int r = 0; r < kRows; ++r) means[r] = fill(mean[r]), inverses[r] = fill(inverse[r]);
  Index i = 0;
  for (; i + kVecLanes <= n; i += kVecLanes)
    apply_lanes<kBias, kStep>(t, i, kVecLanes, means, inverses);
  if (i < n) apply_lanes<kBias, kStep>(t, i, n - i, means, inverses);
}

/// kRows rows from `row` on.
template <int kRows>
ENGINE_INLINE void normalize_some(const NormalizationArgs& a, const NormalizationData& data,
                                  Index row) {
  const Index n = a.channels * a.positions;
  const float count = static_cast<float>(n);
  const float* x = data.x + row * n;
  float* y = data.y + row * n;
  float mean[kRows] = {}, inverse[kRows];
  if (!a.rms) row_sums(x, n, mean);
  for (float& m : mean) m = a.rms ? 0.0f : m / count;
  row_squares(x, n, mean, inverse);
  for (int r = 0; r < kRows; ++r) {
    inverse[r] = 1.0f / std::sqrt(inverse[r] / count + a.epsilon);
    if (data.mean) data.mean[row + r] = mean[r];
    if (data.inverse) data.inverse[row + r] = inverse[r];
  }
  if (a.positions == 1 && a.groups == 1) {
    const ScaledRows t{x, y, n, data.scale, data.bias};
    if (data.bias) apply<true, 1>(t, n, mean, inverse);
    else apply<false, 1>(t, n, mean, inverse);
    return;
  }
  for (int r = 0; r < kRows; ++r) {
    const Index shift = (row + r) % a.groups * a.channels;
    const float own_mean[1] = {mean[r]}, own_inverse[1] = {inverse[r]};
    for (Index k = 0; k < a.channels; ++k) {
      const Index at = r * n + k * a.positions;
      const ScaledRows t{x + at, y + at, 0, data.scale + shift + k, data.bias + shift + k};
      apply<true, 0>(t, a.positions, own_mean, own_inverse);
    }
  }
}

/// Rows [first, last). y may be x.
void normalize_rows(const NormalizationArgs& a, const NormalizationData& data, Index first,
                    Index last) noexcept {
  Index row = first;
  for (; row + kSideBySide <= last; row += kSideBySide) normalize_some<kSideBySide>(a, data, row);
  for (; row < last; ++row) normalize_some<1>(a, data, row);
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
