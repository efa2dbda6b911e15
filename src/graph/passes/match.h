// Small questions that pattern-matching passes ask.
#pragma once

#include "graph/passes/rewriter.h"
#include "ops/binary.h"
#include "ops/unary.h"

#include <optional>

namespace engine::graph {

/// The only element of a float32 constant, or nothing.
inline std::optional<float> scalar_constant(const Rewriter& rewriter, ValueId id) {
  const Tensor* tensor = rewriter.constant(id);
  if (!tensor || tensor->size() != 1 || tensor->dtype() != DType::kFloat32) return std::nullopt;
  return tensor->values<float>()[0];
}

inline bool is_about(std::optional<float> value, double wanted) {
  return value && *value > wanted - 1e-3 * wanted - 1e-9 && *value < wanted + 1e-3 * wanted + 1e-9;
}

/// The node that makes `id`, if it is this binary operator; else null.
inline const Node* binary_node(Rewriter& rewriter, ValueId id, ops::BinaryKind kind) {
  const auto* op = rewriter.made_by<ops::Binary>(id);
  return op && op->kind == kind ? &rewriter.node(rewriter.producer(id)) : nullptr;
}

/// The node that makes `id`, if it is this activation; else null.
inline const Node* unary_node(Rewriter& rewriter, ValueId id, numerics::Activation f) {
  const auto* op = rewriter.made_by<ops::Unary>(id);
  return op && op->f == f ? &rewriter.node(rewriter.producer(id)) : nullptr;
}

/// For a commutative node: the other operand if one of them is a scalar constant of about `wanted`.
inline ValueId times_constant(const Rewriter& rewriter, const Node& node, double wanted) {
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}})
    if (is_about(scalar_constant(rewriter, node.inputs[side]), wanted))
      return node.inputs[1 - side];
  return kNoValue;
}

}  // namespace engine::graph
