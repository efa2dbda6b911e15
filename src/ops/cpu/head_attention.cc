// HeadAttention on the CPU, float32. Of one sample and head, keys and values are packed into blocks
// of 16; then a few queries at a time get scores, softmax and outputs while all of it lies in the
// first-level cache.
#define ENGINE_ISA_FILE "ops/cpu/head_attention.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/head_attention.h"

#ifndef ENGINE_HEAD_ATTENTION_ARGUMENTS
#define ENGINE_HEAD_ATTENTION_ARGUMENTS
namespace engine::cpu {

/// One sample and head; rows of q and k are `depth` long, of v and y `width`, at the distances
/// `row` of tokens.
struct HeadArguments {
  const float *q, *k, *v;
  const float* bias;  ///< [queries][keys], or null
  float* y;
  Index queries, keys, depth, width;
  Index depth_row, width_row, bias_row;
  ops::ScoreScale scale;
};

constexpr Index kMostQueries = 12;  ///< that any instruction set takes at a time

constexpr Index blocks_of(Index n) { return (n + numerics::kLanes - 1) / numerics::kLanes; }

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/lanes.inc"
#include "ops/cpu/simd/tile.inc"
#include "ops/cpu/simd/transpose.inc"

ENGINE_BEGIN_ISA

// The largest tile: accumulators, one row of B and one broadcast must fit the registers.
#if ENGINE_ISA_ID == 2
inline constexpr int kTileRows = 12, kTileBlocks = 2;
#elif ENGINE_ISA_ID == 0
inline constexpr int kTileRows = 1, kTileBlocks = 1;
#else
inline constexpr int kTileRows = 6, kTileBlocks = 1;
#endif

/// Rows whose softmax goes side by side, so that one's chains run while another's wait.
inline constexpr int kSoftmaxRows = ENGINE_ISA_ID == 2 ? 4 : 1;

// to [block of keys][depth][16], zeros behind the last key.
void pack_keys(const HeadArguments& a, float* to) {
  for (Index key = 0; key < a.keys; key += kVecLanes, to += a.depth * kVecLanes) {
    const Index width = std::min<Index>(a.keys - key, kVecLanes);
    if (width < kVecLanes) std::fill_n(to, a.depth * kVecLanes, 0.0f);
    transpose_plane(a.depth, width, a.k + key * a.depth_row, a.depth_row, to, kVecLanes);
  }
}

// to [block of v's columns][keys][16], zeros behind the last column.
void pack_values(const HeadArguments& a, float* to) {
  for (Index column = 0; column < a.width; column += kVecLanes)
    for (Index key = 0; key < a.keys; ++key, to += kVecLanes)
      store(to, load(a.v + key * a.width_row + column, a.width - column, 0.0f));
}

/// Rows times packed columns; y's rows are y_row apart, and n columns of them are written.
struct HeadProduct {
  TileA a;
  const float* packed;
  Index k;
  float* y;
  Index y_row, n;
};

template <int MR, int NV>
[[gnu::noinline]] void product_tile(const HeadProduct& p, Index column) {
  Vec sums[MR][NV];
  tile_chain<MR, NV>(p.a, {p.packed + column * p.k, kVecLanes, p.k * kVecLanes}, p.k, sums);
  float* y = p.y + column;
  const Index valid = p.n - column;
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r, y += p.y_row)
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) store(y + v * kVecLanes, valid - v * kVecLanes, sums[r][v]);
}

template <int MR>
void product(const HeadProduct& p) {
  Index column = 0;
  if constexpr (kTileBlocks == 2)
    for (; p.n - column > kVecLanes; column += 2 * kVecLanes) product_tile<MR, 2>(p, column);
  for (; column < p.n; column += kVecLanes) product_tile<MR, 1>(p, column);
}

/// One Vec of each of some rows, as registers side by side.
template <int kRows>
using RowVecs = Floats<kRows * kRegs>;

template <int kRows, class F>
ENGINE_INLINE RowVecs<kRows> of_each_row(const F& f) {
  RowVecs<kRows> vecs;
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    const Vec v = f(r);
    for (int i = 0; i < kRegs; ++i) vecs.r[r * kRegs + i] = v.r[i];
  }
  return vecs;
}

template <int kAll>
ENGINE_INLINE Vec vec_of_row(const Floats<kAll>& vecs, int r) {
  Vec v;
  for (int i = 0; i < kRegs; ++i) v.r[i] = vecs.r[r * kRegs + i];
  return v;
}

