// CenterCropPad: axes take a given extent, by cropping or by zeros, with the input in the middle.
//
//   input, shape [n]: the extents of `axes` (absent: of all axes)
//
// Of an odd difference the smaller half lies in front.
// Meaning: ONNX CenterCropPad, opset 18.
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

struct CenterCropPad final : MovingOperator {
  std::optional<std::vector<Index>> axes;

  std::string_view name() const noexcept override { return "CenterCropPad"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_index_type(in, 1, "shape");
    const TensorType& x = in.type(0);
    const auto length = list_length(in, 1, "shape");
    if (!x.ranked) return {axes || !length ? x : unknown_extents(x.dtype, *length)};
    std::vector<Index> used(x.dims.size());
    for (std::size_t i = 0; i < used.size(); ++i) used[i] = static_cast<Index>(i);
    if (axes) used = normalize_axes(*axes, x.rank());
    const auto count = static_cast<Index>(used.size());
    ENGINE_VALIDATE(!length || *length == count, "shape has ", *length, " elements, ", count,
                    " needed");
    if (const auto list = in.integers(1)) {
      for (const Index extent : *list)
        ENGINE_VALIDATE(extent >= 0, "shape is ", to_string(*list), " (", extent, " is negative)");
    }
    const auto wanted = in.extents(1);
    TensorType out = x;
    for (std::size_t i = 0; i < used.size(); ++i)
      out.dims[static_cast<std::size_t>(used[i])] = wanted ? (*wanted)[i] : Dim::unknown();
    return {std::move(out)};
  }

  Fault move(Inputs in, Outputs out) const override {
    const Shape &from = in[0].shape(), &to = out[0].shape();
    const Small<Index> from_strides = loop_strides(from), to_strides = loop_strides(to);
    LoopAxes<2> common(from.size());
    std::array<Index, 2> start = {0, 0};
    bool grows = false;
    for (std::size_t i = 0; i < from.size(); ++i) {
      common[i] = {std::min(from[i], to[i]), {from_strides[i], to_strides[i]}};
      if (from[i] > to[i]) start[0] += (from[i] - to[i]) / 2 * from_strides[i];
      else start[1] += (to[i] - from[i]) / 2 * to_strides[i];
      grows |= to[i] > from[i];
    }
    dispatch_move(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = elements<T>(in[0]);
      T* y = elements<T>(out[0]);
      if (grows) std::fill_n(y, out[0].size(), T{});
      strided_loop(merge_axes(common), start,
                   [=](Index, const auto& at, Index count, const auto& steps) {
                     if (steps[0] == 1 && steps[1] == 1)
                       return copy_run(x + at[0], count, y + at[1]);
                     for (Index i = 0; i < count; ++i)
                       y[at[1] + i * steps[1]] = x[at[0] + i * steps[0]];
                   });
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_CenterCropPad(const Attributes& attributes) {
  auto op = std::make_shared<CenterCropPad>();
  if (attributes.has("axes")) op->axes = attributes.integers("axes");
  return op;
}

}  // namespace engine::ops
