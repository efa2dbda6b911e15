// ScatterElements and ScatterND: a copy of data with updates written, or reduced, into places that
// the indices name. Updates are applied one after another in row-major order of `updates`, so the
// last of several writes to one place wins and sums have a fixed order.
//
//   ScatterElements  y[i.., indices[i.., k, j..], j..] <- updates[i.., k, j..], k along `axis`
//   ScatterND        y[indices[k..][0], indices[k..][1], .., inner..] <- updates[k.., inner..]
//
// Meaning: ONNX ScatterElements and ScatterND, opset 18; Scatter is the older name.
#pragma once

#include "ops/scatter_reduction.h"

namespace engine::ops {

struct ScatterElements final : ComputingOperator<ScatterElements> {
  Index axis = 0;  ///< in [-rank, rank)
  Reduction reduction = Reduction::kNone;

  std::string_view name() const noexcept override { return "ScatterElements"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

struct ScatterND final : ComputingOperator<ScatterND> {
  Reduction reduction = Reduction::kNone;

  std::string_view name() const noexcept override { return "ScatterND"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
