#include "tools/inspect/families.h"
#include "tools/report/axis.h"
#include "tools/report/charts.h"
#include "tools/text/markup.h"
#include "tools/text/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine::tools {
namespace {

constexpr double kWidth = 1000, kLeft = 300, kRight = 930, kTop = 26, kStep = 15, kGap = 9;

// Strong enough for dots on light and on dark paper.
constexpr const char* kColours[] = {"#3f7fd0", "#d9822b", "#2e9e6b", "#c2477f",
                                    "#8a63d2", "#1f9aa8", "#a88c00", "#8c6d5a"};

std::vector<std::string> rows_of(const std::vector<RatioMark>& marks) {
  std::vector<std::string> list;
  for (const RatioMark& mark : marks)
    if (std::ranges::find(list, mark.row) == list.end()) list.push_back(mark.row);
  return list;
}

struct Series {
  std::string name;
  const char* colour;
};

std::vector<Series> series_of(const std::vector<RatioMark>& marks) {
  std::vector<Series> list;
  for (const RatioMark& mark : marks)
    if (std::ranges::find(list, mark.series, &Series::name) == list.end())
      list.push_back(
          {mark.series, mark.colour ? mark.colour : kColours[list.size() % std::size(kColours)]});
  return list;
}

std::string dot(const LogAxis& x, const RatioMark& mark, double y, const char* colour) {
  const Ratio& ratio = mark.ratio;
  const double low = x.at(ratio.low), high = x.at(ratio.high);
  return fmt::format(
             "<g stroke=\"{}\" stroke-width=\"1.8\" fill=\"{}\"><title>{}</title>"
             "<path fill=\"none\" d=\"M{:.1f} {:.1f}V{:.1f}M{:.1f} {:.1f}H{:.1f}M{:.1f} "
             "{:.1f}V{:.1f}\"/>"
             "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/></g>",
             colour, colour,
             escape_markup(fmt::format("{}, {}: {:.3f} ({:.3f} to {:.3f})", mark.row, mark.series,
                                       ratio.value, ratio.low, ratio.high)),
             low, y - 3.5, y + 3.5, low, y, high, high, y - 3.5, y + 3.5, x.at(ratio.value), y) +
         chart_text(high + 8, y + 4, "start", "axis", fmt::format("{:.2f}", ratio.value));
}

std::string frame(const LogAxis& x, double bottom, const std::string& left,
                  const std::string& right) {
  std::string svg;
  for (const double value : ticks(x)) {
    svg += chart_line(x.at(value), kTop, x.at(value), bottom, "grid");
    svg += chart_text(x.at(value), bottom + 16, "middle", "axis", fmt::format("{:g}", value));
  }
  svg += chart_line(x.at(1), kTop - 6, x.at(1), bottom, "one");
  svg += chart_text(x.at(1) - 8, 14, "end", "axis", "\u2190 " + left);
  return svg + chart_text(x.at(1) + 8, 14, "start", "axis", right + " \u2192");
}

std::string legend(const std::vector<Series>& series) {
  std::string html = "<div class=\"legend\">";
  for (const Series& s : series)
    html += fmt::format("<span><i style=\"background:{};border-color:{}\"></i>{}</span>", s.colour,
                        s.colour, escape_markup(s.name));
  return html + "</div>\n";
}

}  // namespace

std::string ratio_chart(const std::vector<RatioMark>& marks, const std::string& left,
                        const std::string& right) {
  if (marks.empty()) return {};
  std::vector<double> values = {1 / 1.1, 1.1};
  for (const RatioMark& mark : marks)
    values.insert(values.end(), {mark.ratio.low, mark.ratio.high, mark.ratio.value});
  const LogAxis x = fit_axis(values, 1.05, kLeft, kRight);
  const std::vector<std::string> rows = rows_of(marks);
  const std::vector<Series> series = series_of(marks);
  const double bottom =
      kTop + kStep * static_cast<double>(marks.size()) + kGap * static_cast<double>(rows.size());
  std::string svg = begin_chart(kWidth, bottom + 24, "Ratios with their intervals");
  svg += frame(x, bottom, left, right);
  double y = kTop;
  for (const std::string& row : rows) {
    const double first = y;
    for (const RatioMark& mark : marks) {
      if (mark.row != row) continue;
      const auto of = std::ranges::find(series, mark.series, &Series::name);
      svg += dot(x, mark, y + kStep / 2 + kGap / 2, of->colour);
      y += kStep;
    }
    y += kGap;
    svg += chart_text(kLeft - 12, (first + y) / 2 + 4, "end", "", shortened(row, 44));
    svg += chart_line(12, y, kRight, y, "grid");
  }
  return svg + "</svg>\n" + (series.size() > 1 ? legend(series) : "");
}

}  // namespace engine::tools
