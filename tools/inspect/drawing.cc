#include "tools/inspect/drawing.h"

#include "base/check.h"
#include "tools/inspect/diagram.h"
#include "tools/text/markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace engine::tools {
namespace {

constexpr std::size_t kMostNodes = 3000;
constexpr double kMargin = 28, kHead = 64;

constexpr const char* kStyle =
    "text{font-family:system-ui,'Segoe UI',Roboto,'DejaVu Sans',Arial,sans-serif;fill:#14181c}"
    ".t{font-size:14px;font-weight:600;text-anchor:middle}"
    ".d{font-size:11px;text-anchor:middle;fill:#3a444c}"
    ".l{font-size:11px;fill:#46515a}.w{font-size:11px;stroke:#fff;stroke-width:3}"
    ".e{fill:none;stroke:#7c8992;stroke-width:1.4}"
    ".h{font-size:18px;font-weight:600}.k{font-size:12px}";

// Through the points with vertical tangents; pairs of points straight below each other are
// straight.
std::string path_of(const std::vector<Point>& points) {
  std::string path = fmt::format("M{:.1f} {:.1f}", points[0].x, points[0].y);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point &a = points[i - 1], &b = points[i];
    const double middle = (a.y + b.y) / 2;
    if (std::abs(a.x - b.x) < 0.05) path += fmt::format("V{:.1f}", b.y);
    else
      path += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", a.x, middle, b.x, middle,
                          b.x, b.y);
  }
  return path;
}

std::string draw_line(const LayoutLine& line) {
  std::vector<Point> points = line.points;
  points.back().y -= 5;  // the arrow head ends on the box
  return fmt::format("<path class=\"e\" marker-end=\"url(#a)\" d=\"{}\"/>\n", path_of(points));
}

std::string draw_box(const DiagramBox& box, const LayoutBox& place) {
  const double left = place.centre.x - place.width / 2, top = place.centre.y - place.height / 2;
  std::string svg = fmt::format("<g><title>{}</title>", escape_markup(box.tip));
  svg += fmt::format(
      R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{}" fill="{}" stroke="{}" stroke-width="1.3"/>)",
      left, top, place.width, place.height, box.family ? 6 : place.height / 2,
      box.family ? box.family->fill : "#ffffff", box.family ? box.family->border : "#14181c");
  double y = top + 21;
  svg += fmt::format(R"(<text class="t" x="{:.1f}" y="{:.1f}">{}</text>)", place.centre.x, y,
                     escape_markup(box.title));
  for (const std::string& detail : box.details)
    svg += fmt::format(R"(<text class="d" x="{:.1f}" y="{:.1f}">{}</text>)", place.centre.x,
                       y += 15, escape_markup(detail));
  return svg + "</g>\n";
}

// Twice: a white outline that keeps lines off the text, then the text.
std::string draw_label(const DiagramLabel& label, const LayoutBox& place) {
  const double x = place.centre.x + (label.port - 0.5) * place.width + 6;
  const double y = place.centre.y + place.height / 2 + 15;
  return fmt::format(
      "<text class=\"w\" x=\"{0:.1f}\" y=\"{1:.1f}\">{2}</text>"
      "<text class=\"l\" x=\"{0:.1f}\" y=\"{1:.1f}\">{2}</text>\n",
      x, y, escape_markup(label.text));
}

// The families that occur, from left to right. Returns the width it takes.
double draw_legend(const Diagram& diagram, double y, std::string& svg) {
  std::set<const Family*> used;
  for (const DiagramBox& box : diagram.boxes)
    if (box.family) used.insert(box.family);
  double x = kMargin;
  for (const Family* family : used) {  // kFamilies is an array: pointers are in its order
    svg += fmt::format(
        R"(<rect x="{:.1f}" y="{:.1f}" width="14" height="14" rx="3" fill="{}" stroke="{}"/>)", x,
        y - 11, family->fill, family->border);
    svg += fmt::format("<text class=\"k\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x + 20, y,
                       family->name);
    x += 20 + text_width(family->name, 12) + 22;
  }
  return x;
}

std::string to_svg(const Diagram& diagram, const std::string& title) {
  std::string head, body;
  const double legend = draw_legend(diagram, 52, head);
  const double wanted = std::max(legend, text_width(title, 18) * 1.1 + 2 * kMargin);
  const double width = std::max(diagram.layout.width + 2 * kMargin, wanted);
  const double height = diagram.layout.height + kHead + 2 * kMargin;
  for (const LayoutLine& line : diagram.layout.lines) body += draw_line(line);
  for (std::size_t i = 0; i < diagram.boxes.size(); ++i)
    body += draw_box(diagram.boxes[i], diagram.layout.boxes[i]);
  for (const DiagramLabel& label : diagram.labels)
    body += draw_label(label, diagram.layout.boxes[label.box]);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\">\n<style>{2}</style>\n<defs><marker id=\"a\" viewBox=\"0 0 8 8\" "
      "refX=\"2\" "
      "refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"90\"><path d=\"M0 0L8 4L0 8z\" "
      "fill=\"#7c8992\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, kStyle);
  svg +=
      fmt::format("<text class=\"h\" x=\"{}\" y=\"28\">{}</text>\n", kMargin, escape_markup(title));
  svg += head;
  svg += fmt::format("<g transform=\"translate({:.1f} {:.1f})\">\n",
                     (width - diagram.layout.width) / 2, kHead + kMargin);
  return svg + body + "</g>\n</svg>\n";
}

}  // namespace

std::string draw(const graph::Graph& graph, const std::string& title) {
  ENGINE_REQUIRE(graph.nodes.size() <= kMostNodes, ErrorCode::kInvalidArgument, "the graph has ",
                 graph.nodes.size(), " nodes (a drawing of more than ", kMostNodes,
                 " cannot be read); look at the model with --json, or in Netron");
  Diagram diagram = diagram_of(graph);
  ENGINE_REQUIRE(lay_out(diagram.layout), ErrorCode::kInvalidArgument,
                 "the graph has too many long connections for a drawing; look at it with --json");
  return to_svg(diagram, title);
}

}  // namespace engine::tools
