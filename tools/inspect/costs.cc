#include "tools/inspect/costs.h"

#include <algorithm>
#include <vector>

namespace engine::tools {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

Index bytes_of(const TensorType& type) {
  const auto shape = type.shape();
  const auto count = shape ? checked_count(*shape) : std::nullopt;
  return count ? *count * static_cast<Index>(size_of(type.dtype)) : 0;
}

// Types of the values, or nothing if a shape is unknown. Absent ones are empty tensors.
std::optional<std::vector<TensorType>> types_of(const Graph& graph,
                                                const std::vector<ValueId>& ids) {
  std::vector<TensorType> types;
  for (const ValueId id : ids) {
    types.push_back(id == graph::kNoValue ? TensorType(DType::kFloat32, Shape{0})
                                          : graph.value(id).type);
    if (!types.back().shape()) return std::nullopt;
  }
  return types;
}

void add_flops(const Graph& graph, GraphCosts& costs) {
  for (const Node& node : graph.nodes) {
    const auto in = types_of(graph, node.inputs), out = types_of(graph, node.outputs);
    if (in && out) costs.flops += node.op->flops(*in, *out);
    else ++costs.unknown_nodes;
  }
}

// The node after which each value is not needed any more; outputs live to the end.
std::vector<std::size_t> last_uses(const Graph& graph) {
  std::vector<std::size_t> last(graph.values.size(), 0);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].inputs)
      if (id != graph::kNoValue) last[static_cast<std::size_t>(id)] = n;
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != graph::kNoValue) last[static_cast<std::size_t>(id)] = n;
  }
  for (const ValueId id : graph.outputs) last[static_cast<std::size_t>(id)] = graph.nodes.size();
  return last;
}

Index peak_of_activations(const Graph& graph) {
  const std::vector<std::size_t> last = last_uses(graph);
  std::vector<Index> freed(graph.nodes.size() + 1, 0);
  Index live = 0, peak = 0;
  const auto begin_life = [&](ValueId id) {
    const graph::Value& value = graph.value(id);
    if (value.is_constant()) return;
    live += bytes_of(value.type);
    freed[last[static_cast<std::size_t>(id)]] += bytes_of(value.type);
  };
  for (const ValueId id : graph.inputs) begin_life(id);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != graph::kNoValue) begin_life(id);
    peak = std::max(peak, live);
    live -= freed[n];
  }
  return std::max(peak, live);
}

}  // namespace

GraphCosts costs_of(Graph& graph, const std::map<std::string, Shape>& shapes) {
  for (const ValueId id : graph.inputs) {
    graph::Value& value = graph.value(id);
    const auto found = shapes.find(value.name);
    if (found != shapes.end()) value.type = TensorType(value.type.dtype, found->second);
  }
  graph::infer_types(graph);
  GraphCosts costs;
  for (const graph::Value& value : graph.values)
    if (value.is_constant()) costs.weight_bytes += bytes_of(value.type);
  costs.activation_bytes = peak_of_activations(graph);
  add_flops(graph, costs);
  return costs;
}

}  // namespace engine::tools
