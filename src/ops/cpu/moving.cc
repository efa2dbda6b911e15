// Operators that move runs of elements to places that their shapes alone decide, any element type
// but string.
#include "ops/moving.h"

#include "ops/concat.h"
#include "ops/cpu/copy.h"
#include "ops/slice.h"
#include "ops/split.h"

namespace engine::cpu {
namespace {

Index element_bytes(DType dtype) { return static_cast<Index>(size_of(dtype)); }

/// x [outer, n, inner] in memory of rows [.., row_from] and [.., row_to].
ops::LoopAxes<2> rows_of(Index rows, Index run, Index from_row, Index to_row) {
  ops::LoopAxes<2> axes;
  axes.push_back({rows, {from_row, to_row}});
  axes.push_back({run, {1, 1}});
  return axes;
}

}  // namespace

std::unique_ptr<Kernel> bind_concat(const Binding& binding, Isa) {
  const ops::Output& out = binding.out[0];
  if (out.dtype == DType::kString) return nullptr;
  const Index axis = static_cast<const ops::Concat&>(binding.op).axis;
  const AxisView y = split_at(out.shape(), normalize_axis(axis, out.rank()));
  const Index row = y.n * y.inner;
  std::vector<CopyOperand> operands;
  Index at = 0;
  for (std::size_t i = 0; i < binding.in.size(); ++i) {
    const Index run = binding.in[i].size() / y.outer;
    if (run > 0)
      operands.push_back(
          {i, 0, CopyPlan(rows_of(y.outer, run, run, row), element_bytes(out.dtype), 0, at)});
    at += run;
  }
  return make_copy_kernel("concat", std::move(operands));
}

std::unique_ptr<Kernel> bind_split(const Binding& binding, Isa) {
  const ops::Input& in = binding.in[0];
  if (in.dtype == DType::kString || in.size() == 0) return nullptr;
  const Index along = normalize_axis(static_cast<const ops::Split&>(binding.op).axis, in.rank());
  const AxisView x = split_at(in.shape(), along);
  std::vector<CopyOperand> operands;
  Index at = 0;
  for (std::size_t i = 0; i < binding.out.size(); ++i) {
    if (!binding.out[i]) return nullptr;  // where the next part begins is not known
    const Index run = binding.out[i].shape()[static_cast<std::size_t>(along)] * x.inner;
    if (at + run > x.n * x.inner) return nullptr;
    if (run > 0)
      operands.push_back(
          {0, i,
           CopyPlan(rows_of(x.outer, run, x.n * x.inner, run), element_bytes(in.dtype), at, 0)});
    at += run;
  }
  return at == x.n * x.inner ? make_copy_kernel("split", std::move(operands)) : nullptr;
}

std::unique_ptr<Kernel> bind_slice(const Binding& binding, Isa) {
  const ops::Input& data = binding.in[0];
  if (data.dtype == DType::kString || data.rank() == 0) return nullptr;
  for (std::size_t i = 1; i < binding.in.size(); ++i)
    if (binding.in[i] && !binding.in[i].data) return nullptr;
  const Small<Index> from = ops::loop_strides(data.shape());
  const Small<Index> to = ops::loop_strides(binding.out[0].shape());
  ops::Slice::Ranges ranges;
  if (!ops::Slice::ranges(binding.in, binding.out[0].shape(), ranges).ok()) return nullptr;
  ops::LoopAxes<2> axes;
  Index start = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    start += ranges[i].first * from[i];
    const Index step = ranges[i].count > 1 ? ranges[i].step * from[i] : 0;  // may be huge
    axes.push_back({ranges[i].count, {step, to[i]}});
  }
  return make_copy_kernel("slice", {{0, 0, CopyPlan(axes, element_bytes(data.dtype), start, 0)}});
}

std::unique_ptr<Kernel> bind_expand(const Binding& binding, Isa) {
  const ops::Input& in = binding.in[0];
  const ops::Output& out = binding.out[0];
  if (in.dtype == DType::kString) return nullptr;
  const Shape from = broadcast_strides(in.shape(), out.shape());
  const Small<Index> to = ops::loop_strides(out.shape());
  ops::LoopAxes<2> axes;
  for (std::size_t i = 0; i < to.size(); ++i) axes.push_back({out.shape()[i], {from[i], to[i]}});
  return make_copy_kernel("expand", {{0, 0, CopyPlan(axes, element_bytes(in.dtype), 0, 0)}});
}

}  // namespace engine::cpu
