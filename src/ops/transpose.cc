#include "ops/transpose.h"

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

// One walk axis with its step in the output too.
struct PlaneAxis {
  Index extent, in_stride, out_stride;
};

// y[a * columns.. + b] = x[a + b * stride..] in square tiles, so that the lines of both sides stay
// in the first cache. Along `a` the input is contiguous, along `b` the output.
template <class T>
void transpose_plane(const T* x, const PlaneAxis& a, const PlaneAxis& b, T* y) {
  constexpr Index kTile = 16;
  for (Index a0 = 0; a0 < a.extent; a0 += kTile) {
    const Index a_end = std::min(a0 + kTile, a.extent);
    for (Index b0 = 0; b0 < b.extent; b0 += kTile) {
      const Index b_end = std::min(b0 + kTile, b.extent);
      for (Index i = a0; i < a_end; ++i)
        for (Index j = b0; j < b_end; ++j) y[i * a.out_stride + j] = x[i + j * b.in_stride];
    }
  }
}

// Every plane of the axis that is contiguous in the input and the last axis of the output.
template <class T>
void transpose_planes(const T* x, const LoopAxes<1>& axes, T* y) {
  Small<PlaneAxis> all(axes.size());
  Index out_stride = 1;
  for (std::size_t i = axes.size(); i-- > 0;) {
    all[i] = {axes[i].extent, axes[i].strides[0], out_stride};
    out_stride *= axes[i].extent;
  }
  const PlaneAxis columns = all.back();
  all.pop_back();
  const auto contiguous = std::ranges::find(all, Index{1}, &PlaneAxis::in_stride);
  ENGINE_EXPECT(contiguous != all.end());
  const PlaneAxis rows = *contiguous;
  all.erase(contiguous);

  LoopAxes<2> others;
  for (const PlaneAxis& axis : all)
    others.push_back({axis.extent, {axis.in_stride, axis.out_stride}});
  strided_loop(merge_axes(others), {},
               [&](Index, const auto& from, Index count, const auto& strides) {
                 for (Index i = 0; i < count; ++i)
                   transpose_plane(x + from[0] + i * strides[0], rows, columns,
                                   y + from[1] + i * strides[1]);
               });
}

}  // namespace

void permute(DType dtype, const void* in, const Shape& shape, const Small<Index>& perm, void* out) {
  const Small<Index> strides = loop_strides(shape);
  LoopAxes<1> given;
  for (const Index axis : perm) {
    const auto i = static_cast<std::size_t>(axis);
    given.push_back({shape[i], {strides[i]}});
  }
  const LoopAxes<1> axes = merge_axes(given);
  if (axes.back().extent == 0) return;
  dispatch_move(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = static_cast<const T*>(in);
    T* y = static_cast<T*>(out);
    if (axes.back().strides[0] > 1) return transpose_planes(x, axes, y);
    strided_loop(axes, {}, [=](Index to, const auto& from, Index count, const auto&) {
      copy_run(x + from[0], count, y + to);
    });
  });
}

Small<Index> Transpose::permutation(Index rank) const {
  if (!perm.empty()) return Small<Index>(perm);
  Small<Index> reversed(static_cast<std::size_t>(rank));
  for (Index i = 0; i < rank; ++i) reversed[static_cast<std::size_t>(i)] = rank - 1 - i;
  return reversed;
}

std::vector<TensorType> Transpose::infer(const Operands& in, Index) const {
  const TensorType& data = in.type(0);
  if (!data.ranked) {
    if (perm.empty()) return {data};
    return {unknown_extents(data.dtype, static_cast<Index>(perm.size()))};
  }
  ENGINE_VALIDATE(perm.empty() || perm.size() == data.dims.size(), "perm is ", to_string(perm),
                  " (the tensor is ", to_string(data), ")");
  Dims dims;
  for (const Index axis : permutation(data.rank()))
    dims.push_back(data.dims[static_cast<std::size_t>(axis)]);
  return {{data.dtype, std::move(dims)}};
}

std::optional<Dims> Transpose::infer_extents(const Operands& in) const {
  return list_extents(in, 0);
}

Fault Transpose::move(Inputs in, Outputs out) const {
  permute(in[0].dtype, in[0].data, in[0].shape(), permutation(in[0].rank()), out[0].data);
  return kNoFault;
}

std::string Transpose::describe() const {
  return perm.empty() ? std::string() : "perm=" + to_string(perm);
}

OperatorPtr make_Transpose(const Attributes& attributes) {
  auto op = std::make_shared<Transpose>();
  op->perm = attributes.integers("perm", {});
  const Index rank = static_cast<Index>(op->perm.size());
  std::vector<bool> seen(op->perm.size(), false);
  for (const Index axis : op->perm) {
    ENGINE_VALIDATE(axis >= 0 && axis < rank && !seen[static_cast<std::size_t>(axis)], "perm is ",
                    to_string(op->perm), " (not a permutation of 0..", rank - 1, ")");
    seen[static_cast<std::size_t>(axis)] = true;
  }
  return op;
}

}  // namespace engine::ops
