// Small models for tests, built message by message.
#pragma once

#include "loaders/onnx/load.h"
#include "loaders/onnx/onnx.pb.h"

#include <engine/engine.h>

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

namespace engine::onnx::test {

using Names = std::vector<std::string>;
using Extents = std::vector<std::variant<int, std::string>>;  // a string names a free extent

inline void declare(pb::ValueInfoProto& info, const std::string& name, int type,
                    const Extents& extents) {
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const auto& extent : extents) {
    auto& dim = *tensor.mutable_shape()->add_dim();
    if (const int* value = std::get_if<int>(&extent)) dim.set_dim_value(*value);
    else dim.set_dim_param(std::get<std::string>(extent));
  }
}

inline pb::AttributeProto& attribute(pb::NodeProto& node, const std::string& name,
                                     pb::AttributeProto::AttributeType type) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

inline void set(pb::NodeProto& node, const std::string& name, std::int64_t value) {
  attribute(node, name, pb::AttributeProto::INT).set_i(value);
}
inline void set(pb::NodeProto& node, const std::string& name, int value) {
  set(node, name, std::int64_t{value});
}
inline void set(pb::NodeProto& node, const std::string& name, float value) {
  attribute(node, name, pb::AttributeProto::FLOAT).set_f(value);
}
inline void set(pb::NodeProto& node, const std::string& name, const char* value) {
  attribute(node, name, pb::AttributeProto::STRING).set_s(value);
}

/// Nodes, inputs, outputs and initializers of a graph or of a body.
class GraphWriter {
 public:
  explicit GraphWriter(pb::GraphProto& graph) : graph_(graph) {}

  GraphWriter& input(const std::string& name, const Extents& extents = {2},
                     int type = pb::TensorProto::FLOAT) {
    declare(*graph_.add_input(), name, type, extents);
    return *this;
  }
  GraphWriter& output(const std::string& name) {
    graph_.add_output()->set_name(name);
    return *this;
  }
  GraphWriter& floats(const std::string& name, const std::vector<int>& shape,
                      const std::vector<float>& values) {
    auto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(pb::TensorProto::FLOAT);
    for (const int extent : shape) tensor.add_dims(extent);
    for (const float value : values) tensor.add_float_data(value);
    return *this;
  }
  pb::NodeProto& node(const std::string& type, const Names& inputs, const Names& outputs,
                      const std::string& name = "", const std::string& domain = "") {
    return fill(*graph_.add_node(), type, inputs, outputs, name, domain);
  }
  static pb::NodeProto& fill(pb::NodeProto& node, const std::string& type, const Names& inputs,
                             const Names& outputs, const std::string& name = "",
                             const std::string& domain = "") {
    node.set_op_type(type);
    if (!name.empty()) node.set_name(name);
    if (!domain.empty()) node.set_domain(domain);
    for (const std::string& text : inputs) node.add_input(text);
    for (const std::string& text : outputs) node.add_output(text);
    return node;
  }

 private:
  pb::GraphProto& graph_;
};

/// A body attribute of a node.
inline GraphWriter body(pb::NodeProto& node, const std::string& name) {
  return GraphWriter(*attribute(node, name, pb::AttributeProto::GRAPH).mutable_g());
}

/// A model of one opset.
class ModelWriter {
 public:
  explicit ModelWriter(int opset = 17) {
    proto.set_ir_version(8);
    import("", opset);
    proto.mutable_graph()->set_name("test");
  }
  void import(const std::string& domain, int version) {
    auto& import = *proto.add_opset_import();
    import.set_domain(domain);
    import.set_version(version);
  }
  GraphWriter graph() { return GraphWriter(*proto.mutable_graph()); }
  pb::FunctionProto& function(const std::string& name, const Names& inputs, const Names& outputs) {
    auto& function = *proto.add_functions();
    function.set_domain("local");
    function.set_name(name);
    for (const std::string& text : inputs) function.add_input(text);
    for (const std::string& text : outputs) function.add_output(text);
    auto& import = *function.add_opset_import();
    import.set_version(17);
    return function;
  }
  std::string bytes() const { return proto.SerializeAsString(); }
  LoadedModel load(const LoadOptions& options = {}) const {
    const std::string text = bytes();
    return load_bytes(std::as_bytes(std::span(text)), options);
  }
  Model parse() const {
    const std::string text = bytes();
    return Model::parse(std::as_bytes(std::span(text)));
  }

  pb::ModelProto proto;
};

/// The message of the Error that `action` throws, or "" if it throws none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

/// The operator names of a graph's nodes, in order.
inline Names operators(const graph::Graph& graph) {
  Names names;
  for (const graph::Node& node : graph.nodes) names.emplace_back(node.op->name());
  return names;
}

}  // namespace engine::onnx::test
