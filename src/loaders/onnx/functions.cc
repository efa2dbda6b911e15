// Model-local functions: a call is replaced by the function's nodes, under names of their own.
#include "base/text.h"
#include "loaders/onnx/graph_builder.h"

#include <algorithm>

namespace engine::onnx {
namespace {

using graph::kNoValue;
using graph::ValueId;

// A function on the way from the outermost call to this one calls itself through the others.
void check_recursion(const LoadState& state, const pb::FunctionProto& function) {
  const auto first = std::ranges::find(state.active, &function);
  if (first == state.active.end()) return;
  std::string path;
  for (auto it = first; it != state.active.end(); ++it) path += quote((*it)->name()) + " -> ";
  fail(ErrorCode::kInvalidModel, "function ", quote(function.name()), " calls itself (", path,
       quote(function.name()), ")");
}

AttributeEnvironment bind_attributes(const Scope& caller, pb::NodeProto& call,
                                     pb::FunctionProto& function) {
  AttributeEnvironment bound;
  for (pb::AttributeProto& attribute : *function.mutable_attribute_proto())
    bound[attribute.name()] = &attribute;
  for (const NamedAttribute& given : resolve_attributes(call, caller.environment))
    bound[given.name] = given.value;
  return bound;
}

void bind_inputs(Scope& caller, const pb::NodeProto& call, const pb::FunctionProto& function,
                 Scope& inner) {
  const std::vector<ValueId> given = resolve_inputs(caller, call);
  ENGINE_VALIDATE(given.size() <= static_cast<std::size_t>(function.input_size()), given.size(),
                  " inputs, the function has ", function.input_size());
  for (int i = 0; i < function.input_size(); ++i) {
    const std::size_t k = static_cast<std::size_t>(i);
    ENGINE_VALIDATE(
        inner.values.emplace(function.input(i), k < given.size() ? given[k] : kNoValue).second,
        "function input ", quote(function.input(i)), " appears twice");
  }
}

// A value that the call has made takes the name that the caller knows it by.
void bind_outputs(Scope& caller, const pb::NodeProto& call, const pb::FunctionProto& function,
                  Scope& inner, std::size_t first_new) {
  ENGINE_VALIDATE(call.output_size() <= function.output_size(), call.output_size(),
                  " outputs, the function has ", function.output_size());
  for (int i = 0; i < call.output_size(); ++i) {
    if (call.output(i).empty()) continue;
    const std::optional<ValueId> id = inner.find(function.output(i));
    ENGINE_VALIDATE(id, "function output ", quote(function.output(i)), " is made by no node");
    caller.define(call.output(i), *id);
    if (*id != kNoValue && static_cast<std::size_t>(*id) >= first_new)
      caller.builder.graph().value(*id).name = caller.prefix + call.output(i);
  }
}

// Names of nested calls would otherwise grow with the depth.
std::string prefix_of(const Scope& scope, const pb::NodeProto& call) {
  constexpr std::size_t kLongest = 200;
  const bool by_output = call.name().empty() && call.output_size() > 0;
  const std::string prefix = scope.prefix + (by_output ? call.output(0) : call.name()) + "/";
  if (prefix.size() <= kLongest) return prefix;
  return concat("call_", scope.builder.state().expanded, "/");
}

}  // namespace

void add_call(Scope& scope, pb::NodeProto& proto, pb::FunctionProto& function) {
  LoadState& state = scope.builder.state();
  check_recursion(state, function);
  const Nested nested(state);
  const AttributeEnvironment environment = bind_attributes(scope, proto, function);
  Opsets opsets = read_opsets(function.opset_import(), state.warnings);
  opsets.insert(scope.opsets.begin(), scope.opsets.end());  // what the function leaves out
  Scope inner{.builder = scope.builder,
              .opsets = opsets,
              .environment = &environment,
              .prefix = prefix_of(scope, proto)};
  bind_inputs(scope, proto, function, inner);
  const std::size_t first_new = scope.builder.graph().values.size();
  state.active.push_back(&function);
  scope.builder.add_nodes(inner, *function.mutable_node());
  state.active.pop_back();
  bind_outputs(scope, proto, function, inner, first_new);
}

}  // namespace engine::onnx
