// Reductions on the CPU: contiguous runs in 16 lanes, four outputs side by side; other axes with 16
// outputs in the lanes, one chain each. ops/reduce.h has the order.
#define ENGINE_ISA_FILE "ops/cpu/reduce.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/reduce.h"
#include "ops/reduce_fold.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/lanes.inc"

ENGINE_BEGIN_ISA

using ops::Finish;
using ops::ReduceLayout;
using ops::Step;

/// What lanes behind the end of a run hold: it changes no accumulator, since sums start at +0 and
/// so never are -0, and exp(-infinity) is +0.
template <Step kStep>
constexpr float neutral() {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  return kStep == Step::kMultiply                        ? 1.0f
         : kStep == Step::kMax || kStep == Step::kAddExp ? -infinity
         : kStep == Step::kMin                           ? infinity
                                                         : 0.0f;
}

template <Step kStep>
ENGINE_INLINE Vec enter(const Vec& sum, const Vec& x, const Vec& shift) {
  if constexpr (kStep == Step::kAddAbs)
    return add(sum, from_bits(iand(bits(x), ifill(0x7fffffff))));
  else if constexpr (kStep == Step::kAddSquare) return fma(x, x, sum);
  else if constexpr (kStep == Step::kAddExp) return add(sum, p_exp(sub(x, shift)));
  else if constexpr (kStep == Step::kMultiply) return mul(sum, x);
  else if constexpr (kStep == Step::kMax) return max(sum, x);
  else if constexpr (kStep == Step::kMin) return min(sum, x);
  else return add(sum, x);
}

template <Step kStep>
struct JoinLanes {
  static ENGINE_INLINE Vec join(const Vec& a, const Vec& b) {
    if constexpr (kStep == Step::kMultiply) return mul(a, b);
    else if constexpr (kStep == Step::kMax) return max(a, b);
    else if constexpr (kStep == Step::kMin) return min(a, b);
    else return add(a, b);
  }
};

/// kOutputs neighbouring outputs from `o` on, accumulated but not finished; shift [kOutputs].
template <Step kStep, int kOutputs>
void fold_rows(const ReduceLayout& layout, const float* x, Index o, const float* shift,
               float* y) noexcept {
  const float* rows[kOutputs];
  Vec sum[kOutputs], minus[kOutputs];
  for (int k = 0; k < kOutputs; ++k) {
    rows[k] = x + ReduceLayout::offset(layout.kept, o + k);
    sum[k] = fill(ops::Fold<kStep, float>::start());
    minus[k] = fill(shift[k]);
  }
  const Index n = layout.inner, runs = layout.reduced_positions();
  for (Index r = 0; r < runs; ++r) {
    const Index run = ReduceLayout::offset(layout.reduced, r);
    Index i = run;
    for (const Index end = run + n - kVecLanes; i <= end; i += kVecLanes)
      for (int k = 0; k < kOutputs; ++k) sum[k] = enter<kStep>(sum[k], load(rows[k] + i), minus[k]);
    if (const Index rest = run + n - i; rest > 0)
      for (int k = 0; k < kOutputs; ++k)
        sum[k] = enter<kStep>(sum[k], load(rows[k] + i, rest, neutral<kStep>()), minus[k]);
  }
  for (int k = 0; k < kOutputs; ++k) y[k] = fold_halves<JoinLanes<kStep>>(sum[k]);
}

template <Step kStep, int kOutputs>
ENGINE_INLINE void finish_rows(const ReduceLayout& layout, Finish finish, const float* x, Index o,
                               float* y) noexcept {
  float shift[kOutputs] = {}, sum[kOutputs];
  if constexpr (kStep == Step::kAddExp) {
    fold_rows<Step::kMax, kOutputs>(layout, x, o, shift, sum);
    for (int k = 0; k < kOutputs; ++k) shift[k] = ops::exp_shift(sum[k]);
  }
  fold_rows<kStep, kOutputs>(layout, x, o, shift, sum);
  for (int k = 0; k < kOutputs; ++k) {
    const float value = ops::finish_fold(finish, sum[k], layout.count());
    y[o + k] = kStep == Step::kAddExp ? value + shift[k] : value;
  }
}

/// Outputs [first, last) of a layout of rows.
template <Step kStep>
void reduce_rows(const ReduceLayout& layout, Finish finish, Index first, Index last, const float* x,
                 float* y) noexcept {
  Index o = first;
  for (; o + 4 <= last; o += 4) finish_rows<kStep, 4>(layout, finish, x, o, y);
  for (; o < last; ++o) finish_rows<kStep, 1>(layout, finish, x, o, y);
}

/// kVecs * 16 columns at x, of which n count: the chain over all reduced positions.
template <Step kStep, int kVecs>
ENGINE_INLINE void fold_columns(const ReduceLayout& layout, const float* x, Index n,
                                const Vec* shift, Vec* sum) noexcept {
  for (int v = 0; v < kVecs; ++v) sum[v] = fill(ops::Fold<kStep, float>::start());
  const Index runs = layout.reduced_positions();
  for (Index r = 0; r < runs; ++r) {
    const float* from = x + ReduceLayout::offset(layout.reduced, r);
    for (int v = 0; v < kVecs; ++v) {
      const Vec value = kVecs > 1 ? load(from + v * kVecLanes) : load(from, n, 0.0f);
      sum[v] = enter<kStep>(sum[v], value, shift[v]);
    }
  }
}

