// Slices of tensors: what Loop and Scan take apart and put together.
#pragma once

#include "base/dim.h"

#include <engine/tensor.h>

#include <span>
#include <vector>

namespace engine::graph {

/// Bytes that a tensor takes, what its texts hold among them.
std::size_t memory_of(const Tensor& tensor) noexcept;

/// The slice at `index` along `axis` (negative counts from the end), without that axis.
Tensor slice_at(const Tensor& tensor, Index axis, Index index);

/// Collects one tensor per trip for each of several outputs, within a budget.
class Stacks {
 public:
  Stacks(Index outputs, std::size_t max_bytes)
      : slices_(static_cast<std::size_t>(outputs)), max_bytes_(max_bytes) {}

  /// Throws Error: kResourceExhausted at the limit, kRunFailed if a shape differs from the first.
  void push(std::span<const Tensor> outputs);

  /// All slices of an output along a new axis; frees them. Without any, `type` gives the shape,
  /// with 0 for unknown extents.
  Tensor join(Index output, Index axis, bool backwards, const TensorType& type);

 private:
  std::vector<std::vector<Tensor>> slices_;
  std::size_t max_bytes_, used_ = 0;
};

}  // namespace engine::graph
