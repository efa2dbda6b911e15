// Small questions that pattern-matching passes ask.
#pragma once

#include "graph/passes/rewriter.h"
#include "ops/binary.h"
#include "ops/unary.h"

#include <cmath>
#include <optional>

namespace engine::graph {

/// The only element of a float32 constant that leaves the rank of the other operand of its node as
/// it is, or nothing.
inline std::optional<float> scalar_operand(Rewriter& rewriter, const Node& node, std::size_t side) {
  const Tensor* tensor = rewriter.constant(node.inputs[side]);
  if (!tensor || tensor->size() != 1 || tensor->dtype() != DType::kFloat32) return std::nullopt;
  const TensorType& other = rewriter.graph().value(node.inputs[1 - side]).type;
  if (tensor->rank() > (other.ranked ? other.rank() : 0)) return std::nullopt;
  return tensor->values<float>()[0];
}

/// Whether a constant is `wanted` as an exporter writes it: in float32, or rounded from fewer
/// digits.
inline bool is_about(std::optional<float> value, double wanted) {
  return value && std::abs(*value - wanted) <= 1e-6 * wanted;
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
inline ValueId times_constant(Rewriter& rewriter, const Node& node, double wanted) {
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}})
    if (is_about(scalar_operand(rewriter, node, side), wanted)) return node.inputs[1 - side];
  return kNoValue;
}

}  // namespace engine::graph