template <int kRows, class Join>
ENGINE_INLINE RowVecs<kRows> spread_each(const RowVecs<kRows>& vecs) {
  return of_each_row<kRows>([&](int r) __attribute__((always_inline)) {
    return spread_halves<Join>(vec_of_row(vecs, r), false);
  });
}

/// x = f(x, i) for the elements x from i to i + 16 of each row of scores [kRows][row], whole
/// vectors.
template <int kRows, class F>
ENGINE_INLINE void replace_each(float* scores, Index row, const F& f) {
  for (Index i = 0; i < row; i += kVecLanes) {
    const RowVecs<kRows> old = of_each_row<kRows>([&](int r) __attribute__((always_inline)) {
      return load(scores + r * row + i);
    });
    const RowVecs<kRows> vecs = f(old, i);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) store(scores + r * row + i, vec_of_row(vecs, r));
  }
}

/// Softmax of scores [kRows][row] in place, scaled and with the bias if that is not null. The bits
/// of Softmax: what lies behind the last key becomes -inf, which no maximum is, and whose
/// exponential adds +0.
template <int kRows>
ENGINE_INLINE void softmax_rows(const HeadArguments& a, const float* bias, float* scores,
                                Index row) {
  using Vecs = RowVecs<kRows>;
  constexpr int kAll = kRows * kRegs;
  const Vecs nothing = fill<kAll>(-std::numeric_limits<float>::infinity());
  const Vecs factor = fill<kAll>(a.scale.factor);
  Vecs max = nothing, sum = fill<kAll>(0.0f);
  replace_each<kRows>(
      scores, row, [&](const Vecs& s, Index i) __attribute__((always_inline)) {
        const Index left = a.keys - i;
        Vecs scaled = a.scale.divides ? div(s, factor) : mul(s, factor);
        if (bias)
          scaled = add(scaled, of_each_row<kRows>([&](int r) __attribute__((always_inline)) {
                         return load(bias + r * a.bias_row + i, left, 0.0f);
                       }));
        if (left < kVecLanes)
          scaled = of_each_row<kRows>([&](int r) __attribute__((always_inline)) {
            return first_lanes(vec_of_row(scaled, r), left, vec_of_row(nothing, r));
          });
        max = max_or_second(scaled, max);
        return scaled;
      });
  max = spread_each<kRows, JoinMax>(max);
  replace_each<kRows>(
      scores, row, [&](const Vecs& s, Index) __attribute__((always_inline)) {
        const Vecs e = p_exp(sub(s, max));
        sum = add(sum, e);
        return e;
      });
  sum = spread_each<kRows, JoinSum>(sum);
  replace_each<kRows>(
      scores,
      row, [&](const Vecs& e, Index) __attribute__((always_inline)) { return div(e, sum); });
}

// Queries [first, first + MR).
template <int MR>
void attend(const HeadArguments& a, Index first, const float* keys, const float* values,
            float* scores) {
  const Index row = blocks_of(a.keys) * kVecLanes;
  product<MR>({{a.q + first * a.depth_row, a.depth_row, 1}, keys, a.depth, scores, row, row});
  constexpr int kGroup = MR % kSoftmaxRows == 0 ? kSoftmaxRows : 1;
#pragma GCC unroll 1
  for (int r = 0; r < MR; r += kGroup) {
    const float* bias = a.bias ? a.bias + (first + r) * a.bias_row : nullptr;
    softmax_rows<kGroup>(a, bias, scores + r * row, row);
  }
  product<MR>({{scores, row, 1}, values, a.keys, a.y + first * a.width_row, a.width_row, a.width});
}

template <int MR = kTileRows>
void attend_all(const HeadArguments& a, Index first, const float* keys, const float* values,
                float* scores) {
  for (; a.queries - first >= MR; first += MR) attend<MR>(a, first, keys, values, scores);
  constexpr int kNext = MR > 4 ? 4 : 1;
  if constexpr (MR > 1) attend_all<kNext>(a, first, keys, values, scores);
}

