// Gelu as exporters write it out: x/2 (1 + erf(x / sqrt(2))), with the factors in any order.
#include "graph/passes/match.h"
#include "graph/passes/passes.h"

namespace engine::graph {
namespace {

using numerics::Activation;
using ops::BinaryKind;

// The x of 1 + erf(x / sqrt(2)), or kNoValue.
ValueId inside_erf(Rewriter& rewriter, ValueId id) {
  const Node* add = binary_node(rewriter, id, BinaryKind::kAdd);
  if (!add) return kNoValue;
  const ValueId erf_id = times_constant(rewriter, *add, 1.0);
  if (erf_id == kNoValue) return kNoValue;
  const Node* erf = unary_node(rewriter, erf_id, Activation::kErf);
  if (!erf) return kNoValue;
  if (const Node* div = binary_node(rewriter, erf->inputs[0], BinaryKind::kDiv))
    return is_about(scalar_operand(rewriter, *div, 1), 1.41421356) ? div->inputs[0] : kNoValue;
  const Node* mul = binary_node(rewriter, erf->inputs[0], BinaryKind::kMul);
  return mul ? times_constant(rewriter, *mul, 0.70710678) : kNoValue;
}

// The x of the whole expression whose last node is the Mul `id`, or kNoValue. Three products:
// (x * (1 + erf)) * 0.5, (x * 0.5) * (1 + erf), x * ((1 + erf) * 0.5).
ValueId gelu_input(Rewriter& rewriter, const Node& last) {
  const ValueId halved = times_constant(rewriter, last, 0.5);
  if (halved != kNoValue) {
    const Node* mul = binary_node(rewriter, halved, BinaryKind::kMul);
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}})
      if (mul && inside_erf(rewriter, mul->inputs[side]) == mul->inputs[1 - side] &&
          mul->inputs[1 - side] != kNoValue)
        return mul->inputs[1 - side];
    return kNoValue;
  }
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const ValueId a = last.inputs[side], b = last.inputs[1 - side];
    const Node* mul = binary_node(rewriter, b, BinaryKind::kMul);
    if (!mul) continue;
    const ValueId inner = times_constant(rewriter, *mul, 0.5);
    if (inner == kNoValue) continue;
    if (inside_erf(rewriter, a) == inner) return inner;
    if (inside_erf(rewriter, inner) == a) return a;
  }
  return kNoValue;
}

}  // namespace

int recognize_gelu(Graph& graph) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    const Node node = rewriter.node(i);
    const auto* op = dynamic_cast<const ops::Binary*>(node.op.get());
    if (!op || op->kind != BinaryKind::kMul) continue;
    if (graph.value(node.outputs[0]).type.dtype != DType::kFloat32) continue;
    const ValueId x = gelu_input(rewriter, node);
    if (x == kNoValue) continue;
    rewriter.set(i, std::make_shared<ops::Unary>("Gelu", Activation::kGelu), {x});
    ++changes;
  }
  return changes;
}

}  // namespace engine::graph
