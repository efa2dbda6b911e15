// Puts the branch of an If in its place where the condition is constant: exporters ask for ranks
// and extents that are known once the inputs' declared shapes are.
#include "graph/control_flow.h"
#include "graph/passes/passes.h"

#include <numeric>

namespace engine::graph {
namespace {

std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

std::optional<Branch> taken_branch(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || !branch_of(*node.op, true)) return std::nullopt;
  const Tensor& condition = graph.value(node.inputs[0]).constant;
  if (!condition.defined() || condition.dtype() != DType::kBool || condition.size() != 1)
    return std::nullopt;
  return branch_of(*node.op, condition.values<bool>()[0]);
}

class Inliner {
 public:
  explicit Inliner(Graph& graph) : graph_(graph), renamed_(graph.values.size()) {
    std::iota(renamed_.begin(), renamed_.end(), ValueId{0});
  }

  int run() {
    int changes = 0;
    std::vector<Node> given = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (Node& node : given) {
      for (ValueId& id : node.inputs) id = renamed(id);
      if (const auto branch = taken_branch(graph_, node)) {
        splice(node, *branch);
        ++changes;
      } else {
        graph_.nodes.push_back(std::move(node));
      }
    }
    for (ValueId& id : graph_.outputs) id = renamed(id);
    return changes;
  }

 private:
  ValueId renamed(ValueId id) const {
    return id == kNoValue || at(id) >= renamed_.size() ? id : renamed_[at(id)];
  }

  // The body's nodes, over values of this graph; what reads the If's outputs reads the body's.
  void splice(const Node& node, const Branch& branch) {
    const Graph& body = *branch.body;
    std::vector<ValueId> mine(body.values.size(), kNoValue);
    for (std::size_t k = 0; k < body.inputs.size(); ++k)
      mine[at(body.inputs[k])] = node.inputs[branch.first_capture + k];
    for (std::size_t i = 0; i < body.values.size(); ++i) {
      if (mine[i] != kNoValue) continue;
      mine[i] = static_cast<ValueId>(graph_.values.size());
      graph_.values.push_back(body.values[i]);
    }
    const auto map = [&](ValueId& id) {
      if (id != kNoValue) id = mine[at(id)];
    };
    for (Node copy : body.nodes) {
      std::ranges::for_each(copy.inputs, map);
      std::ranges::for_each(copy.outputs, map);
      graph_.nodes.push_back(std::move(copy));
    }
    for (std::size_t k = 0; k < node.outputs.size(); ++k)
      if (node.outputs[k] != kNoValue) renamed_[at(node.outputs[k])] = mine[at(body.outputs[k])];
  }

  Graph& graph_;
  std::vector<ValueId> renamed_;  // of the values that were there first
};

}  // namespace

int inline_branches(Graph& graph) {
  int changes = 0;
  // What a branch computes may decide the next If, beside it or inside it.
  while (const int found = Inliner(graph).run()) {
    changes += found;
    fold_constants(graph);
  }
  return changes;
}

}  // namespace engine::graph
