// Passes that only take away.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/dropout.h"
#include "ops/identity.h"
#include "ops/recurrent.h"
#include "ops/transpose.h"

namespace engine::graph {
namespace {

bool is_identity_permutation(const std::vector<Index>& perm) {
  for (std::size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<Index>(i)) return false;
  return !perm.empty();
}

// Whether output 0 of the node is its input 0, element by element, whatever the input is.
bool changes_nothing(const Graph& graph, const Node& node) {
  const ops::Operator* op = node.op.get();
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    if (node.outputs[i] != kNoValue) return false;
  if (dynamic_cast<const ops::Identity*>(op) || dynamic_cast<const ops::Dropout*>(op)) return true;
  if (dynamic_cast<const ops::Concat*>(op)) return node.inputs.size() == 1;
  if (const auto* cast = dynamic_cast<const ops::Cast*>(op))
    return graph.value(node.inputs[0]).type.dtype == cast->to;
  if (const auto* transpose = dynamic_cast<const ops::Transpose*>(op))
    return is_identity_permutation(transpose->perm);
  return false;
}

// Recurrent layers that are asked for their final state alone need not write that of every step.
int drop_unread_outputs(Node& node, const std::vector<bool>& needed) {
  if (!dynamic_cast<const ops::Recurrent*>(node.op.get())) return 0;
  int changes = 0;
  for (ValueId& id : node.outputs) {
    if (id == kNoValue || needed[static_cast<std::size_t>(id)]) continue;
    id = kNoValue;
    ++changes;
  }
  return changes;
}

}  // namespace

int eliminate_identities(Graph& graph) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    const Node& node = rewriter.node(i);
    if (!changes_nothing(graph, node)) continue;
    const ValueId from = node.outputs[0], to = node.inputs[0];
    if (from == kNoValue || to == kNoValue) continue;
    rewriter.remove(i);
    rewriter.replace_value(from, to);
    ++changes;
  }
  return changes;
}

int eliminate_dead_nodes(Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  const auto need = [&](ValueId id) {
    if (id != kNoValue) needed[static_cast<std::size_t>(id)] = true;
  };
  for (const ValueId id : graph.outputs) need(id);
  std::vector<bool> live(graph.nodes.size(), false);
  int changes = 0;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    for (const ValueId id : graph.nodes[i].outputs)
      if (id != kNoValue && needed[static_cast<std::size_t>(id)]) live[i] = true;
    if (!live[i]) continue;
    changes += drop_unread_outputs(graph.nodes[i], needed);
    for (const ValueId id : graph.nodes[i].inputs) need(id);
  }
  Rewriter rewriter(graph);
  for (int i = 0; i < rewriter.size(); ++i) {
    if (live[static_cast<std::size_t>(i)]) continue;
    rewriter.remove(i);
    ++changes;
  }
  for (std::size_t i = 0; i < graph.values.size(); ++i)  // weights that nobody reads any more
    if (!needed[i]) graph.values[i].constant = {};
  return changes;
}

}  // namespace engine::graph