/// One sample and head. Scratch: packed keys, packed values, scores of kMostQueries.
void head_attention(const HeadArguments& a, float* scratch) noexcept {
  float* values = scratch + blocks_of(a.keys) * kVecLanes * a.depth;
  float* scores = values + blocks_of(a.width) * kVecLanes * a.keys;
  pack_keys(a, scratch);
  pack_values(a, values);
  attend_all(a, 0, scratch, values, scores);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class HeadAttentionKernel final : public Kernel {
 public:
  /// `bias_steps`: of the bias from a sample, head, query and key to the next; empty: none.
  HeadAttentionKernel(const HeadArguments& form, Index samples, Index heads, Shape bias_steps,
                      Isa isa)
      : form_(form),
        samples_(samples),
        heads_(heads),
        bias_steps_(std::move(bias_steps)),
        isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    // Pieces are numbered, and each has its own scratch, so that an executor may run them anywhere.
    const Index tasks = samples_ * heads_;
    const Index products = form_.queries * form_.keys * (form_.depth + form_.width);
    constexpr Index kProductsPerTask = 1 << 17;  // below, handing over costs more than it saves
    const Index useful = std::max<Index>(1, tasks * products / kProductsPerTask);
    const Index pieces = std::min({tasks, useful, Index{call.pool.concurrency()}});
    call.pool.parallel(pieces, [&](Index piece) {
      float* scratch = reinterpret_cast<float*>(call.scratch) + piece * scratch_floats();
      for (Index task = tasks * piece / pieces; task < tasks * (piece + 1) / pieces; ++task)
        run_head(call, task / heads_, task % heads_, scratch);
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads * scratch_floats()) * sizeof(float);
  }
  std::string name() const override { return kernel_name("head_attention", isa_); }

 private:
  Index scratch_floats() const noexcept {
    const Index keys = blocks_of(form_.keys), columns = blocks_of(form_.width);
    return numerics::kLanes * (keys * form_.depth + columns * form_.keys + kMostQueries * keys);
  }

  void run_head(const Call& call, Index sample, Index head, float* scratch) const noexcept {
    HeadArguments a = form_;
    const auto input = [&](Index i, Index tokens, Index row, Index length) {
      return static_cast<const float*>(call.in[i]) + sample * tokens * row + head * length;
    };
    a.q = input(ops::HeadAttention::kQ, a.queries, a.depth_row, a.depth);
    a.k = input(ops::HeadAttention::kK, a.keys, a.depth_row, a.depth);
    a.v = input(ops::HeadAttention::kV, a.keys, a.width_row, a.width);
    if (!bias_steps_.empty())
      a.bias = static_cast<const float*>(call.in[ops::HeadAttention::kBias]) +
               sample * bias_steps_[0] + head * bias_steps_[1];
    a.y = static_cast<float*>(call.out[0]) + sample * a.queries * a.width_row + head * a.width;
    ENGINE_KERNEL(isa_, head_attention)(a, scratch);
  }

  HeadArguments form_;
  Index samples_, heads_;
  Shape bias_steps_;
  Isa isa_;
};

/// The same scale as a product where its bits are the same: a power of two has an exact inverse.
ops::ScoreScale as_product(ops::ScoreScale scale) {
  int exponent;
  const bool power = std::abs(std::frexp(scale.factor, &exponent)) == 0.5f;
  if (scale.divides && power && std::abs(exponent) < 100) return {1 / scale.factor, false};
  return scale;
}

}  // namespace

std::unique_ptr<Kernel> bind_head_attention(const Binding& binding, Isa isa) {
  using ops::HeadAttention;
  const auto& op = static_cast<const HeadAttention&>(binding.op);
  const ops::Input &q = binding.in[HeadAttention::kQ], &v = binding.in[HeadAttention::kV];
  if (q.dtype != DType::kFloat32) return nullptr;
  const Shape &queries = q.shape(), &values = v.shape();
  HeadArguments form{};
  form.queries = queries[1];
  form.keys = values[1];
  form.depth = queries[3];
  form.width = values[3];
  form.depth_row = queries[2] * form.depth;
  form.width_row = values[2] * form.width;
  form.scale = as_product(op.scale);
  Shape bias_steps;
  if (binding.in.size() > HeadAttention::kBias && binding.in[HeadAttention::kBias]) {
    const Shape& bias = binding.in[HeadAttention::kBias].shape();
    if (bias[3] != form.keys) return nullptr;
    bias_steps = broadcast_strides(bias, {queries[0], queries[2], form.queries, form.keys});
    form.bias_row = bias_steps[2];
  }
  return std::make_unique<HeadAttentionKernel>(form, queries[0], queries[2], std::move(bias_steps),
                                               isa);
}

}  // namespace engine::cpu
#endif
