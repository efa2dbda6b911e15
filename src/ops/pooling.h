// Pooling over spatial windows: MaxPool, AveragePool, GlobalMaxPool, GlobalAveragePool.
//
//   x        [n, c, in..]   any float type; int8 and uint8 too for MaxPool
//   y        [n, c, out..]  same type; out = 1.. for the global ones
//   indices  [n, c, out..]  int64, MaxPool only: where in x each maximum lies, counted over the
//                           whole tensor, planes row-major or (storage_order 1) column-major
//
// Meaning: ONNX opset 22. Padding takes no part in a maximum; it counts in an average's divisor if
// count_include_pad, but never positions that ceil_mode adds behind it. A window all in padding
// gives -infinity (or the lowest integer) with index -1, and 0 / 0 for averages.
//
// Order: one chain over the kernel's taps in row-major order, then one division by the count. A
// maximum is the first of equal elements, or the first NaN. The global ones are reductions over all
// spatial axes (ops/reduce.h).
#pragma once

#include "ops/operator.h"
#include "ops/reduce.h"
#include "ops/spatial.h"

namespace engine::ops {

class MaxPool final : public ComputingOperator<MaxPool> {
 public:
  MaxPool(Spatial spatial, bool column_major)
      : spatial(std::move(spatial)), column_major(column_major) {}

  std::string_view name() const noexcept override { return "MaxPool"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override { return spatial.describe(); }
  /// Indices count over the whole batch.
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return out.size() > 1 && out[1] ? 0 : inputs_with_samples(in, out);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const Spatial spatial;
  const bool column_major;
};

class AveragePool final : public ComputingOperator<AveragePool> {
 public:
  AveragePool(Spatial spatial, bool count_include_pad)
      : spatial(std::move(spatial)), count_include_pad(count_include_pad) {}

  std::string_view name() const noexcept override { return "AveragePool"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  const Spatial spatial;
  const bool count_include_pad;
};

/// Taps of window `o` along an axis that count in an average's divisor.
Index counted_taps(const Windows& windows, std::size_t axis, Index o, bool include_pad) noexcept;

class GlobalPool final : public ComputingOperator<GlobalPool> {
 public:
  explicit GlobalPool(bool max) : max(max) {}

  std::string_view name() const noexcept override {
    return max ? "GlobalMaxPool" : "GlobalAveragePool";
  }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  unsigned sample_inputs(Inputs in, Outputs out) const noexcept override {
    return inputs_with_samples(in, out);
  }
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  /// All axes but the first two reduced.
  static ReduceLayout layout(const Shape& x);

  const bool max;
};

}  // namespace engine::ops
