#include "tools/inspect/diagram.h"

#include "tools/text/table.h"
#include "tools/text/units.h"

#include <algorithm>
#include <map>

namespace engine::tools {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

constexpr std::size_t kLongest = 36;  // characters of one line of text

// "{0, -1}": as extents, negative ones would print as "?".
std::string join_numbers(const std::vector<Index>& numbers) {
  std::string text;
  for (const Index number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "{" + text + "}";
}

// The text in at most two lines, broken at a space that follows a whole attribute.
void add_wrapped(const std::string& text, std::vector<std::string>& lines) {
  std::size_t cut = std::string::npos;
  if (width_of(text) > kLongest)
    for (std::size_t at = 0; (at = text.find(' ', at)) != std::string::npos && at <= kLongest; ++at)
      if (text[at - 1] != ',') cut = at;
  lines.push_back(shortened(text.substr(0, cut), kLongest));
  if (cut != std::string::npos) lines.push_back(shortened(text.substr(cut + 1), kLongest));
}

// "[16, 64]" for a constant; small ones show their values instead, odd types their names.
std::string constant_text(const Tensor& tensor) {
  if (tensor.size() == 1 && tensor.dtype() == DType::kFloat32)
    return number_text(static_cast<double>(tensor.values<float>()[0]));
  if (tensor.size() <= 6 && tensor.rank() <= 1 && tensor.dtype() == DType::kInt64) {
    const auto values = tensor.values<std::int64_t>();
    return join_numbers({values.begin(), values.end()});
  }
  const std::string shape = to_string(tensor.shape());
  return tensor.dtype() == DType::kFloat32 ? shape : to_string(tensor.dtype()) + (" " + shape);
}

std::string constants_text(const Graph& graph, const Node& node) {
  constexpr int kMost = 4;
  std::string text;
  int shown = 0, left = 0;
  for (const ValueId id : node.inputs) {
    if (id == graph::kNoValue || !graph.value(id).is_constant()) continue;
    if (shown == kMost) {
      ++left;
      continue;
    }
    text += (shown++ ? ", " : "") + constant_text(graph.value(id).constant);
  }
  return left ? text + " and " + std::to_string(left) + " more" : text;
}

DiagramBox box_of(const Graph& graph, const Node& node) {
  DiagramBox box;
  box.title = node.op->name();
  box.family = &family_of(box.title);
  box.tip = graph.label(node);
  const std::string constants = constants_text(graph, node);
  for (const std::string& detail : {node.name, node.op->describe(), constants}) {
    if (detail.empty()) continue;
    if (detail == node.name) box.details.push_back(shortened(detail, kLongest));
    else add_wrapped(detail, box.details);
    if (detail != node.name) box.tip += "\n" + detail;
  }
  return box;
}

class Builder {
 public:
  explicit Builder(const Graph& graph) : graph_(graph) {}

  Diagram build() {
    for (const ValueId id : graph_.inputs) add_end(id, "input");
    for (const ValueId id : graph_.inputs) {
      const std::size_t box = makers_.size();
      makers_[id] = {box, 0.5, static_cast<std::size_t>(id)};
    }
    for (const Node& node : graph_.nodes) add_node(node);
    for (const ValueId id : graph_.outputs) {
      const std::size_t box = add_end(id, "output");
      add_line(id, box, 0.5);
    }
    size_boxes();
    return std::move(diagram_);
  }

 private:
  struct Maker {
    std::size_t box;
    double port;
    std::size_t source;
  };

  std::size_t add_end(ValueId id, const char* what) {
    const graph::Value& value = graph_.value(id);
    diagram_.boxes.push_back({shortened(value.name, kLongest),
                              {std::string(what) + " " + to_string(value.type)},
                              value.name,
                              nullptr});
    return diagram_.boxes.size() - 1;
  }

  void add_node(const Node& node) {
    const std::size_t box = diagram_.boxes.size();
    diagram_.boxes.push_back(box_of(graph_, node));
    std::vector<ValueId> drawn;
    for (const ValueId id : node.inputs)
      if (makers_.contains(id) && std::ranges::find(drawn, id) == drawn.end()) drawn.push_back(id);
    for (std::size_t i = 0; i < drawn.size(); ++i)
      add_line(drawn[i], box, share_of(i, drawn.size()));
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId id = node.outputs[i];
      if (id == graph::kNoValue) continue;
      const double port = share_of(i, node.outputs.size());
      makers_[id] = {box, port, static_cast<std::size_t>(id)};
      diagram_.labels.push_back({box, port, to_string(graph_.value(id).type)});
    }
  }

  static double share_of(std::size_t i, std::size_t count) {
    return static_cast<double>(i + 1) / static_cast<double>(count + 1);
  }

  void add_line(ValueId id, std::size_t box, double landing) {
    const auto maker = makers_.find(id);
    if (maker == makers_.end()) return;  // a constant
    diagram_.layout.lines.push_back(
        {maker->second.box, box, maker->second.source, maker->second.port, landing, {}});
  }

  void size_boxes() {
    constexpr double kPadding = 14, kTitleHeight = 20, kDetailHeight = 15, kLabelMargin = 8;
    constexpr double kBold = 1.15;
    for (const DiagramBox& box : diagram_.boxes) {
      double width = kBold * text_width(box.title, kTitleSize);
      for (const std::string& detail : box.details)
        width = std::max(width, text_width(detail, kDetailSize));
      const double lines = static_cast<double>(box.details.size());
      diagram_.layout.boxes.push_back(
          {width + 2 * kPadding, kTitleHeight + kDetailHeight * lines + 12, {}});
    }
    // A label begins at its port: the box is made wide enough that labels stay below their own box.
    for (const DiagramLabel& label : diagram_.labels) {
      double& width = diagram_.layout.boxes[label.box].width;
      width = std::max(width, 2 * (text_width(label.text, kDetailSize) + kLabelMargin));
    }
  }

  const Graph& graph_;
  Diagram diagram_;
  std::map<ValueId, Maker> makers_;
};

}  // namespace

Diagram diagram_of(const Graph& graph) { return Builder(graph).build(); }

double text_width(const std::string& text, double size) {
  constexpr double kShare = 0.58;  // of the size: the mean advance of common sans-serif fonts
  return kShare * size * static_cast<double>(width_of(text));
}

}  // namespace engine::tools
