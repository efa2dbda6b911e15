// Walks one contiguous output together with N operands that are read with strides of their own:
// the loop under broadcasting, transposing, slicing and repeating.
#pragma once

#include "base/check.h"
#include "base/shape.h"
#include "base/small.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace engine::ops {

/// One axis of the walk: its extent, and the step of each operand along it in elements.
template <std::size_t N>
struct LoopAxis {
  Index extent;
  std::array<Index, N> strides;
};

template <std::size_t N>
using LoopAxes = Small<LoopAxis<N>>;

/// strides_of without memory of its own.
inline Small<Index> loop_strides(const Shape& shape) {
  Small<Index> strides(shape.size());
  Index stride = 1;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) strides[i] = stride;
  return strides;
}

/// The same walk with as few axes as possible: those of extent 1 vanish, and neighbours fuse where
/// every operand steps through both as through one. The result has at least one axis; it has one of
/// extent 0 only if there is nothing to walk.
template <std::size_t N>
LoopAxes<N> merge_axes(const LoopAxes<N>& axes) {
  LoopAxes<N> merged;
  for (const LoopAxis<N>& axis : axes)
    if (axis.extent == 0) return LoopAxes<N>(1, {0, {}});
  for (const LoopAxis<N>& axis : axes) {
    if (axis.extent == 1) continue;
    bool fuses = !merged.empty();
    for (std::size_t i = 0; fuses && i < N; ++i)
      fuses = merged.back().strides[i] == axis.strides[i] * axis.extent;
    if (fuses) merged.back() = {merged.back().extent * axis.extent, axis.strides};
    else merged.push_back(axis);
  }
  if (merged.empty()) merged.push_back({1, {}});
  return merged;
}

/// The walk over `out` that reads each shape of `in` as broadcast to it; merged.
template <std::size_t N>
LoopAxes<N> broadcast_axes(const Shape& out, const std::array<const Shape*, N>& in) {
  LoopAxes<N> axes(out.size(), LoopAxis<N>{});
  for (std::size_t axis = 0; axis < out.size(); ++axis) axes[axis].extent = out[axis];
  for (std::size_t i = 0; i < N; ++i) {
    const Shape& shape = *in[i];
    ENGINE_EXPECT(shape.size() <= out.size());
    Index stride = 1;
    for (std::size_t k = shape.size(), axis = out.size(); k-- > 0; stride *= shape[k])
      axes[--axis].strides[i] = shape[k] == 1 ? 0 : stride;
  }
  return merge_axes(axes);
}

/// Calls `inner(out_offset, offsets, count, strides)` for each run along the last axis, in the
/// order of the output. Run r starts at element out_offset of the output and offsets[i] of operand
/// i, and advances by 1 and by strides[i]. `axes` is what merge_axes returns; `start` holds the
/// operands' first offsets.
template <std::size_t N, class Inner>
void strided_loop(const LoopAxes<N>& axes, std::array<Index, N> start, Inner&& inner) {
  const std::size_t last = axes.size() - 1;
  const LoopAxis<N>& run = axes[last];
  if (run.extent == 0) return;
  if (last == 0) {
    inner(Index{0}, start, run.extent, run.strides);
    return;
  }
  Small<Index> position(last);
  for (Index out = 0;; out += run.extent) {
    inner(out, start, run.extent, run.strides);
    std::size_t axis = last;
    while (axis-- > 0) {
      const LoopAxis<N>& outer = axes[axis];
      if (++position[axis] < outer.extent) {
        for (std::size_t i = 0; i < N; ++i) start[i] += outer.strides[i];
        break;
      }
      position[axis] = 0;
      for (std::size_t i = 0; i < N; ++i) start[i] -= outer.strides[i] * (outer.extent - 1);
      if (axis == 0) return;
    }
  }
}

/// strided_loop over `out` with each shape of `in` broadcast to it. Along the innermost run an
/// operand's stride is 1, or 0 where it is repeated.
template <std::size_t N, class Inner>
void broadcast_loop(const Shape& out, const std::array<const Shape*, N>& in, Inner&& inner) {
  strided_loop(broadcast_axes(out, in), std::array<Index, N>{}, inner);
}

/// y = f(x) on `count` elements.
template <class X, class Y, class F>
void map(Index count, const X* x, Y* y, F f) {
  for (Index i = 0; i < count; ++i) y[i] = f(x[i]);
}

/// y = f(a, b) with both operands broadcast to `out`; f is inlined into loops of unit stride.
template <class A, class B, class Y, class F>
void broadcast_map(const Shape& out, const Shape& a_shape, const A* a_data, const Shape& b_shape,
                   const B* b_data, Y* out_data, F f) {
  broadcast_loop<2>(out, {&a_shape, &b_shape},
                    [=](Index to, const auto& from, Index count, const auto& strides) {
                      const A* a = a_data + from[0];
                      const B* b = b_data + from[1];
                      Y* y = out_data + to;
                      const A a_first = *a;
                      const B b_first = *b;
                      if (strides[0] == 1 && strides[1] == 1)
                        for (Index i = 0; i < count; ++i) y[i] = f(a[i], b[i]);
                      else if (strides[0] == 1)
                        for (Index i = 0; i < count; ++i) y[i] = f(a[i], b_first);
                      else if (strides[1] == 1)
                        for (Index i = 0; i < count; ++i) y[i] = f(a_first, b[i]);
                      else std::fill_n(y, count, f(a_first, b_first));
                    });
}

}  // namespace engine::ops
