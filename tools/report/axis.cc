#include "tools/report/axis.h"

#include "tools/text/markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine::tools {

double LogAxis::at(double value) const noexcept {
  const double clamped = std::clamp(value, low, high);
  return from + (to - from) * std::log(clamped / low) / std::log(high / low);
}

double LogAxis::pixels_per_decade() const noexcept { return (to - from) / std::log10(high / low); }

LogAxis fit_axis(const std::vector<double>& values, double margin, double from, double to) {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const double value : values) {
    if (!(value > 0) || !std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (high == 0) low = high = 1;
  return {low / margin, high * margin, from, to};
}

namespace {

// Equal steps, where the axis is so short that it is nearly linear.
std::vector<double> even_ticks(const LogAxis& axis) {
  double step = std::pow(10, std::floor(std::log10((axis.high - axis.low) / 4)));
  for (const double factor : {5.0, 2.0})
    if ((axis.high - axis.low) / (factor * step) >= 4) {
      step *= factor;
      break;
    }
  std::vector<double> list;
  for (double i = std::ceil(axis.low / step); i * step <= axis.high; ++i) list.push_back(i * step);
  return list;
}

}  // namespace

std::vector<double> ticks(const LogAxis& axis) {
  const double decades = std::log10(axis.high / axis.low);
  if (decades < 0.8) return even_ticks(axis);
  std::vector<double> list;
  for (double power = std::floor(std::log10(axis.low)); power <= std::log10(axis.high); ++power)
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor != 1 && decades > 4) continue;
      const double value = factor * std::pow(10, power);
      if (value >= axis.low && value <= axis.high) list.push_back(value);
    }
  return list;
}

std::string_view chart_style() {
  return ".chart{width:100%;height:auto;margin:.3rem 0}"
         ".chart text{font:12px system-ui,sans-serif;fill:var(--ink)}"
         ".chart .axis{fill:var(--soft)}.chart .grid{stroke:var(--grid)}"
         ".chart .frame{stroke:var(--line);fill:none}"
         ".chart .roof{stroke:var(--ink);stroke-width:1.6;fill:none;stroke-linejoin:round}"
         ".chart .slope{stroke:var(--soft);stroke-width:1.3;fill:none}"
         ".chart .rooflabel,.chart .pointlabel{paint-order:stroke;stroke:var(--paper);"
         "stroke-width:4px;stroke-linejoin:round}.chart .rooflabel{fill:var(--soft)}"
         ".chart .pointlabel{font-size:11px}"
         ".chart .one{stroke:var(--ink);stroke-width:1.4;stroke-dasharray:5 4}"
         ".chart circle{fill-opacity:.85}.chart circle:hover{stroke-width:3;fill-opacity:1}"
         ".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;color:var(--soft);font-size:13px}"
         ".legend i{display:inline-block;width:.75em;height:.75em;border:1.5px solid;"
         "border-radius:50%;margin-right:.4em}";
}

std::string begin_chart(double width, double height, std::string_view label) {
  return fmt::format(
      "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
      "role=\"img\" aria-label=\"{}\">\n",
      width, height, escape_markup(label));
}

std::string chart_line(double x1, double y1, double x2, double y2, std::string_view css) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                     css, x1, y1, x2, y2);
}

std::string chart_text(double x, double y, std::string_view anchor, std::string_view css,
                       std::string_view text) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                     css, x, y, anchor, escape_markup(text));
}

}  // namespace engine::tools
