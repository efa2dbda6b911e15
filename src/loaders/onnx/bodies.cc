// If, Loop and Scan. A body becomes a graph of its own that sees nothing around it: what it takes
// from outside turns into further inputs of the node and of the body.
#include "base/text.h"
#include "graph/control_flow.h"
#include "loaders/onnx/declared.h"
#include "loaders/onnx/graph_builder.h"

#include <algorithm>
#include <exception>

namespace engine::onnx {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::ValueId;

struct Body {
  std::shared_ptr<const Graph> graph;
  std::vector<ValueId> captures;
};

// Attributes of a node with control flow, the bodies aside.
struct Parts {
  std::map<std::string, pb::GraphProto*, std::less<>> bodies;
  ops::Attributes attributes;
};

Parts take_apart(Scope& scope, pb::NodeProto& proto) {
  Parts parts;
  for (const NamedAttribute& attribute : resolve_attributes(proto, scope.environment)) {
    if (kind_of(*attribute.value) == pb::AttributeProto::GRAPH)
      parts.bodies[attribute.name] = attribute.value->mutable_g();
    else
      parts.attributes.set(attribute.name,
                           read_attribute(*attribute.value, scope.builder.state().tensors));
  }
  return parts;
}

pb::GraphProto& body_of(const Parts& parts, const char* name) {
  const auto it = parts.bodies.find(name);
  ENGINE_VALIDATE(it != parts.bodies.end(), "attribute ", name, " is required (a graph)");
  return *it->second;
}

void add_formal_inputs(GraphBuilder& builder, Scope& scope, const pb::GraphProto& proto,
                       const std::vector<TensorType>& types) {
  ENGINE_VALIDATE(static_cast<std::size_t>(proto.input_size()) == types.size(), "the body has ",
                  proto.input_size(), " inputs, ", types.size(), " needed");
  for (int i = 0; i < proto.input_size(); ++i) {
    const pb::ValueInfoProto& info = proto.input(i);
    require_tensor(info, "body input");
    const TensorType& type = types[static_cast<std::size_t>(i)];
    const auto declared = declared_type(info);
    ENGINE_VALIDATE(!declared || declared->dtype == type.dtype, "body input ", quote(info.name()),
                    " is declared ", to_string(declared->dtype), ", but is given ",
                    to_string(type.dtype));
    ENGINE_VALIDATE(!info.name().empty(), "body input ", i, " has no name");
    const ValueId id = builder.add_input(info.name(), type);
    ENGINE_VALIDATE(scope.values.emplace(info.name(), id).second, "body input ", quote(info.name()),
                    " appears twice");
  }
}

// A value that changes from trip to trip may change its shape: where the rank that was assumed
// does not hold, it is unknown.
void check_carried(Graph& body, std::size_t inputs_at, std::size_t outputs_at, std::size_t count) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < count; ++i) {
      TensorType& in = body.value(body.inputs[inputs_at + i]).type;
      const TensorType& out = body.value(body.outputs[outputs_at + i]).type;
      ENGINE_VALIDATE(in.dtype == out.dtype, "carried value ", i, " is ", to_string(in.dtype),
                      ", but the body makes ", to_string(out.dtype), " of it");
      if (!in.ranked || (out.ranked && out.rank() == in.rank())) continue;
      in = TensorType::unranked(in.dtype);
      changed = true;
    }
    if (changed) graph::infer_types(body);
  }
}

struct Carried {
  std::size_t inputs_at, outputs_at, count;
};

Body build_body(Scope& scope, pb::GraphProto& proto, const char* name,
                const std::vector<TensorType>& types, const Carried& carried) {
  LoadState& state = scope.builder.state();
  const Nested nested(state);
  GraphBuilder builder(state);
  Scope inner{.builder = builder,
              .opsets = scope.opsets,
              .outer = &scope,
              .environment = scope.environment};
  try {
    add_formal_inputs(builder, inner, proto, types);
    builder.add_contents(inner, proto);
    Graph& graph = builder.graph();
    ENGINE_VALIDATE(graph.outputs.size() >= carried.outputs_at + carried.count, "the body has ",
                    graph.outputs.size(), " outputs, at least ", carried.outputs_at + carried.count,
                    " needed");
    check_carried(graph, carried.inputs_at, carried.outputs_at, carried.count);
    return {std::make_shared<const Graph>(std::move(graph)), builder.captures()};
  } catch (const LocatedError&) {
    throw;
  } catch (const Error& error) {
    fail(error.code(), name, ": ", error.what());
  }
}

