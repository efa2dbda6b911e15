// ScatterElements and ScatterND on the CPU, float32. Indices are checked first; then updates join
// what is there in the order of their rows, 16 neighbours at a time. Threads split what lies side
// by side, never the updates of one place.
#define ENGINE_ISA_FILE "ops/cpu/scatter.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/index_tuples.h"
#include "ops/scatter.h"

#ifndef ENGINE_SCATTER_FORM
#define ENGINE_SCATTER_FORM
namespace engine::cpu {

/// Updates [rows, inner]; of ScatterElements into y [n, inner], as indices [rows, inner] say.
struct ScatterForm {
  ops::Reduction reduction;
  Index rows, inner, n;
};

}  // namespace engine::cpu
#endif

#include "ops/cpu/simd/vec.inc"

ENGINE_BEGIN_ISA

// to = f(to, from), up to 16 elements.
template <class F>
ENGINE_INLINE void join_lanes(Index n, const float* from, float* to, const F& f) {
  store(to, n, f(load(to, n, 0.0f), load(from, n, 0.0f)));
}

/// What ops::combine does, up to 16 elements: a maximum of equals is what was there.
ENGINE_INLINE void combine_lanes(ops::Reduction reduction, Index n, const float* from, float* to) {
  using ops::Reduction;
#define ENGINE_JOIN(expression) \
  join_lanes(                   \
      n, from, to,              \
      [](const Vec& a, const Vec& b) __attribute__((always_inline)) { return expression; })
  switch (reduction) {
    case Reduction::kNone: return ENGINE_JOIN((static_cast<void>(a), b));
    case Reduction::kAdd: return ENGINE_JOIN(add(a, b));
    case Reduction::kMul: return ENGINE_JOIN(mul(a, b));
    case Reduction::kMax: return ENGINE_JOIN(select(ne(b, b), b, select(lt(a, b), b, a)));
    case Reduction::kMin: return ENGINE_JOIN(select(ne(b, b), b, select(lt(b, a), b, a)));
  }
#undef ENGINE_JOIN
}

/// Columns [first, last) of updates, row i of which joins the elements from y + positions[i] on.
void scatter_runs(const ScatterForm& form, const Index* positions, const float* updates, float* y,
                  Index first, Index last) noexcept {
  for (Index i = 0; i < form.rows; ++i)
    for (Index j = first; j < last; j += kVecLanes)
      combine_lanes(form.reduction, std::min<Index>(last - j, kVecLanes),
                    updates + i * form.inner + j, y + positions[i] + j);
}