/// What follows the sums of 16 columns; one for all steps, called.
[[gnu::noinline]] Vec finish_sum(Finish finish, const Vec& sum, float count) noexcept {
  if (finish == Finish::kMean) return div(sum, fill(count));
  if (finish == Finish::kSqrt) return sqrt(sum);
  if (finish == Finish::kLog) return p_log(sum);
  return sum;
}

template <Step kStep, int kVecs>
ENGINE_INLINE void finish_columns(const ReduceLayout& layout, Finish finish, const float* x,
                                  Index n, float* y) noexcept {
  Vec shift[kVecs], sum[kVecs];
  for (int v = 0; v < kVecs; ++v) shift[v] = fill(0.0f);
  if constexpr (kStep == Step::kAddExp) {
    fold_columns<Step::kMax, kVecs>(layout, x, n, shift, sum);
    const Vec infinity = fill(std::numeric_limits<float>::infinity());
    for (int v = 0; v < kVecs; ++v) {
      const Vec size = from_bits(iand(bits(sum[v]), ifill(0x7fffffff)));
      shift[v] = select(lt(size, infinity), sum[v], fill(0.0f));
    }
  }
  fold_columns<kStep, kVecs>(layout, x, n, shift, sum);
  const float count = static_cast<float>(layout.count());
  for (int v = 0; v < kVecs; ++v) {
    Vec value = finish_sum(finish, sum[v], count);
    if constexpr (kStep == Step::kAddExp) value = add(value, shift[v]);
    store(y + v * kVecLanes, kVecs > 1 ? Index{kVecLanes} : n, value);
  }
}

/// Columns [first, last) of kept position `o`.
template <Step kStep>
void reduce_columns(const ReduceLayout& layout, Finish finish, Index o, Index first, Index last,
                    const float* x, float* y) noexcept {
  constexpr int kVecs = 4;
  x += ReduceLayout::offset(layout.kept, o);
  y += o * layout.inner;
  Index j = first;
  for (; j + kVecs * kVecLanes <= last; j += kVecs * kVecLanes)
    finish_columns<kStep, kVecs>(layout, finish, x + j, kVecs * kVecLanes, y + j);
  for (; j < last; j += kVecLanes)
    finish_columns<kStep, 1>(layout, finish, x + j, std::min<Index>(last - j, kVecLanes), y + j);
}

/// Outputs [first, last), counted in blocks of `block` columns unless the layout has rows.
template <Step kStep>
void reduce_range(const ReduceLayout& layout, Finish finish, Index block, Index first, Index last,
                  const float* x, float* y) noexcept {
  if (layout.rows) return reduce_rows<kStep>(layout, finish, first, last, x, y);
  const Index blocks = (layout.inner + block - 1) / block;
  for (Index i = first; i < last; ++i) {
    const Index from = i % blocks * block;
    reduce_columns<kStep>(layout, finish, i / blocks, from, std::min(from + block, layout.inner), x,
                          y);
  }
}

void reduce(Step step, const ReduceLayout& layout, Finish finish, Index block, Index first,
            Index last, const float* x, float* y) noexcept {
  switch (step) {
#define ENGINE_STEP(name) \
  case Step::name: return reduce_range<Step::name>(layout, finish, block, first, last, x, y);
    ENGINE_STEP(kAdd)
    ENGINE_STEP(kAddAbs)
    ENGINE_STEP(kAddSquare)
    ENGINE_STEP(kAddExp)
    ENGINE_STEP(kMultiply)
    ENGINE_STEP(kMax)
    ENGINE_STEP(kMin)
#undef ENGINE_STEP
  }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

class ReduceKernel final : public Kernel {
 public:
  ReduceKernel(ops::ReduceLayout layout, ops::Step step, ops::Finish finish, Isa isa)
      : layout_(std::move(layout)), step_(step), finish_(finish), isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    constexpr Index kElementsPerTask = 1 << 14;
    constexpr Index kColumns = 256;  // a task's columns of one position: whole cache lines
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    if (layout_.outputs() == 0) return ops::kNoFault;
    const Index each = layout_.count() * (layout_.rows ? 1 : std::min(kColumns, layout_.inner));
    const Index tasks =
        layout_.rows ? layout_.outputs()
                     : layout_.kept_positions() * ((layout_.inner + kColumns - 1) / kColumns);
    const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(1, each));
    const auto reduce = ENGINE_KERNEL(isa_, reduce);
    call.pool.ranges(tasks, grain, [&](Index first, Index last) {
      reduce(step_, layout_, finish_, kColumns, first, last, x, y);
    });
    return ops::kNoFault;
  }
  std::string name() const override {
    return kernel_name(layout_.rows ? "reduce_rows" : "reduce_columns", isa_);
  }

 private:
  ops::ReduceLayout layout_;
  ops::Step step_;
  ops::Finish finish_;
  Isa isa_;
};

}  // namespace

std::unique_ptr<Kernel> make_reduction(ops::ReduceLayout layout, ops::Step step, ops::Finish finish,
                                       Isa isa) {
  return std::make_unique<ReduceKernel>(std::move(layout), step, finish, isa);
}

std::unique_ptr<Kernel> bind_reduce(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ops::Reduce&>(binding.op);
  const ops::Input& x = binding.in[0];
  if (x.dtype != DType::kFloat32) return nullptr;
  std::span<const Index> axes;
  if (binding.in.size() > 1 && binding.in[1]) {
    if (!binding.in[1].data) return nullptr;
    axes = {binding.in[1].as<Index>(), static_cast<std::size_t>(binding.in[1].size())};
  }
  return make_reduction(ops::ReduceLayout(x.shape(), op.reduced_axes(x.rank(), axes)), op.step,
                        op.finish, isa);
}

}  // namespace engine::cpu
#endif