void require_scalar_bool(const TensorType& type, const char* name) {
  ENGINE_VALIDATE(type.dtype == DType::kBool, name, " is ", to_string(type.dtype), ", bool needed");
}

// Extents get symbols of this input alone: an output with the same ones keeps its shape.
TensorType carried_type(TensorType type, LoadState& state) {
  for (Dim& dim : type.dims) dim = Dim::symbol(concat("carried ", state.symbols++));
  return type;
}

void finish(Scope& scope, const pb::NodeProto& proto, ops::OperatorPtr op,
            std::vector<ValueId> inputs, std::size_t outputs) {
  const std::size_t listed = static_cast<std::size_t>(proto.output_size());
  ENGINE_VALIDATE(listed <= outputs, listed, " outputs, but the body makes ", outputs);
  graph::Node node;
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.outputs.assign(listed, kNoValue);
  scope.builder.finish_node(scope, proto, std::move(node));
}

void append(std::vector<ValueId>& ids, const std::vector<ValueId>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

// A branch of If that does not fit the types around it is no error until it is taken: exporters
// write both answers to questions about ranks. `problem` is then set, and there is no body.
Body build_branch(Scope& scope, pb::GraphProto& proto, const char* name,
                  std::exception_ptr& problem) {
  try {
    return build_body(scope, proto, name, {}, {});
  } catch (const LocatedError& error) {
    if (!error.misfit()) throw;
    problem = std::current_exception();
    return {};
  }
}

// A body that refuses to run, with outputs such as the other branch has.
Body refusal(const Body& other, std::exception_ptr problem) {
  std::vector<TensorType> types;
  for (const ValueId id : other.graph->outputs)
    types.push_back(TensorType::unranked(other.graph->value(id).type.dtype));
  try {
    std::rethrow_exception(std::move(problem));
  } catch (const Error& error) {
    return {graph::make_refusal(types, error.what()), {}};
  }
}

void add_if(Scope& scope, pb::NodeProto& proto, const Parts& parts) {
  std::vector<ValueId> inputs = resolve_inputs(scope, proto);
  ENGINE_VALIDATE(inputs.size() == 1, inputs.size(), " inputs, 1 needed");
  require_scalar_bool(scope.builder.type(inputs[0]), "the condition");
  std::exception_ptr yes_problem, no_problem;
  Body yes = build_branch(scope, body_of(parts, "then_branch"), "then_branch", yes_problem);
  Body no = build_branch(scope, body_of(parts, "else_branch"), "else_branch", no_problem);
  if (yes_problem && no_problem) std::rethrow_exception(yes_problem);
  if (yes_problem) yes = refusal(no, yes_problem);
  if (no_problem) no = refusal(yes, no_problem);
  const std::size_t outputs = yes.graph->outputs.size();
  ENGINE_VALIDATE(outputs == no.graph->outputs.size(), "then_branch has ", outputs,
                  " outputs, else_branch ", no.graph->outputs.size());
  append(inputs, yes.captures);
  append(inputs, no.captures);
  finish(scope, proto, graph::make_if(yes.graph, no.graph), std::move(inputs), outputs);
}

void add_loop(Scope& scope, pb::NodeProto& proto, const Parts& parts) {
  std::vector<ValueId> inputs = resolve_inputs(scope, proto);
  inputs.resize(std::max<std::size_t>(inputs.size(), 2), kNoValue);
  const GraphBuilder& builder = scope.builder;
  if (inputs[0] != kNoValue)
    ENGINE_VALIDATE(builder.type(inputs[0]).dtype == DType::kInt64, "the trip count is ",
                    to_string(builder.type(inputs[0]).dtype), ", int64 needed");
  if (inputs[1] != kNoValue) require_scalar_bool(builder.type(inputs[1]), "the condition");
  const std::size_t carried = inputs.size() - 2;
  pb::GraphProto& proto_body = body_of(parts, "body");
  std::vector<TensorType> types = {{DType::kInt64, Dims{}}, {DType::kBool, Dims{}}};
  for (std::size_t i = 0; i < carried; ++i) {
    ENGINE_VALIDATE(inputs[2 + i] != kNoValue, "carried value ", i, " is absent");
    types.push_back(carried_type(builder.type(inputs[2 + i]), scope.builder.state()));
  }
  const Body body = build_body(scope, proto_body, "body", types, {2, 1, carried});
  require_scalar_bool(body.graph->value(body.graph->outputs[0]).type, "the body's condition");
  append(inputs, body.captures);
  finish(scope, proto, graph::make_loop(body.graph, static_cast<Index>(carried)), std::move(inputs),
         body.graph->outputs.size() - 1);
}

// The type of one slice along `axis`.
TensorType slice_type(TensorType type, Index axis, Index input) {
  if (!type.ranked) return type;
  ENGINE_VALIDATE(type.rank() >= 1, "scan input ", input, " is a scalar (it has no axis to scan)");
  type.dims.erase(type.dims.begin() + normalize_axis(axis, type.rank()));
  return type;
}

void check_lists(const graph::ScanAttributes& scan, Index outputs) {
  const auto check = [](const std::vector<Index>& list, Index count, const char* name) {
    ENGINE_VALIDATE(list.empty() || static_cast<Index>(list.size()) == count, name, " has ",
                    list.size(), " values, ", count, " needed");
  };
  const auto check_flags = [](const std::vector<Index>& list, const char* name) {
    for (const Index flag : list)
      ENGINE_VALIDATE(flag == 0 || flag == 1, name, " holds ", flag, " (0 or 1 needed)");
  };
  check(scan.input_axes, scan.scans, "scan_input_axes");
  check(scan.input_directions, scan.scans, "scan_input_directions");
  check(scan.output_axes, outputs, "scan_output_axes");
  check(scan.output_directions, outputs, "scan_output_directions");
  check_flags(scan.input_directions, "scan_input_directions");
  check_flags(scan.output_directions, "scan_output_directions");
}

void add_scan(Scope& scope, pb::NodeProto& proto, const Parts& parts) {
  const auto opset = scope.opsets.find("");
  ENGINE_REQUIRE(
      opset == scope.opsets.end() || opset->second > 8, ErrorCode::kUnsupported,
      "Scan of opset 8 (with a batch axis) is not supported (export with opset 9 or newer)");
  std::vector<ValueId> inputs = resolve_inputs(scope, proto);
  const Index count = static_cast<Index>(inputs.size());
  graph::ScanAttributes scan;
  scan.scans = parts.attributes.integer("num_scan_inputs");
  ENGINE_VALIDATE(scan.scans >= 1 && scan.scans <= count, "attribute num_scan_inputs is ",
                  scan.scans, ", the node has ", count, " inputs");
  scan.states = count - scan.scans;
  scan.input_axes = parts.attributes.integers("scan_input_axes", {});
  scan.output_axes = parts.attributes.integers("scan_output_axes", {});
  scan.input_directions = parts.attributes.integers("scan_input_directions", {});
  scan.output_directions = parts.attributes.integers("scan_output_directions", {});
  check_lists(scan, static_cast<Index>(body_of(parts, "body").output_size()) - scan.states);
  std::vector<TensorType> types;
  for (Index i = 0; i < count; ++i) {
    const std::size_t k = static_cast<std::size_t>(i);
    ENGINE_VALIDATE(inputs[k] != kNoValue, "input ", i, " is absent (it is required)");
    const TensorType& type = scope.builder.type(inputs[k]);
    const std::size_t s = static_cast<std::size_t>(i - scan.states);
    types.push_back(
        i < scan.states
            ? carried_type(type, scope.builder.state())
            : slice_type(type, scan.input_axes.empty() ? 0 : scan.input_axes[s], i - scan.states));
  }
  const std::size_t states = static_cast<std::size_t>(scan.states);
  const Body body = build_body(scope, body_of(parts, "body"), "body", types, {0, 0, states});
  append(inputs, body.captures);
  finish(scope, proto, graph::make_scan(body.graph, std::move(scan)), std::move(inputs),
         body.graph->outputs.size());
}

}  // namespace

void add_control_flow(Scope& scope, pb::NodeProto& proto) {
  ENGINE_VALIDATE(scope.opsets.contains(""), "no opset import for the default domain");
  const Parts parts = take_apart(scope, proto);
  if (proto.op_type() == "If") add_if(scope, proto, parts);
  else if (proto.op_type() == "Loop") add_loop(scope, proto, parts);
  else add_scan(scope, proto, parts);
}

}  // namespace engine::onnx
