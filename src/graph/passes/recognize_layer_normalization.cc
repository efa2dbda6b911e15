// LayerNormalization as exporters write it out:
//   d = x - ReduceMean(x), v = ReduceMean(d^2), y = d / Sqrt(v + epsilon) * scale + bias
// over the last axis.
#include "graph/passes/match.h"
#include "graph/passes/passes.h"
#include "ops/layer_normalization.h"
#include "ops/reduce.h"

namespace engine::graph {
namespace {

using numerics::Activation;
using ops::BinaryKind;

// The input of a ReduceMean over the last axis with keepdims that makes `id`, or kNoValue.
ValueId mean_of(Rewriter& rewriter, ValueId id) {
  const auto* op = rewriter.made_by<ops::Reduce>(id);
  if (!op || op->finish != ops::Finish::kMean || !op->keepdims) return kNoValue;
  const Node& node = rewriter.node(rewriter.producer(id));
  const Tensor* axes = node.inputs.size() > 1 ? rewriter.constant(node.inputs[1]) : nullptr;
  const TensorType& type = rewriter.graph().value(node.inputs[0]).type;
  if (!axes || axes->size() != 1 || axes->dtype() != DType::kInt64 || !type.ranked) return kNoValue;
  const Index axis = axes->values<std::int64_t>()[0];
  return axis == -1 || axis == type.rank() - 1 ? node.inputs[0] : kNoValue;
}

// The d of d^2, written as Pow(d, 2) or Mul(d, d); or kNoValue.
ValueId squared(Rewriter& rewriter, ValueId id) {
  if (const Node* pow = binary_node(rewriter, id, BinaryKind::kPow))
    return is_about(scalar_operand(rewriter, *pow, 1), 2.0) ? pow->inputs[0] : kNoValue;
  const Node* mul = binary_node(rewriter, id, BinaryKind::kMul);
  return mul && mul->inputs[0] == mul->inputs[1] ? mul->inputs[0] : kNoValue;
}

struct Match {
  ValueId x = kNoValue;
  float epsilon = 0;
};

// Matches d / Sqrt(v + epsilon) at the Div node.
std::optional<Match> match(Rewriter& rewriter, const Node& div) {
  const ValueId d = div.inputs[0];
  const Node* sub = binary_node(rewriter, d, BinaryKind::kSub);
  const Node* root = unary_node(rewriter, div.inputs[1], Activation::kSqrt);
  if (!sub || !root || mean_of(rewriter, sub->inputs[1]) != sub->inputs[0]) return std::nullopt;
  const Node* add = binary_node(rewriter, root->inputs[0], BinaryKind::kAdd);
  if (!add) return std::nullopt;
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const auto epsilon = scalar_operand(rewriter, *add, side);
    if (!epsilon) continue;
    const ValueId square = mean_of(rewriter, add->inputs[1 - side]);
    if (square != kNoValue && squared(rewriter, square) == d)
      return Match{sub->inputs[0], *epsilon};
  }
  return std::nullopt;
}

// The constant operand of a node if it is a vector along the last axis, else kNoValue.
ValueId vector_operand(const Rewriter& rewriter, const Node& node, const Dim& n) {
  for (const ValueId id : node.inputs) {
    const Tensor* tensor = rewriter.constant(id);
    if (tensor && tensor->rank() == 1 && n.known() && tensor->shape()[0] == n.value()) return id;
  }
  return kNoValue;
}

// The only user of the node's output if it is this operator with a vector operand, else -1.
int next(Rewriter& rewriter, int i, BinaryKind kind, const Dim& n) {
  const int user = rewriter.only_user(rewriter.node(i).outputs[0]);
  if (user < 0) return -1;
  const auto* op = dynamic_cast<const ops::Binary*>(rewriter.node(user).op.get());
  if (!op || op->kind != kind) return -1;
  return vector_operand(rewriter, rewriter.node(user), n) == kNoValue ? -1 : user;
}

}  // namespace

int recognize_layer_normalization(Graph& graph) {
  infer_types(graph);
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    if (rewriter.removed(i)) continue;
    const auto* op = dynamic_cast<const ops::Binary*>(rewriter.node(i).op.get());
    if (!op || op->kind != BinaryKind::kDiv) continue;
    const TensorType& type = graph.value(rewriter.node(i).outputs[0]).type;
    if (!type.ranked || type.rank() < 1 || type.dtype != DType::kFloat32) continue;
    const Dim n = type.dims.back();
    const auto found = match(rewriter, rewriter.node(i));
    const int mul = found ? next(rewriter, i, BinaryKind::kMul, n) : -1;
    if (mul < 0) continue;  // the operator needs a scale
    const int add = next(rewriter, mul, BinaryKind::kAdd, n);
    std::vector<ValueId> inputs = {found->x, vector_operand(rewriter, rewriter.node(mul), n)};
    if (add >= 0) inputs.push_back(vector_operand(rewriter, rewriter.node(add), n));
    auto norm =
        std::make_shared<ops::LayerNormalization>(-1, found->epsilon, DType::kFloat32, false);
    rewriter.set(add >= 0 ? add : mul, std::move(norm), std::move(inputs));
    ++changes;
  }
  return changes;
}

}  // namespace engine::graph
