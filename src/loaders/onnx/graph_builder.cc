#include "loaders/onnx/graph_builder.h"

#include "base/text.h"
#include "loaders/onnx/arity.h"
#include "loaders/onnx/declared.h"
#include "loaders/onnx/sequences.h"
#include "loaders/onnx/upgrade.h"

#include <utility>

namespace engine::onnx {

using graph::kNoValue;
using graph::ValueId;

ValueId GraphBuilder::add_input(std::string name, TensorType type) {
  const ValueId id = graph_.add_value(std::move(name), std::move(type));
  graph_.inputs.push_back(id);
  return id;
}

ValueId GraphBuilder::capture(const graph::Value& outer, ValueId outer_id) {
  if (outer.is_constant()) return graph_.add_constant(outer.name, outer.constant);
  captures_.push_back(outer_id);
  return add_input(outer.name, outer.type);
}

const Tensor* GraphBuilder::constant(ValueId id) const {
  const graph::Value& value = graph_.value(id);
  return value.is_constant() ? &value.constant : nullptr;
}

const graph::Node* GraphBuilder::producer(ValueId id) const noexcept {
  const auto i = static_cast<std::size_t>(id);
  if (i >= producers_.size() || producers_[i] == 0) return nullptr;
  return &graph_.nodes[static_cast<std::size_t>(producers_[i]) - 1];
}

const std::optional<Dims>& GraphBuilder::extents(ValueId id) const noexcept {
  static const std::optional<Dims> unknown;
  const auto i = static_cast<std::size_t>(id);
  return i < extents_.size() ? extents_[i] : unknown;
}

std::string GraphBuilder::fresh_name(std::string_view what) const {
  return concat(current_, "/", what, "_", graph_.values.size());
}

ValueId GraphBuilder::add_constant(Tensor tensor) {
  return graph_.add_constant(fresh_name("constant"), std::move(tensor));
}

void GraphBuilder::warn(const std::string& text) {
  state_.warn(concat("node ", quote(current_), ": ", text));
}

std::vector<ValueId> GraphBuilder::add_node(std::string type, ops::Attributes attributes,
                                            std::vector<ValueId> inputs, std::size_t outputs) {
  const ops::OperatorDef* def = ops::find("", type);
  ENGINE_REQUIRE(def, ErrorCode::kUnsupported, "its old form needs operator ", type,
                 ", which this build does not have");
  std::vector<ValueId> out;
  for (std::size_t i = 0; i < outputs; ++i) out.push_back(graph_.add_value(fresh_name(type), {}));
  append({fresh_name(type), def->make(attributes), std::move(inputs), out});
  return out;
}

void GraphBuilder::append(graph::Node node) {
  extents_.resize(graph_.values.size());
  try {
    graph::infer_node(graph_, node, extents_);
  } catch (const Error& error) {
    throw MisfitError(error.code(), error.what());
  }
  producers_.resize(graph_.values.size());
  for (const ValueId id : node.outputs)
    if (id != kNoValue)
      producers_[static_cast<std::size_t>(id)] = static_cast<int>(graph_.nodes.size()) + 1;
  graph_.nodes.push_back(std::move(node));
}

void GraphBuilder::add_declarations(Scope& scope, pb::GraphProto& proto) {
  ENGINE_REQUIRE(proto.sparse_initializer_size() == 0, ErrorCode::kUnsupported,
                 "sparse initializers are not supported");
  for (pb::TensorProto& tensor : *proto.mutable_initializer()) {
    ENGINE_VALIDATE(!tensor.name().empty(), "an initializer has no name");
    ENGINE_VALIDATE(scope.initializers.emplace(tensor.name(), &tensor).second, "initializer ",
                    quote(tensor.name()), " appears twice");
  }
  for (const auto& [name, id] : scope.values) scope.initializers.erase(name);
  for (const pb::ValueInfoProto& info : proto.value_info()) scope.declared[info.name()] = &info;
  for (const pb::ValueInfoProto& info : proto.output()) scope.declared[info.name()] = &info;
}

void GraphBuilder::add_contents(Scope& scope, pb::GraphProto& proto) {
  graph_.name = proto.name();
  add_declarations(scope, proto);
  add_nodes(scope, *proto.mutable_node());
  add_outputs(scope, proto);
}

// The same value may be an output under two names, or an input or constant at once: an Identity
// then gives each output a value and a name of its own.
void GraphBuilder::add_outputs(Scope& scope, const pb::GraphProto& proto) {
  std::unordered_map<std::string_view, bool> seen;
  for (const pb::ValueInfoProto& info : proto.output()) {
    require_tensor(info, "graph output");
    const std::string name = quote(info.name());
    ENGINE_VALIDATE(seen.emplace(info.name(), true).second, "graph output ", name,
                    " appears twice");
    const std::optional<ValueId> found = scope.find(info.name());
    if (!found) refuse_sequence(scope, info.name());
    ENGINE_VALIDATE(found && *found != kNoValue, "graph output ", name, " is made by no node");
    ValueId id = *found;
    if (graph_.value(id).name != info.name()) {
      current_ = info.name();
      id = add_node("Identity", {}, {id});
      graph_.value(id).name = info.name();
    }
    check_declared(scope, info.name(), id);
    graph_.outputs.push_back(id);
  }
}

void GraphBuilder::add_nodes(Scope& scope, NodeList& nodes) {
  for (const int i : topological_order(nodes)) {
    pb::NodeProto& proto = nodes[i];
    try {
      add_proto(scope, proto);
    } catch (const Error&) {
      rethrow_at(state_, label(proto));
    }
  }
}

void GraphBuilder::add_proto(Scope& scope, pb::NodeProto& proto) {
  check_name(proto.name());
  if (scope.environment) state_.expand(1);
  pb::FunctionProto* function = state_.functions.find(proto);
  const std::string_view type = proto.op_type();
  const bool is_onnx = normal_domain(proto.domain()).empty();
  if (function) add_call(scope, proto, *function);
  else if (is_onnx && type == "Constant") add_constant_node(scope, proto);
  else if (is_onnx && (type == "If" || type == "Loop" || type == "Scan"))
    add_control_flow(scope, proto);
  else if (is_onnx && is_sequence_operator(type)) add_sequence_operator(scope, proto);
  else add_operator(scope, proto);
}

void GraphBuilder::add_constant_node(Scope& scope, pb::NodeProto& proto) {
  ENGINE_VALIDATE(proto.input_size() == 0 && proto.output_size() == 1, proto.input_size(),
                  " inputs and ", proto.output_size(), " outputs (Constant has none and one)");
  const Tensor tensor = read_constant(resolve_attributes(proto, scope.environment), state_.tensors);
  const ValueId id = graph_.add_constant(scope.prefix + proto.output(0), tensor);
  scope.define(proto.output(0), id);
  check_declared(scope, proto.output(0), id);
}

ops::Attributes GraphBuilder::begin_node(const Scope& scope, pb::NodeProto& proto) {
  const bool by_output = proto.name().empty() && proto.output_size() > 0;
  current_ = scope.prefix + (by_output ? proto.output(0) : proto.name());
  ops::Attributes attributes;
  for (const NamedAttribute& attribute : resolve_attributes(proto, scope.environment))
    attributes.set(attribute.name, read_attribute(*attribute.value, state_.tensors));
  return attributes;
}

void GraphBuilder::add_operator(Scope& scope, pb::NodeProto& proto) {
  Draft draft;
  draft.domain = normal_domain(proto.domain());
  draft.type = proto.op_type();
  draft.attributes = begin_node(scope, proto);
  draft.inputs = resolve_inputs(scope, proto);
  draft.outputs = static_cast<std::size_t>(proto.output_size());
  for (const std::string& name : proto.output()) draft.wanted.push_back(!name.empty());

  const auto opset = scope.opsets.find(draft.domain);
  ENGINE_VALIDATE(opset != scope.opsets.end() || !draft.domain.empty(),
                  "no opset import for the default domain");
  upgrade(draft, opset == scope.opsets.end() ? 1 : opset->second, *this);
  const ops::OperatorDef* def = ops::find(draft.domain, draft.type);
  ENGINE_REQUIRE(def, ErrorCode::kUnsupported, "operator ", draft.type, " is not supported");
  check_arity(draft, *def);
  graph::Node node;
  node.op = def->make(draft.attributes);
  node.inputs = std::move(draft.inputs);
  node.outputs.assign(draft.outputs, kNoValue);
  // Outputs that the operator always makes are there for it even where nobody reads them.
  for (Index i = 0; i < def->min_outputs; ++i)
    if (const auto k = static_cast<std::size_t>(i); !draft.wanted[k])
      node.outputs[k] = graph_.add_value(fresh_name("unread"), {});
  finish_node(scope, proto, std::move(node), draft.tails);
}

void GraphBuilder::finish_node(Scope& scope, const pb::NodeProto& proto, graph::Node node,
                               std::span<const Draft::Tail> tails) {
  node.name = proto.name().empty() ? "" : scope.prefix + proto.name();
  const auto name_of = [&](std::size_t i) -> const std::string& {
    return proto.output(static_cast<int>(i));
  };
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    if (!name_of(i).empty()) node.outputs[i] = graph_.add_value(scope.prefix + name_of(i), {});
  std::vector<ValueId> named = node.outputs;
  append(std::move(node));
  for (const Draft::Tail& tail : tails) {
    ValueId& id = named[tail.output];
    const std::string plain = std::exchange(graph_.value(id).name, fresh_name("whole"));
    id = add_node(tail.type, tail.attributes, {id});
    graph_.value(id).name = plain;
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named[i] == kNoValue || name_of(i).empty()) continue;
    scope.define(name_of(i), named[i]);
    check_declared(scope, name_of(i), named[i]);
  }
}

// Computed types are trusted; a declaration that says otherwise is the file's mistake.
void GraphBuilder::check_declared(Scope& scope, std::string_view name, ValueId id) {
  const auto info = scope.declared.find(name);
  if (info == scope.declared.end()) return;
  const std::optional<TensorType> declared = declared_type(*info->second);
  if (!declared) return;
  const TensorType& computed = type(id);
  const std::string text = contradiction(*declared, computed);
  if (text.empty()) return;
  ENGINE_VALIDATE(declared->dtype == computed.dtype, "tensor ", quote(name), " ", text);
  state_.warn(concat("tensor ", quote(name), " ", text, " (the computed shape is used)"));
}

std::vector<ValueId> resolve_inputs(Scope& scope, const pb::NodeProto& proto) {
  std::vector<ValueId> ids;
  for (const std::string& name : proto.input()) {
    const std::optional<ValueId> id = scope.find(name);
    if (!id) refuse_sequence(scope, name);
    ENGINE_VALIDATE(id, "input ", quote(name),
                    " is no input, no initializer, and no node makes it");
    ids.push_back(*id);
  }
  while (!ids.empty() && ids.back() == kNoValue) ids.pop_back();
  return ids;
}

}  // namespace engine::onnx
