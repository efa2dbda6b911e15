// Whether a node has as many inputs and outputs as its operator takes.
#pragma once

#include "loaders/onnx/draft.h"
#include "ops/registry.h"

namespace engine::onnx {

/// Throws Error (kInvalidModel): "1 input, 2 or 3 needed".
void check_arity(const Draft& draft, const ops::OperatorDef& def);

}  // namespace engine::onnx
