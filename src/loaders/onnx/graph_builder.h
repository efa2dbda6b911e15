// Builds one graph: the model's, or a body's. Types are inferred node by node, since upgrades and
// bodies need them.
#pragma once

#include "graph/graph.h"
#include "loaders/onnx/attributes.h"
#include "loaders/onnx/draft.h"
#include "loaders/onnx/order.h"
#include "loaders/onnx/state.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::onnx {

class GraphBuilder;

/// Names as one piece of a file sees them: a graph, a body, or a function being inlined. Views
/// point into the message.
struct Scope {
  GraphBuilder& builder;  ///< of the graph that the values are in
  const Opsets& opsets;
  Scope* outer = nullptr;  ///< where a body looks for what it does not define itself
  const AttributeEnvironment* environment = nullptr;  ///< inside functions
  std::string prefix = {};  ///< of the names of an inlined function's nodes and values
  std::unordered_map<std::string_view, graph::ValueId> values = {};
  std::unordered_map<std::string_view, pb::TensorProto*> initializers = {};  ///< not used so far
  std::unordered_map<std::string_view, const pb::ValueInfoProto*> declared = {};
  /// Elements of the sequences that are known (sequences.h).
  std::unordered_map<std::string_view, std::vector<graph::ValueId>> sequences = {};

  /// The value of a name; kNoValue for "" and for a function's input that the caller left out;
  /// nothing if the name means nothing. Makes constants of initializers, and inputs of captures.
  std::optional<graph::ValueId> find(std::string_view name);
  /// Throws Error (kInvalidModel) if the name is taken.
  void define(std::string_view name, graph::ValueId id);
};

class GraphBuilder final : public UpgradeContext {
 public:
  explicit GraphBuilder(LoadState& state) : state_(state) {}

  LoadState& state() noexcept { return state_; }
  graph::Graph& graph() noexcept { return graph_; }
  const std::vector<graph::ValueId>& captures() const noexcept { return captures_; }

  graph::ValueId add_input(std::string name, TensorType type);
  /// A further input that stands for a value of the graph around this one; constants are shared.
  graph::ValueId capture(const graph::Value& outer, graph::ValueId outer_id);

  /// Initializers and declarations of a graph or body, then its nodes, then its outputs.
  void add_contents(Scope& scope, pb::GraphProto& proto);
  void add_nodes(Scope& scope, NodeList& nodes);
  /// Adds a node whose operator is made; gives its outputs the names that the message says.
  void finish_node(Scope& scope, const pb::NodeProto& proto, graph::Node node,
                   std::span<const Draft::Tail> tails = {});

  /// Names what is added from now on after this node; returns the node's attributes.
  ops::Attributes begin_node(const Scope& scope, pb::NodeProto& proto);

  /// The node that makes a value, or null.
  const graph::Node* producer(graph::ValueId id) const noexcept;
  /// The value's elements as extents, if it is known to be a list of those.
  const std::optional<Dims>& extents(graph::ValueId id) const noexcept;

  const TensorType& type(graph::ValueId id) const override { return graph_.value(id).type; }
  const Tensor* constant(graph::ValueId id) const override;
  graph::ValueId add_constant(Tensor tensor) override;
  void warn(const std::string& text) override;
  using UpgradeContext::add_node;
  std::vector<graph::ValueId> add_node(std::string type, ops::Attributes attributes,
                                       std::vector<graph::ValueId> inputs,
                                       std::size_t outputs) override;

 private:
  void add_declarations(Scope& scope, pb::GraphProto& proto);
  void add_outputs(Scope& scope, const pb::GraphProto& proto);
  void add_proto(Scope& scope, pb::NodeProto& proto);
  void add_constant_node(Scope& scope, pb::NodeProto& proto);
  void add_operator(Scope& scope, pb::NodeProto& proto);
  void append(graph::Node node);
  void check_declared(Scope& scope, std::string_view name, graph::ValueId id);
  std::string fresh_name(std::string_view what) const;

  LoadState& state_;
  graph::Graph graph_;
  graph::KnownExtents extents_;
  std::vector<int> producers_;  ///< by value; may be shorter than the values, 0 is no node
  std::vector<graph::ValueId> captures_;
  std::string current_;  ///< name of the node at work, for what upgrades add
};

/// Inputs of a node by name. Throws Error (kInvalidModel) for a name that means nothing.
std::vector<graph::ValueId> resolve_inputs(Scope& scope, const pb::NodeProto& proto);

/// If, Loop or Scan, with their bodies (bodies.cc).
void add_control_flow(Scope& scope, pb::NodeProto& proto);

/// Inlines a call of a model-local function (functions.cc).
void add_call(Scope& scope, pb::NodeProto& proto, pb::FunctionProto& function);

}  // namespace engine::onnx
