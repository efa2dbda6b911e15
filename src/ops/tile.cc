// Tile: y[i] = x[i mod extent], with repeats[k] times the extent of axis k.
//
//   input, repeats [rank]
//
// Meaning: ONNX Tile, opset 13.
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

struct Tile final : MovingOperator {
  std::string_view name() const noexcept override { return "Tile"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(
        in, 1, "repeats", [](DType t) { return t == DType::kInt64; }, "int64");
    const TensorType& x = in.type(0);
    const auto length = list_length(in, 1, "repeats");
    if (!x.ranked) return {length ? unknown_extents(x.dtype, *length) : x};
    ENGINE_VALIDATE(!length || *length == x.rank(), "repeats has ", *length,
                    " elements (the input is ", to_string(x), ")");
    const auto repeats = in.extents(1);
    if (!repeats) return {unknown_extents(x.dtype, x.rank())};
    if (const auto list = in.integers(1)) {
      for (const Index count : *list)
        ENGINE_VALIDATE(count >= 0, "repeats is ", to_string(*list), " (", count, " is negative)");
    }
    TensorType out = x;
    for (std::size_t i = 0; i < out.dims.size(); ++i) out.dims[i] = times(x.dims[i], (*repeats)[i]);
    return {std::move(out)};
  }

  Fault move(Inputs in, Outputs out) const override {
    if (out[0].size() == 0) return kNoFault;
    const Shape& shape = in[0].shape();
    const Small<Index> strides = loop_strides(shape);
    LoopAxes<1> axes;  // per axis of the input: the repeats, and the elements
    for (std::size_t i = 0; i < shape.size(); ++i) {
      axes.push_back({out[0].shape()[i] / shape[i], {0}});
      axes.push_back({shape[i], {strides[i]}});
    }
    dispatch_move(out[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* x = elements<T>(in[0]);
      T* y = elements<T>(out[0]);
      strided_loop(merge_axes(axes), {},
                   [=](Index to, const auto& from, Index count, const auto& stride) {
                     if (stride[0] == 1) copy_run(x + from[0], count, y + to);
                     else std::fill_n(y + to, count, x[from[0]]);
                   });
    });
    return kNoFault;
  }

 private:
  static Dim times(const Dim& a, const Dim& b) {
    if (b.value() == 1) return a;
    if (a.value() == 1) return b;
    if (a.value() == 0 || b.value() == 0) return Dim(0);
    if (!a.known() || !b.known()) return Dim::unknown();
    Index extent;
    ENGINE_VALIDATE(!__builtin_mul_overflow(a.value(), b.value(), &extent), "extent ", a.value(),
                    " repeated ", b.value(), " times overflows 64 bits");
    return Dim(extent);
  }
};

}  // namespace

OperatorPtr make_Tile(const Attributes&) { return std::make_shared<Tile>(); }

}  // namespace engine::ops
