// GatherND: y[b.., k.., inner..] = data[b.., indices[b.., k..][0], indices[b.., k..][1], ..,
// inner..].
//
//   data [b.., n0, n1, .., inner..], indices int64 [b.., k.., depth], with `batch_dims` axes b
//
// Meaning: ONNX GatherND, opset 13.
#pragma once

#include "ops/operator.h"

namespace engine::ops {

struct GatherND final : MovingOperator {
  Index batch_dims = 0;  ///< in [0, ranks)

  std::string_view name() const noexcept override { return "GatherND"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Fault move(Inputs in, Outputs out) const override;
};

}  // namespace engine::ops
