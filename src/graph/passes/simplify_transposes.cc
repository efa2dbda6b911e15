// Merges neighbouring Transposes and moves them behind element-wise operators, where they meet
// others and cancel: Keras exporters wrap every layer in a pair.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "ops/binary.h"
#include "ops/transpose.h"
#include "ops/unary.h"

namespace engine::graph {
namespace {

using Permutation = std::vector<Index>;

// The permutation of a Transpose of known rank, or an empty one.
Permutation permutation_of(const Rewriter& rewriter, const Graph& graph, ValueId id) {
  const auto* op = rewriter.made_by<ops::Transpose>(id);
  if (!op) return {};
  const TensorType& type = graph.value(id).type;
  if (!type.ranked) return op->perm;
  const auto perm = op->permutation(type.rank());
  return {perm.begin(), perm.end()};
}

ops::OperatorPtr make_transpose(Permutation perm) {
  auto op = std::make_shared<ops::Transpose>();
  op->perm = std::move(perm);
  return op;
}

bool is_identity(const Permutation& perm) {
  for (std::size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<Index>(i)) return false;
  return true;
}

// Transpose(Transpose(x)) -> Transpose(x), or x.
bool merge(Rewriter& rewriter, int i) {
  const Node node = rewriter.node(i);
  const Permutation outer = permutation_of(rewriter, rewriter.graph(), node.outputs[0]);
  const Permutation inner = permutation_of(rewriter, rewriter.graph(), node.inputs[0]);
  if (outer.empty() || inner.size() != outer.size()) return false;
  const ValueId x = rewriter.node(rewriter.producer(node.inputs[0])).inputs[0];
  Permutation both(outer.size());
  for (std::size_t axis = 0; axis < outer.size(); ++axis)
    both[axis] = inner[static_cast<std::size_t>(outer[axis])];
  if (is_identity(both)) {
    rewriter.remove(i);
    rewriter.replace_value(node.outputs[0], x);
  } else {
    rewriter.set(i, make_transpose(std::move(both)), {x});
  }
  return true;
}

// A constant operand as it looks before the Transpose: the inverse permutation of its axes, or
// nothing if it is not worth it.
std::optional<Tensor> untranspose(const Tensor& constant, const Permutation& perm) {
  const std::size_t rank = perm.size();
  if (constant.shape().size() > rank) return std::nullopt;
  if (constant.size() == 1) return constant.reshaped({});
  if (constant.dtype() != DType::kFloat32) return std::nullopt;
  Shape padded(rank - constant.shape().size(), 1);
  padded.insert(padded.end(), constant.shape().begin(), constant.shape().end());
  Permutation inverse(rank);
  for (std::size_t axis = 0; axis < rank; ++axis)
    inverse[static_cast<std::size_t>(perm[axis])] = static_cast<Index>(axis);
  Shape shape(rank);
  for (std::size_t axis = 0; axis < rank; ++axis)
    shape[axis] = padded[static_cast<std::size_t>(inverse[axis])];
  Tensor result(constant.dtype(), shape);
  ops::permute(constant.dtype(), constant.data(), padded, Small<Index>(inverse),
               result.mutable_data());
  return result;
}

bool is_elementwise(const ops::Operator* op) {
  if (dynamic_cast<const ops::Unary*>(op)) return true;
  const auto* binary = dynamic_cast<const ops::Binary*>(op);
  return binary && binary->kind < ops::BinaryKind::kEqual &&
         binary->kind != ops::BinaryKind::kPRelu;
}

// f(Transpose(x), ...) -> Transpose(f(x, ...)): all operands are Transposes with one permutation
// that nobody else reads, or constants.
bool sink(Rewriter& rewriter, int i) {
  Graph& graph = rewriter.graph();
  const Node node = rewriter.node(i);
  if (!is_elementwise(node.op.get())) return false;
  Permutation perm;
  std::vector<ValueId> inputs;
  std::vector<int> transposes;
  for (const ValueId id : node.inputs) {
    if (rewriter.constant(id)) continue;
    const Permutation own = permutation_of(rewriter, graph, id);
    if (own.empty() || rewriter.only_user(id) != i || (!perm.empty() && own != perm)) return false;
    perm = own;
  }
  if (perm.empty()) return false;
  for (const ValueId id : node.inputs) {
    if (const Tensor* constant = rewriter.constant(id)) {
      auto moved = untranspose(*constant, perm);
      if (!moved) return false;
      inputs.push_back(
          rewriter.add_constant(graph.value(id).name + ".transposed", std::move(*moved)));
    } else {
      transposes.push_back(rewriter.producer(id));
      inputs.push_back(rewriter.node(transposes.back()).inputs[0]);
    }
  }
  // The node's place keeps the Transpose; the operator moves to the place of the last old one.
  const int before = *std::max_element(transposes.begin(), transposes.end());
  const ValueId inner = rewriter.add_value(graph.value(node.outputs[0]).name + ".transposed");
  for (const int t : transposes)
    if (t != before) rewriter.remove(t);
  rewriter.set_output(before, inner);
  rewriter.set(before, node.op, inputs);
  rewriter.node(before).name = node.name;
  rewriter.set(i, make_transpose(perm), {inner});
  rewriter.node(i).name.clear();
  return true;
}

}  // namespace

int simplify_transposes(Graph& graph) {
  int changes = 0;
  // Each round moves a Transpose over one operator; a graph that needs more rounds keeps the rest.
  for (int round = 0; round < 16; ++round) {
    infer_types(graph);
    int now = 0;
    {
      Rewriter rewriter(graph);
      for (int i = 0; i < rewriter.size(); ++i) {
        if (rewriter.removed(i)) continue;
        if (dynamic_cast<const ops::Transpose*>(rewriter.node(i).op.get()))
          now += merge(rewriter, i);
        else now += sink(rewriter, i);
      }
    }
    eliminate_dead_nodes(graph);
    changes += now;
    if (now == 0) break;
  }
  return changes;
}

}  // namespace engine::graph
