// Rewrites a node of any opset into its newest form, version by version.
#pragma once

#include "loaders/onnx/draft.h"

#include <span>
#include <string_view>

namespace engine::onnx {

/// What changed in an operator of ai.onnx at one opset. Applied to nodes of older opsets.
struct UpgradeRule {
  std::string_view type;
  Index version;  ///< the first opset that has the new form
  void (*apply)(Draft& draft, UpgradeContext& context);
};

/// All rules; those of one operator from the oldest to the newest.
std::span<const UpgradeRule> upgrade_rules() noexcept;

/// Applies every rule that a node of `opset` needs. Nodes of com.microsoft are rewritten
/// (microsoft.h), those of other domains pass unchanged. Throws Error (kUnsupported) for an old
/// form that has no newest one.
///
/// Attributes of our own that may be left behind:
///   engine_flatten = 1    Softmax, LogSoftmax, Hardmax: over all axes from `axis` on, as one.
///   engine_opset_10 = 1   Resize: the nearest neighbour as opset 10 had it.
void upgrade(Draft& draft, Index opset, UpgradeContext& context);

/// The name that an operator of ai.onnx has in the newest opset.
std::string_view newest_name(std::string_view type) noexcept;

}  // namespace engine::onnx
