#include "loaders/onnx/order.h"

#include "base/check.h"
#include "base/text.h"

#include <unordered_map>
#include <unordered_set>

namespace engine::onnx {
namespace {

using Names = std::unordered_set<std::string_view>;

// Names that `graph` uses and does not define. Recurses over nested bodies only, which the parser's
// limit bounds.
void collect_captured(const pb::GraphProto& graph, Names& captured) {
  Names own;
  for (const auto& input : graph.input()) own.insert(input.name());
  for (const auto& initializer : graph.initializer()) own.insert(initializer.name());
  for (const auto& node : graph.node()) own.insert(node.output().begin(), node.output().end());
  const auto use = [&](std::string_view name) {
    if (!name.empty() && !own.contains(name)) captured.insert(name);
  };
  for (const auto& node : graph.node())
    for (const std::string_view name : names_read(node)) use(name);
  for (const auto& output : graph.output()) use(output.name());
}

// A depth-first walk with its own stack: a node is listed once all it reads is.
class Walk {
 public:
  explicit Walk(const NodeList& nodes)
      : nodes_(nodes), state_(static_cast<std::size_t>(nodes.size())) {
    for (int i = 0; i < nodes.size(); ++i)
      for (const std::string& name : nodes[i].output()) add_maker(name, i);
    order_.reserve(state_.size());
  }

  std::vector<int> run() {
    for (int i = 0; i < nodes_.size(); ++i) visit(i);
    return std::move(order_);
  }

 private:
  enum class State : char { kNew, kOpen, kListed };
  struct Frame {
    int node;
    std::vector<std::string_view> names;
    std::size_t next = 0;
  };

  State& state(int node) { return state_[static_cast<std::size_t>(node)]; }

  void add_maker(const std::string& name, int node) {
    if (name.empty()) return;
    const auto [it, added] = maker_.emplace(name, node);
    ENGINE_VALIDATE(added, "tensor ", quote(name), " is made twice, by ", label(nodes_[it->second]),
                    " and ", label(nodes_[node]));
  }

  void open(int node) {
    state(node) = State::kOpen;
    stack_.push_back({node, names_read(nodes_[node])});
  }

  void visit(int root) {
    if (state(root) == State::kNew) open(root);
    while (!stack_.empty()) {
      Frame& frame = stack_.back();
      if (frame.next == frame.names.size()) {
        state(frame.node) = State::kListed;
        order_.push_back(frame.node);
        stack_.pop_back();
        continue;
      }
      const auto it = maker_.find(frame.names[frame.next++]);
      if (it == maker_.end()) continue;
      if (state(it->second) == State::kOpen) fail_cycle(it->second);
      if (state(it->second) == State::kNew) open(it->second);
    }
  }

  // The stack from the node that was met again to its top is the cycle, each reading the next.
  [[noreturn]] void fail_cycle(int again) const {
    constexpr std::size_t kShown = 10;
    std::size_t first = stack_.size() - 1;
    while (stack_[first].node != again) --first;
    const std::size_t length = stack_.size() - first;
    if (length == 1)
      fail(ErrorCode::kInvalidModel, label(nodes_[again]), " uses its own output ",
           quote(stack_[first].names[stack_[first].next - 1]));
    std::string path;
    for (std::size_t i = stack_.size(); i-- > first && stack_.size() - i <= kShown;)
      path += label(nodes_[stack_[i].node]) + " -> ";
    if (length > kShown) path += "... -> ";
    fail(ErrorCode::kInvalidModel, "the graph has a cycle of ", length, " nodes: ", path,
         label(nodes_[stack_.back().node]));
  }

  const NodeList& nodes_;
  std::unordered_map<std::string_view, int> maker_;
  std::vector<State> state_;
  std::vector<Frame> stack_;
  std::vector<int> order_;
};

}  // namespace

std::string place(const pb::NodeProto& node) {
  std::string text = "node ";
  if (!node.name().empty()) {
    text += quote(node.name());
  } else {
    text += "without a name";
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;
      text += " that makes " + quote(output);
      break;
    }
  }
  return text;
}

std::string label(const pb::NodeProto& node) {
  const std::string type = quote(node.op_type());
  return place(node) + " (" + type.substr(1, type.size() - 2) + ")";
}

std::vector<std::string_view> names_read(const pb::NodeProto& node) {
  std::vector<std::string_view> names;
  for (const std::string& name : node.input())
    if (!name.empty()) names.push_back(name);
  Names captured;
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) collect_captured(attribute.g(), captured);
    for (const auto& graph : attribute.graphs()) collect_captured(graph, captured);
  }
  names.insert(names.end(), captured.begin(), captured.end());
  return names;
}

std::vector<int> topological_order(const NodeList& nodes) { return Walk(nodes).run(); }

}  // namespace engine::onnx
