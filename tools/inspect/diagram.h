// What is drawn of a graph: boxes with lines of text, and labelled lines between them.
#pragma once

#include "graph/graph.h"
#include "tools/inspect/families.h"
#include "tools/inspect/layout.h"

#include <string>
#include <vector>

namespace engine::tools {

struct DiagramBox {
  std::string title;
  std::vector<std::string> details;  ///< smaller lines below
  std::string tip;                   ///< in full, shown when the mouse rests on the box
  const Family* family = nullptr;    ///< null: an input or an output of the graph
};

struct DiagramLabel {
  std::size_t box = 0;
  double port = 0.5;
  std::string text;
};

struct Diagram {
  std::vector<DiagramBox> boxes;
  std::vector<DiagramLabel> labels;
  Layout layout;  ///< boxes in the same order; not laid out yet
};

Diagram diagram_of(const graph::Graph& graph);

/// Size of text in the drawing, in pixels.
inline constexpr double kTitleSize = 14, kDetailSize = 11;
double text_width(const std::string& text, double size);

}  // namespace engine::tools
