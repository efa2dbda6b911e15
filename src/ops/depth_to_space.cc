#include "ops/depth_to_space.h"

#include "ops/moving.h"
#include "ops/transpose.h"

namespace engine::ops {
namespace {

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

  Permutation permutation(const Shape& x, const Shape& y) const override {
    const Index c = y[1], b = block;
    if (depth_first) return {{x[0], b, b, c, x[2], x[3]}, {0, 3, 4, 1, 5, 2}};
    return {{x[0], c, b, b, x[2], x[3]}, {0, 1, 4, 2, 5, 3}};
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

  Permutation permutation(const Shape& x, const Shape& y) const override {
    const Shape split = {y[0], x[1], y[2], block, y[3], block};
    if (depth_first) return {split, {0, 3, 5, 1, 2, 4}};
    return {split, {0, 1, 3, 5, 2, 4}};
  }
};

Index parse_block(const Attributes& attributes) {
  const Index block = attributes.integer("blocksize");
  constexpr Index kLargest = 1 << 20;  // its square must fit
  ENGINE_VALIDATE(block >= 1 && block <= kLargest, "blocksize is ", block, " (must be in [1, ",
                  kLargest, "])");
  return block;
}

bool parse_mode(const Attributes& attributes) {
  const std::string mode = attributes.text("mode", "DCR");
  ENGINE_VALIDATE(mode == "DCR" || mode == "CRD", "mode is ", mode, " (must be DCR or CRD)");
  return mode == "DCR";
}

}  // namespace

Blocks::Blocks(const Attributes& attributes)
    : block(parse_block(attributes)), depth_first(parse_mode(attributes)) {}

Fault Blocks::move(Inputs in, Outputs out) const {
  const auto [shape, perm] = permutation(in[0].shape(), out[0].shape());
  permute(in[0].dtype, in[0].data, shape, perm, out[0].data);
  return kNoFault;
}

OperatorPtr make_DepthToSpace(const Attributes& attributes) {
  return std::make_shared<DepthToSpace>(attributes);
}
OperatorPtr make_SpaceToDepth(const Attributes& attributes) {
  return std::make_shared<SpaceToDepth>(attributes);
}

}  // namespace engine::ops
