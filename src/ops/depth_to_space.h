// DepthToSpace and SpaceToDepth: blocks of b x b pixels trade places with channels.
//
//   DepthToSpace  [n, c*b*b, h, w] -> [n, c, h*b, w*b]
//   SpaceToDepth  [n, c, h*b, w*b] -> [n, c*b*b, h, w]
//
// The c*b*b channels are ordered [b, b, c] in mode DCR and [c, b, b] in mode CRD.
// Meaning: ONNX DepthToSpace and SpaceToDepth, opset 28.
#pragma once

#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/operator.h"

namespace engine::ops {

/// What the two share: both are a transposition of six axes.
struct Blocks : MovingOperator {
  explicit Blocks(const Attributes& attributes);

  /// The input split into axes, and the order in which the output has them.
  struct Permutation {
    Shape shape;
    Small<Index> perm;
  };
  virtual Permutation permutation(const Shape& x, const Shape& y) const = 0;
  Fault move(Inputs in, Outputs out) const override;

  const Index block;
  const bool depth_first;  ///< mode DCR
};

}  // namespace engine::ops
