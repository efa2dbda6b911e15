// Operators of com.microsoft that are others of ai.onnx put together.
#pragma once

#include "loaders/onnx/draft.h"

#include <string_view>

namespace engine::onnx {

/// Whether `rewrite_microsoft` knows the operator.
bool is_rewritten_microsoft(std::string_view type) noexcept;

/// Rewrites a node of com.microsoft into nodes of the newest opset of ai.onnx, which passes and
/// kernels know; leaves others alone. Throws Error (kInvalidModel) if inputs are missing or do not
/// fit, kUnsupported for a form that has no equal.
void rewrite_microsoft(Draft& draft, UpgradeContext& context);

}  // namespace engine::onnx
