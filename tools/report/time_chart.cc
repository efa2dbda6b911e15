#include "tools/inspect/families.h"
#include "tools/report/axis.h"
#include "tools/report/charts.h"
#include "tools/text/markup.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine::tools {
namespace {

constexpr double kWidth = 1000, kRow = 19, kBar = 13, kNames = 300, kFirst = 308, kLast = 850;

std::string bar(double y, double share, const NodeCost& layer, const char* colour) {
  if (share <= 0) return {};
  return fmt::format(
      "<rect x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"2\" fill=\"{}\">"
      "<title>{}</title></rect>",
      kFirst, y, std::max(0.5, share * (kLast - kFirst)), kBar, colour,
      escape_markup(fmt::format("{}\n{} by {}\n{}, at best {}", layer.name, layer.op, layer.kernel,
                                duration_text(layer.median_ns), duration_text(layer.floor_ns))));
}

}  // namespace

std::string time_chart(const std::vector<NodeCost>& layers, BarScale scale) {
  double longest = 0;
  for (const NodeCost& layer : layers) longest = std::max(longest, layer.median_ns);
  if (longest == 0) return {};
  const double height = kRow * static_cast<double>(layers.size()) + 6;
  std::string svg = begin_chart(kWidth, height, "Time of each layer against its floor");
  double y = 4;
  for (const NodeCost& layer : layers) {
    const Family& family = family_of(layer.op);
    const double whole = scale == BarScale::kShare ? 1 : layer.median_ns / longest;
    svg += chart_text(kNames, y + 11, "end", "", shortened(layer.name, 46));
    svg += bar(y, whole, layer, family.fill);
    svg += bar(y, whole * std::min(1.0, layer.roofline), layer, family.border);
    const std::string share =
        layer.roofline > 0 ? fmt::format(" \u00b7 {:.0f}%", 100 * layer.roofline) : "";
    svg += chart_text(kFirst + whole * (kLast - kFirst) + 7, y + 11, "start", "axis",
                      duration_text(layer.median_ns) + share);
    y += kRow;
  }
  return svg + "</svg>\n";
}

}  // namespace engine::tools