/// Columns [first, last) of updates, each of which joins the element of its column that its index
/// names. Where nodes are summed, neighbours have one index.
template <class I>
void scatter_columns(const ScatterForm& form, const I* indices, const float* updates, float* y,
                     Index first, Index last) noexcept {
  const auto row = [&](I index) {
    return y + (index < 0 ? index + form.n : Index{index}) * form.inner;
  };
  for (Index k = 0; k < form.rows; ++k, indices += form.inner, updates += form.inner)
    for (Index j = first; j < last; j += kVecLanes) {
      const Index width = std::min<Index>(last - j, kVecLanes);
      const I* at = indices + j;
      I different = 0;
      for (Index t = 0; t < width; ++t) different |= at[t] ^ at[0];
      if (different == 0) {
        combine_lanes(form.reduction, width, updates + j, row(at[0]) + j);
      } else {
        for (Index t = 0; t < width; ++t)
          ops::scatter_to<float>(form.reduction, row(at[t])[j + t], updates[j + t]);
      }
    }
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

constexpr Index kUpdatesPerTask = 1 << 14;  // below, handing over costs more than it saves

// Columns that a thread takes at least, whole vectors of them.
Index grain_of(Index rows) {
  const Index columns = kUpdatesPerTask / std::max<Index>(1, rows);
  return (columns / numerics::kLanes + 1) * numerics::kLanes;
}

void copy_data(const Call& call, Index size) noexcept {
  if (call.in[0] != call.out[0] && size > 0)
    std::memcpy(call.out[0], call.in[0], static_cast<std::size_t>(size) * sizeof(float));
}

class ScatterRunsKernel final : public Kernel {
 public:
  ScatterRunsKernel(const ScatterForm& form, const Binding& binding, Isa isa)
      : form_(form), data_(binding.in[0].shape()), indices_(binding.in[1].shape()), isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const ops::IndexTuples tuples({DType::kInt64, &indices_, call.in[1]}, data_, 0);
    auto* positions = reinterpret_cast<Index*>(call.scratch);
    Fault fault;
    for (Index i = 0; i < form_.rows; ++i)
      if ((positions[i] = tuples.offset(i, fault)) < 0) return fault;
    copy_data(call, product(data_, 0, std::ssize(data_)));
    call.pool.ranges(form_.inner, grain_of(form_.rows), [&](Index first, Index last) {
      ENGINE_KERNEL(isa_, scatter_runs)
      (form_, positions, static_cast<const float*>(call.in[2]), static_cast<float*>(call.out[0]),
       first, last);
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int) const noexcept override {
    return static_cast<std::size_t>(form_.rows) * sizeof(Index);
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("scatter_runs", isa_); }

 private:
  ScatterForm form_;
  Shape data_, indices_;
  Isa isa_;
};

template <class I>
class ScatterColumnsKernel final : public Kernel {
 public:
  ScatterColumnsKernel(const ScatterForm& form, Index outer, Isa isa)
      : form_(form), outer_(outer), isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const auto* indices = static_cast<const I*>(call.in[1]);
    for (Index i = 0; i < outer_ * form_.rows * form_.inner; ++i)
      if (ops::wrap_index(indices[i], form_.n) < 0) return ops::out_of_range(indices[i], form_.n);
    copy_data(call, outer_ * form_.n * form_.inner);
    for (Index o = 0; o < outer_; ++o) {
      const Index at = o * form_.rows * form_.inner;
      call.pool.ranges(form_.inner, grain_of(form_.rows), [&](Index first, Index last) {
        ENGINE_KERNEL(isa_, scatter_columns<I>)
        (form_, indices + at, static_cast<const float*>(call.in[2]) + at,
         static_cast<float*>(call.out[0]) + o * form_.n * form_.inner, first, last);
      });
    }
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("scatter_columns", isa_); }

 private:
  ScatterForm form_;
  Index outer_;
  Isa isa_;
};

}  // namespace

std::unique_ptr<Kernel> bind_scatter_nd(const Binding& binding, Isa isa) {
  const ops::Input &data = binding.in[0], &indices = binding.in[1];
  constexpr std::size_t kMostAxes = 8;  // more would take memory when they run
  if (data.dtype != DType::kFloat32 || data.shape().size() > kMostAxes) return nullptr;
  const Index rows = product(indices.shape(), 0, indices.rank() - 1);
  const Index run = product(data.shape(), indices.shape().back(), data.rank());
  if (binding.in[2].size() != rows * run) return nullptr;
  const auto reduction = static_cast<const ops::ScatterND&>(binding.op).reduction;
  return std::make_unique<ScatterRunsKernel>(ScatterForm{reduction, rows, run, 0}, binding, isa);
}

std::unique_ptr<Kernel> bind_scatter_elements(const Binding& binding, Isa isa) {
  const ops::Input &data = binding.in[0], &indices = binding.in[1];
  const auto& op = static_cast<const ops::ScatterElements&>(binding.op);
  const Index axis = normalize_axis(op.axis, data.rank());
  Shape whole = data.shape();  // updates may leave out the ends of other axes: not here
  whole[static_cast<std::size_t>(axis)] = indices.shape()[static_cast<std::size_t>(axis)];
  if (data.dtype != DType::kFloat32 || indices.shape() != whole) return nullptr;
  if (binding.in[2].shape() != whole) return nullptr;
  const AxisView x = split_at(data.shape(), axis);
  if (x.inner < numerics::kLanes / 2) return nullptr;  // few neighbours: nothing is gained
  const ScatterForm form{op.reduction, split_at(whole, axis).n, x.inner, x.n};
  if (indices.dtype == DType::kInt32)
    return std::make_unique<ScatterColumnsKernel<std::int32_t>>(form, x.outer, isa);
  return std::make_unique<ScatterColumnsKernel<std::int64_t>>(form, x.outer, isa);
}

}  // namespace engine::cpu
#endif
