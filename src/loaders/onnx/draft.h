// A node between its message and its operator: what upgrades rewrite.
#pragma once

#include "graph/graph.h"
#include "ops/attributes.h"

#include <string>
#include <vector>

namespace engine::onnx {

/// A list of one attribute.
inline ops::Attributes one(const char* name, ops::Attribute value) {
  ops::Attributes attributes;
  attributes.set(name, std::move(value));
  return attributes;
}

/// A node of some opset. Inputs are values of the graph already, so that upgrades can look at their
/// types. Domain "" is ai.onnx.
struct Draft {
  std::string domain, type;
  ops::Attributes attributes;
  std::vector<graph::ValueId> inputs;  ///< kNoValue where an optional input is absent
  std::size_t outputs = 0;             ///< how many the node lists, absent ones among them
  std::vector<bool> wanted;            ///< for each output: whether it has a name

  /// Another operator that an output goes through before it gets its name.
  struct Tail {
    std::size_t output;
    std::string type;
    ops::Attributes attributes;
  };
  std::vector<Tail> tails;

  bool has_input(std::size_t i) const { return i < inputs.size() && inputs[i] != graph::kNoValue; }
  bool wants(std::size_t i) const { return i < wanted.size() && wanted[i]; }
  /// Sets an input, with absent ones before it as needed.
  void set_input(std::size_t i, graph::ValueId id);
};

/// What an upgrade may ask and add.
class UpgradeContext {
 public:
  virtual ~UpgradeContext() = default;
  virtual const TensorType& type(graph::ValueId id) const = 0;
  /// The elements of a constant, or null.
  virtual const Tensor* constant(graph::ValueId id) const = 0;
  virtual graph::ValueId add_constant(Tensor tensor) = 0;
  /// Adds a warning of the model that begins with the node's name.
  virtual void warn(const std::string& text) = 0;
  /// Adds a node of the newest opset of ai.onnx before the draft; returns its outputs.
  virtual std::vector<graph::ValueId> add_node(std::string type, ops::Attributes attributes,
                                               std::vector<graph::ValueId> inputs,
                                               std::size_t outputs) = 0;
  /// The same with one output.
  graph::ValueId add_node(std::string type, ops::Attributes attributes,
                          std::vector<graph::ValueId> inputs) {
    return add_node(std::move(type), std::move(attributes), std::move(inputs), 1)[0];
  }
};

}  // namespace engine::onnx
