#include "ops/copy_walks.h"

#include "ops/concat.h"
#include "ops/depth_to_space.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "ops/transpose.h"

namespace engine::ops {
namespace {

/// x [rows, run] in memory of rows [.., from_row] and [.., to_row].
LoopAxes<2> rows_of(Index rows, Index run, Index from_row, Index to_row) {
  LoopAxes<2> axes;
  axes.push_back({rows, {from_row, to_row}});
  axes.push_back({run, {1, 1}});
  return axes;
}

// An input of the given axes, read in the order that the output has them.
CopyWalks permuted(const Shape& shape, const Small<Index>& perm) {
  const Small<Index> from = loop_strides(shape);
  LoopAxes<2> axes(perm.size());
  Index step = 1;
  for (std::size_t i = perm.size(); i-- > 0;) {
    const auto source = static_cast<std::size_t>(perm[i]);
    axes[i] = {shape[source], {from[source], step}};
    step *= shape[source];
  }
  return {{0, 0, axes, 0, 0}};
}

}  // namespace

std::optional<CopyWalks> concat_walks(const Binding& binding) {
  const Output& out = binding.out[0];
  if (out.dtype == DType::kString) return std::nullopt;
  const Index axis = static_cast<const Concat&>(binding.op).axis;
  const AxisView y = split_at(out.shape(), normalize_axis(axis, out.rank()));
  const Index row = y.n * y.inner;
  CopyWalks walks;
  Index at = 0;
  for (std::size_t i = 0; i < binding.in.size(); ++i) {
    const Index run = binding.in[i].size() / y.outer;
    if (run > 0) walks.push_back({i, 0, rows_of(y.outer, run, run, row), 0, at});
    at += run;
  }
  return walks;
}

std::optional<CopyWalks> split_walks(const Binding& binding) {
  const Input& in = binding.in[0];
  if (in.dtype == DType::kString || in.size() == 0) return std::nullopt;
  const Index along = normalize_axis(static_cast<const Split&>(binding.op).axis, in.rank());
  const AxisView x = split_at(in.shape(), along);
  const Index row = x.n * x.inner;
  CopyWalks walks;
  Index at = 0;
  for (std::size_t i = 0; i < binding.out.size(); ++i) {
    if (!binding.out[i]) return std::nullopt;  // where the next part begins is not known
    const Index run = binding.out[i].shape()[static_cast<std::size_t>(along)] * x.inner;
    if (at + run > row) return std::nullopt;
    if (run > 0) walks.push_back({0, i, rows_of(x.outer, run, row, run), at, 0});
    at += run;
  }
  if (at != row) return std::nullopt;
  return walks;
}

std::optional<CopyWalks> slice_walks(const Binding& binding) {
  const Input& data = binding.in[0];
  if (data.dtype == DType::kString || data.rank() == 0) return std::nullopt;
  for (std::size_t i = 1; i < binding.in.size(); ++i)
    if (binding.in[i] && !binding.in[i].data) return std::nullopt;
  const Small<Index> from = loop_strides(data.shape());
  const Small<Index> to = loop_strides(binding.out[0].shape());
  Slice::Ranges ranges;
  if (!Slice::ranges(binding.in, binding.out[0].shape(), ranges).ok()) return std::nullopt;
  LoopAxes<2> axes;
  Index start = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    start += ranges[i].first * from[i];
    const Index step = ranges[i].count > 1 ? ranges[i].step * from[i] : 0;  // may be huge
    axes.push_back({ranges[i].count, {step, to[i]}});
  }
  return CopyWalks{{0, 0, axes, start, 0}};
}

std::optional<CopyWalks> expand_walks(const Binding& binding) {
  const Input& in = binding.in[0];
  const Output& out = binding.out[0];
  if (in.dtype == DType::kString) return std::nullopt;
  const Shape from = broadcast_strides(in.shape(), out.shape());
  const Small<Index> to = loop_strides(out.shape());
  LoopAxes<2> axes;
  for (std::size_t i = 0; i < to.size(); ++i) axes.push_back({out.shape()[i], {from[i], to[i]}});
  return CopyWalks{{0, 0, axes, 0, 0}};
}

std::optional<CopyWalks> tile_walks(const Binding& binding) {
  const Input& in = binding.in[0];
  const Output& out = binding.out[0];
  if (in.dtype == DType::kString) return std::nullopt;
  if (out.size() == 0) return CopyWalks{};
  const Small<Index> from = loop_strides(in.shape()), to = loop_strides(out.shape());
  LoopAxes<2> axes;  // per axis of the input: the repeats, and the elements
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Index extent = in.shape()[i];
    axes.push_back({out.shape()[i] / extent, {0, to[i] * extent}});
    axes.push_back({extent, {from[i], to[i]}});
  }
  return CopyWalks{{0, 0, axes, 0, 0}};
}

std::optional<CopyWalks> transpose_walks(const Binding& binding) {
  const Input& in = binding.in[0];
  if (in.dtype == DType::kString) return std::nullopt;
  return permuted(in.shape(), static_cast<const Transpose&>(binding.op).permutation(in.rank()));
}

std::optional<CopyWalks> block_walks(const Binding& binding) {
  if (binding.in[0].dtype == DType::kString) return std::nullopt;
  const auto [shape, perm] = static_cast<const Blocks&>(binding.op)
                                 .permutation(binding.in[0].shape(), binding.out[0].shape());
  return permuted(shape, perm);
}

}  // namespace engine::ops
