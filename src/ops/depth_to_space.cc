// DepthToSpace and SpaceToDepth: blocks of b x b pixels trade places with channels.
//
//   DepthToSpace  [n, c*b*b, h, w] -> [n, c, h*b, w*b]
//   SpaceToDepth  [n, c, h*b, w*b] -> [n, c*b*b, h, w]
//
// The c*b*b channels are ordered [b, b, c] in mode DCR and [c, b, b] in mode CRD.
// Meaning: ONNX DepthToSpace and SpaceToDepth, opset 28.
#include "ops/attributes.h"
#include "ops/moving.h"
#include "ops/transpose.h"

namespace engine::ops {
namespace {

struct Blocks : MovingOperator {
  Index block = 1;
  bool depth_first = true;  // mode DCR

  explicit Blocks(const Attributes& attributes) : block(attributes.integer("blocksize")) {
    constexpr Index kLargest = 1 << 20;  // its square must fit
    ENGINE_VALIDATE(block >= 1 && block <= kLargest, "blocksize is ", block, " (must be in [1, ",
                    kLargest, "])");
    const std::string mode = attributes.text("mode", "DCR");
    ENGINE_VALIDATE(mode == "DCR" || mode == "CRD", "mode is ", mode, " (must be DCR or CRD)");
    depth_first = mode == "DCR";
  }
};

Dim times(const Dim& dim, Index factor) {
  if (factor == 1) return dim;
  if (!dim.known()) return Dim::unknown();
  Index result;
  ENGINE_VALIDATE(!__builtin_mul_overflow(dim.value(), factor, &result), "extent ", dim.value(),
                  " * ", factor, " overflows 64 bits");
  return Dim(result);
}

Dim divided(const Dim& dim, Index divisor, const char* what) {
  if (divisor == 1) return dim;
  if (!dim.known()) return Dim::unknown();
  ENGINE_VALIDATE(dim.value() % divisor == 0, what, " is ", dim.value(), " (must be a multiple of ",
                  divisor, ")");
  return Dim(dim.value() / divisor);
}

struct DepthToSpace final : Blocks {
  using Blocks::Blocks;
  std::string_view name() const noexcept override { return "DepthToSpace"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_rank(in, 0, "input", 4);
    const TensorType& x = in.type(0);
    if (!x.ranked) return {unknown_extents(x.dtype, 4)};
    return {{x.dtype, Dims{x.dims[0], divided(x.dims[1], block * block, "the channel count"),
                           times(x.dims[2], block), times(x.dims[3], block)}}};
  }

  Fault move(Inputs in, Outputs out) const override {
    const Shape& x = in[0].shape();
    const Index c = out[0].shape()[1], b = block;
    if (depth_first)
      permute(in[0].dtype, in[0].data, {x[0], b, b, c, x[2], x[3]}, {0, 3, 4, 1, 5, 2},
              out[0].data);
    else
      permute(in[0].dtype, in[0].data, {x[0], c, b, b, x[2], x[3]}, {0, 1, 4, 2, 5, 3},
              out[0].data);
    return kNoFault;
  }
};

struct SpaceToDepth final : Blocks {
  using Blocks::Blocks;
  std::string_view name() const noexcept override { return "SpaceToDepth"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_rank(in, 0, "input", 4);
    const TensorType& x = in.type(0);
    if (!x.ranked) return {unknown_extents(x.dtype, 4)};
    return {{x.dtype, Dims{x.dims[0], times(x.dims[1], block * block),
                           divided(x.dims[2], block, "the height"),
                           divided(x.dims[3], block, "the width")}}};
  }

  Fault move(Inputs in, Outputs out) const override {
    const Shape& y = out[0].shape();
    const Shape split = {y[0], in[0].shape()[1], y[2], block, y[3], block};
    if (depth_first) permute(in[0].dtype, in[0].data, split, {0, 3, 5, 1, 2, 4}, out[0].data);
    else permute(in[0].dtype, in[0].data, split, {0, 1, 3, 5, 2, 4}, out[0].data);
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_DepthToSpace(const Attributes& attributes) {
  return std::make_shared<DepthToSpace>(attributes);
}
OperatorPtr make_SpaceToDepth(const Attributes& attributes) {
  return std::make_shared<SpaceToDepth>(attributes);
}

}  // namespace engine::ops
