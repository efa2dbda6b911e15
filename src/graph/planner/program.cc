#include "graph/planner/program.h"

#include "base/check.h"

namespace engine::graph {

Program::Program(Graph graph, std::shared_ptr<const ops::Backend> backend,
                 const std::vector<std::string>& disabled_passes)
    : graph_(std::move(graph)), backend_(std::move(backend)), disabled_passes_(disabled_passes) {
  reports_ = run_passes(graph_, disabled_passes);
  infer_types(graph_);
  for (const Node& node : graph_.nodes) data_dependent_ |= node.op->data_dependent();
  pack();
}

void Program::pack() {
  packed_.resize(graph_.nodes.size());
  std::vector<int> readers = count_uses(graph_);
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    const std::vector<ops::Operand> operands = operands_of(graph_, node, {});
    packed_[i] = backend_->pack(*node.op, ops::Operands(operands));
    if (!packed_[i]) continue;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId id = node.inputs[k];
      if (id == kNoValue || !ops::has_input(packed_[i]->consumed_inputs, k)) continue;
      if (--readers[static_cast<std::size_t>(id)] == 0) graph_.value(id).constant = {};
    }
  }
}

const Program& Program::body(const Graph& body) const {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<const Program>& slot = bodies_[&body];
  if (!slot) slot = std::make_unique<const Program>(body, backend_, disabled_passes_);
  return *slot;
}

}  // namespace engine::graph
