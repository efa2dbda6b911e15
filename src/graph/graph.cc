#include "graph/graph.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>

namespace engine::graph {

ValueId Graph::add_value(std::string value_name, TensorType type) {
  values.push_back({std::move(value_name), std::move(type), {}});
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::add_constant(std::string value_name, Tensor tensor) {
  TensorType type(tensor.dtype(), tensor.shape());
  values.push_back({std::move(value_name), std::move(type), std::move(tensor)});
  return static_cast<ValueId>(values.size() - 1);
}

std::string Graph::label(const Node& node) const {
  std::string text = "node ";
  if (!node.name.empty()) {
    text += quote(node.name);
  } else {
    text += "without a name";
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      text += " that makes " + quote(value(id).name);
      break;
    }
  }
  return text + " (" + std::string(node.op->name()) + ")";
}

std::vector<ops::Operand> operands_of(const Graph& graph, const Node& node,
                                      const KnownExtents& extents) {
  std::vector<ops::Operand> operands;
  operands.reserve(node.inputs.size());
  for (const ValueId id : node.inputs) {
    ops::Operand operand;
    if (id == kNoValue) {
      operand.present = false;
    } else {
      const Value& value = graph.value(id);
      operand.type = value.type;
      operand.value = value.is_constant() ? &value.constant : nullptr;
      const std::size_t i = static_cast<std::size_t>(id);
      if (i < extents.size() && extents[i]) operand.extents = &*extents[i];
    }
    operands.push_back(std::move(operand));
  }
  return operands;
}

std::vector<TensorType> infer_outputs(const ops::Operator& op, const ops::Operands& in,
                                      Index outputs) {
  constexpr Index kMaxRank = 64;
  std::vector<TensorType> types = op.infer(in, outputs);
  for (const TensorType& type : types)
    ENGINE_VALIDATE(type.rank() <= kMaxRank, "the result has rank ", type.rank(), " (at most ",
                    kMaxRank, " is possible)");
  return types;
}

void infer_node(Graph& graph, const Node& node, KnownExtents& extents) {
  const std::vector<ops::Operand> list = operands_of(graph, node, extents);
  const ops::Operands operands(list);
  const Index wanted = static_cast<Index>(node.outputs.size());
  const std::vector<TensorType> types = infer_outputs(*node.op, operands, wanted);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId id = node.outputs[i];
    if (id == kNoValue) continue;
    ENGINE_VALIDATE(i < types.size(), "output ", i, " does not exist (the operator makes ",
                    types.size(), ")");
    graph.value(id).type = types[i];
  }
  if (!node.outputs.empty() && node.outputs[0] != kNoValue)
    extents[static_cast<std::size_t>(node.outputs[0])] = node.op->infer_extents(operands);
}

void infer_types(Graph& graph) {
  KnownExtents extents(graph.values.size());
  for (const Node& node : graph.nodes)
    with_label(graph, node, [&] { infer_node(graph, node, extents); });
}

std::vector<int> count_uses(const Graph& graph) {
  std::vector<int> uses(graph.values.size(), 0);
  const auto count = [&](ValueId id) {
    if (id != kNoValue) ++uses[static_cast<std::size_t>(id)];
  };
  for (const Node& node : graph.nodes) std::ranges::for_each(node.inputs, count);
  std::ranges::for_each(graph.outputs, count);
  return uses;
}

std::vector<int> producers(const Graph& graph) {
  std::vector<int> made_by(graph.values.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != kNoValue) made_by[static_cast<std::size_t>(id)] = static_cast<int>(n);
  return made_by;
}

}  // namespace engine::graph
