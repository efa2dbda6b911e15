// An index over a graph that stays right while a pass edits it.
#pragma once

#include "graph/graph.h"

#include <vector>

namespace engine::graph {

/// Finds producers and users in constant time. Nodes are edited in place; removed ones vanish, and
/// the node list is compacted, when the rewriter goes out of scope.
class Rewriter {
 public:
  explicit Rewriter(Graph& graph);
  ~Rewriter();
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  Graph& graph() noexcept { return graph_; }
  int size() const noexcept { return static_cast<int>(graph_.nodes.size()); }
  bool removed(int node) const {
    return graph_.nodes[static_cast<std::size_t>(node)].op == nullptr;
  }
  Node& node(int i) { return graph_.nodes[static_cast<std::size_t>(i)]; }

  /// The node that makes a value, or -1 for inputs, constants and kNoValue.
  int producer(ValueId id) const;
  /// The only user of a value that is no graph output, or -1.
  int only_user(ValueId id) const;
  bool is_output(ValueId id) const { return outputs_[static_cast<std::size_t>(id)]; }
  const std::vector<int>& users(ValueId id) const { return users_[static_cast<std::size_t>(id)]; }

  /// The value's constant, or null.
  const Tensor* constant(ValueId id) const;
  /// The producer of `id` if it is an operator of this type, else null.
  template <class Op>
  const Op* made_by(ValueId id) const {
    const int i = producer(id);
    return i < 0 ? nullptr
                 : dynamic_cast<const Op*>(graph_.nodes[static_cast<std::size_t>(i)].op.get());
  }

  /// All uses of `from` become uses of `to`.
  void replace_value(ValueId from, ValueId to);
  /// Sets operator and inputs of a node, and keeps the index right.
  void set(int node, ops::OperatorPtr op, std::vector<ValueId> inputs);
  /// The node makes `output` from now on (in place of what made it before).
  void set_output(int node, ValueId output);
  void remove(int node);
  ValueId add_constant(std::string name, Tensor tensor);
  /// A value of unknown type, to be made by a node through `set_output`.
  ValueId add_value(std::string name);

 private:
  void unlink(int node);
  void link(int node);
  void grow();

  Graph& graph_;
  std::vector<int> producers_;
  std::vector<std::vector<int>> users_;
  std::vector<bool> outputs_;
};

}  // namespace engine::graph
