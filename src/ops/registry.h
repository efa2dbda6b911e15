// From an operator's name to its implementation. ops.inc is the list.
#pragma once

#include "ops/attributes.h"
#include "ops/operator.h"

#include <span>
#include <string_view>

namespace engine::ops {

inline constexpr Index kAny = 1 << 20;  ///< no upper limit on the number of inputs or outputs

/// One line of ops.inc.
struct OperatorDef {
  std::string_view domain;  ///< "" is ai.onnx
  std::string_view name;    ///< the newest form of the operator; the loader upgrades older ones
  Index min_inputs, max_inputs, min_outputs, max_outputs;
  OperatorPtr (*make)(const Attributes& attributes);
};

/// The definition, or null if the operator is not known.
const OperatorDef* find(std::string_view domain, std::string_view name) noexcept;

std::span<const OperatorDef> all_operators() noexcept;

}  // namespace engine::ops
