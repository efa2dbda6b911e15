#include "graph/passes/rewriter.h"

#include <algorithm>

namespace engine::graph {

Rewriter::Rewriter(Graph& graph) : graph_(graph), producers_(producers(graph)) {
  grow();
  for (const ValueId id : graph.outputs)
    if (id != kNoValue) outputs_[static_cast<std::size_t>(id)] = true;
  for (int i = 0; i < size(); ++i) link(i);
}

Rewriter::~Rewriter() {
  std::erase_if(graph_.nodes, [](const Node& node) { return node.op == nullptr; });
}

int Rewriter::producer(ValueId id) const {
  return id == kNoValue ? -1 : producers_[static_cast<std::size_t>(id)];
}

int Rewriter::only_user(ValueId id) const {
  if (id == kNoValue || is_output(id)) return -1;
  const std::vector<int>& list = users(id);
  return list.size() == 1 ? list[0] : -1;
}

const Tensor* Rewriter::constant(ValueId id) const {
  if (id == kNoValue || !graph_.value(id).is_constant()) return nullptr;
  return &graph_.value(id).constant;
}

void Rewriter::replace_value(ValueId from, ValueId to) {
  if (from == to) return;
  std::vector<int> moved = std::move(users_[static_cast<std::size_t>(from)]);
  users_[static_cast<std::size_t>(from)].clear();
  for (const int user : moved) std::ranges::replace(node(user).inputs, from, to);
  std::vector<int>& target = users_[static_cast<std::size_t>(to)];
  target.insert(target.end(), moved.begin(), moved.end());
  if (is_output(from)) {
    std::ranges::replace(graph_.outputs, from, to);
    outputs_[static_cast<std::size_t>(from)] = false;
    outputs_[static_cast<std::size_t>(to)] = true;
  }
}

void Rewriter::set(int i, ops::OperatorPtr op, std::vector<ValueId> inputs) {
  unlink(i);
  node(i).op = std::move(op);
  node(i).inputs = std::move(inputs);
  link(i);
}

void Rewriter::set_output(int i, ValueId output) {
  for (const ValueId id : node(i).outputs)
    if (id != kNoValue && producer(id) == i) producers_[static_cast<std::size_t>(id)] = -1;
  node(i).outputs = {output};
  producers_[static_cast<std::size_t>(output)] = i;
}

void Rewriter::remove(int i) {
  unlink(i);
  for (const ValueId id : node(i).outputs)
    if (id != kNoValue && producer(id) == i) producers_[static_cast<std::size_t>(id)] = -1;
  node(i).op = nullptr;
  node(i).inputs.clear();
  node(i).outputs.clear();
}

ValueId Rewriter::add_constant(std::string name, Tensor tensor) {
  const ValueId id = graph_.add_constant(std::move(name), std::move(tensor));
  grow();
  return id;
}

ValueId Rewriter::add_value(std::string name) {
  const ValueId id = graph_.add_value(std::move(name), {});
  grow();
  return id;
}

void Rewriter::unlink(int i) {
  for (const ValueId id : node(i).inputs) {
    if (id == kNoValue) continue;
    std::vector<int>& list = users_[static_cast<std::size_t>(id)];
    if (const auto it = std::ranges::find(list, i); it != list.end()) list.erase(it);
  }
}

void Rewriter::link(int i) {
  for (const ValueId id : node(i).inputs)
    if (id != kNoValue) users_[static_cast<std::size_t>(id)].push_back(i);
}

void Rewriter::grow() {
  producers_.resize(graph_.values.size(), -1);
  users_.resize(graph_.values.size());
  outputs_.resize(graph_.values.size(), false);
}

}  // namespace engine::graph
