// Where boxes and lines go when a directed graph is drawn from top to bottom.
//
// Layers by longest path, crossings reduced by barycentres (Sugiyama, Tagawa, Toda: Methods for
// visual understanding of hierarchical system structures, 1981), positions by blocks of straight
// lines.
#pragma once

#include <cstddef>
#include <vector>

namespace engine::tools {

struct Point {
  double x = 0, y = 0;
};

struct LayoutBox {
  double width = 0, height = 0;
  Point centre;  ///< filled in by `lay_out`
};

/// A line from the bottom of one box to the top of another. Lines with one `source` that leave the
/// same box carry the same thing and run together as far as they can.
struct LayoutLine {
  std::size_t from = 0, to = 0;
  std::size_t source = 0;
  double port = 0.5,
         landing = 0.5;       ///< where it leaves and arrives, as shares of the boxes' widths
  std::vector<Point> points;  ///< filled in by `lay_out`; first and last lie on the boxes
};

struct Layout {
  std::vector<LayoutBox> boxes;
  std::vector<LayoutLine> lines;  ///< without cycles
  double width = 0, height = 0;   ///< filled in by `lay_out`
};

/// False if the drawing would need more than `max_bends` bends on its way through the layers.
bool lay_out(Layout& layout, std::size_t max_bends = 30'000);

}  // namespace engine::tools
