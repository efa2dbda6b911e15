// Running a long input piece by piece.
#pragma once

#include <engine/session.h>

namespace engine::tools {

/// Runs in slices of at most `batch` along the first dimension of all inputs whose first dimension
/// is free, and joins the outputs; `batch` 0: in one piece. Throws Error (kInvalidArgument) if
/// inputs are not equally long, or an output does not follow the slices.
Tensors run_in_batches(const Session& session, const Tensors& inputs, Index batch);

/// Elements [first, first + count) along the first dimension; shares memory.
Tensor slice(const Tensor& tensor, Index first, Index count);

}  // namespace engine::tools
