// The graph: values, and nodes in topological order that make values from values.
#pragma once

#include "base/dim.h"
#include "ops/operator.h"

#include <engine/tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace engine::graph {

/// Position of a value in Graph::values.
using ValueId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  ///< an optional input or output that is absent

/// A tensor of the graph: a graph input, a constant, or what a node makes.
struct Value {
  std::string name;
  TensorType type;
  Tensor constant;  ///< defined if the value is a constant

  bool is_constant() const noexcept { return constant.defined(); }
};

/// An operator applied to values.
struct Node {
  std::string name;  ///< may be empty; see `label`
  ops::OperatorPtr op;
  std::vector<ValueId> inputs;   ///< kNoValue where an optional input is absent
  std::vector<ValueId> outputs;  ///< kNoValue where nobody wants an output
};

/// A computation. Invariants: nodes are in topological order; each value is an input, a constant,
/// or an output of exactly one node. A plain aggregate: passes edit it freely and keep these true.
struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;

  ValueId add_value(std::string value_name, TensorType type);
  ValueId add_constant(std::string value_name, Tensor tensor);
  Value& value(ValueId id) { return values[static_cast<std::size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }

  /// For messages: "node 'conv1' (Conv)", or by its first output if it has no name.
  std::string label(const Node& node) const;
};

/// step(); an Error leaves it with the node's label before its message.
template <class Step>
decltype(auto) with_label(const Graph& graph, const Node& node, Step&& step) {
  try {
    return step();
  } catch (const Error& error) {
    throw Error(error.code(), graph.label(node) + ": " + error.what());
  }
}

/// `op.infer`, with the ranks of the results limited: a hostile shape input cannot ask for more.
std::vector<TensorType> infer_outputs(const ops::Operator& op, const ops::Operands& in,
                                      Index outputs);

/// By value: its elements as extents, if it is known to be a list of those. May be shorter than
/// the values.
using KnownExtents = std::vector<std::optional<Dims>>;

/// Operands of a node as shape inference sees them.
std::vector<ops::Operand> operands_of(const Graph& graph, const Node& node,
                                      const KnownExtents& extents);

/// Infers the types of a node's outputs, and whether they are a list of extents (`extents` has one
/// entry per value). Throws Error (kInvalidModel) without the node's label.
void infer_node(Graph& graph, const Node& node, KnownExtents& extents);

/// The same for all nodes, in one walk from inputs and constants. Declared types of intermediate
/// values are replaced. Throws Error with the node's label.
void infer_types(Graph& graph);

/// How many uses (node inputs and graph outputs) each value has.
std::vector<int> count_uses(const Graph& graph);

/// The node that makes each value, or -1.
std::vector<int> producers(const Graph& graph);

}  // namespace engine::graph
