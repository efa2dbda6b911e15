#include "tools/inspect/families.h"
#include "tools/report/axis.h"
#include "tools/report/charts.h"
#include "tools/text/markup.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace engine::tools {
namespace {

constexpr double kWidth = 1000, kHeight = 560;
constexpr double kLeft = 64, kRight = 984, kTop = 16, kBottom = 512;

struct Point {
  const NodeCost* layer;
  double intensity, rate;  // FLOP per byte, FLOP/s
  double x = 0, y = 0, radius = 0;
};

std::vector<Point> points_of(const std::vector<NodeCost>& layers) {
  std::vector<Point> points;
  for (const NodeCost& layer : layers)
    if (layer.flops > 0 && layer.bytes > 0 && layer.median_ns > 0) {
      const auto flops = static_cast<double>(layer.flops);
      points.push_back(
          {&layer, flops / static_cast<double>(layer.bytes), 1e9 * flops / layer.median_ns});
    }
  return points;
}

struct Plane {
  LogAxis x, y;

  Plane(const std::vector<Point>& points, const tuning::MachinePeak& peak) {
    std::vector<double> intensities, rates = {peak.flops, peak.flops / 300};
    for (const tuning::Level& level : peak.levels) {
      intensities.push_back(peak.flops / level.bytes_per_s);
      intensities.push_back(peak.flops / level.bytes_per_s / 8);
    }
    for (const Point& point : points) {
      intensities.push_back(point.intensity);
      rates.push_back(point.rate);
    }
    x = fit_axis(intensities, 1.6, kLeft, kRight);
    y = fit_axis(rates, 1.7, kBottom, kTop);
  }
};

std::string grid(const Plane& plane) {
  std::string svg;
  for (const double value : ticks(plane.x)) {
    const double x = plane.x.at(value);
    svg += chart_line(x, kTop, x, kBottom, "grid");
    svg += chart_text(x, kBottom + 17, "middle", "axis", number_text(value));
  }
  for (const double value : ticks(plane.y)) {
    const double y = plane.y.at(value);
    svg += chart_line(kLeft, y, kRight, y, "grid");
    svg += chart_text(kLeft - 7, y + 4, "end", "axis", number_text(value / 1e9));
  }
  svg += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
                     kLeft, kTop, kRight - kLeft, kBottom - kTop);
  svg += chart_text((kLeft + kRight) / 2, kHeight - 10, "middle", "axis",
                    "arithmetic intensity, FLOP per byte");
  return svg + fmt::format(
                   "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(14 "
                   "{:.0f}) rotate(-90)\">GFLOP/s</text>\n",
                   (kTop + kBottom) / 2);
}

// The slope of one level, from the frame to where arithmetic takes over.
std::string slope(const Plane& plane, const tuning::MachinePeak& peak, const tuning::Level& level) {
  const double ridge = peak.flops / level.bytes_per_s;
  const double first = std::max(plane.x.low, plane.y.low / level.bytes_per_s);
  if (first >= ridge) return {};
  const double x = plane.x.at(first), y = plane.y.at(first * level.bytes_per_s);
  const double angle = std::atan(plane.y.pixels_per_decade() / plane.x.pixels_per_decade());
  std::string svg = chart_line(x, y, plane.x.at(ridge), plane.y.at(peak.flops), "slope");
  return svg + fmt::format(
                   "<text class=\"rooflabel\" transform=\"translate({:.1f} {:.1f}) rotate({:.1f}) "
                   "translate(10 -5)\">{} {}</text>\n",
                   x, y, angle * 180 / std::numbers::pi, level.name,
                   rate_text(level.bytes_per_s, "B/s"));
}

std::string roofs(const Plane& plane, const tuning::MachinePeak& peak) {
  const double ridge = peak.flops / peak.levels.front().bytes_per_s;
  const double y = plane.y.at(peak.flops);
  std::string svg = chart_line(plane.x.at(ridge), y, kRight, y, "roof");
  svg += chart_text(plane.x.at(ridge) + 4, y - 7, "start", "rooflabel",
                    "multiply-adds " + rate_text(peak.flops, "FLOP/s"));
  for (const tuning::Level& level : peak.levels) svg += slope(plane, peak, level);
  return svg;
}

std::string tooltip(const Point& point) {
  const NodeCost& layer = *point.layer;
  return escape_markup(fmt::format(
      "{}\n{} by {}\n{}, {} of {}, {:.2g} FLOP per byte\n{:.0f}% of the roof", layer.name, layer.op,
      layer.kernel, duration_text(layer.median_ns), rate_text(point.rate, "FLOP/s"),
      bytes_text(static_cast<double>(layer.bytes)), point.intensity, 100 * layer.roofline));
}

std::string circle(const Point& point) {
  const Family& family = family_of(point.layer->op);
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\" stroke=\"{}\" "
      "stroke-width=\"1.5\"><title>{}</title></circle>\n",
      point.x, point.y, point.radius, family.fill, family.border, tooltip(point));
}

// Names of the points that take most of the time, where they have room.
std::string labels(const std::vector<Point>& points) {
  struct Box {
    double left, right, y;
  };
  constexpr std::size_t kMost = 10, kWidest = 38;
  std::vector<Box> placed;
  std::string svg;
  for (const Point& point : points) {
    if (placed.size() == kMost) break;
    const std::string name = shortened(point.layer->name, kWidest);
    const double width = 6.8 * static_cast<double>(width_of(name));
    const bool before = point.x + point.radius + width > kRight;
    const double x = before ? point.x - point.radius - 4 : point.x + point.radius + 4;
    const Box box{before ? x - width : x, before ? x : x + width, point.y};
    const auto clashes = [&](const Box& other) {
      return std::abs(other.y - box.y) < 13 && other.left < box.right && box.left < other.right;
    };
    const auto hides = [&](const Point& other) {
      return &other != &point && std::abs(other.y - box.y) < 6 + other.radius &&
             other.x + other.radius > box.left && other.x - other.radius < box.right;
    };
    if (std::ranges::any_of(placed, clashes) || std::ranges::any_of(points, hides)) continue;
    placed.push_back(box);
    svg += chart_text(x, point.y + 4, before ? "end" : "start", "pointlabel", name);
  }
  return svg;
}

std::string legend(const std::vector<Point>& points) {
  std::string html = "<div class=\"legend\">";
  for (const Family& family : kFamilies) {
    const auto of_family = [&](const Point& p) { return &family_of(p.layer->op) == &family; };
    if (std::ranges::any_of(points, of_family))
      html += fmt::format("<span><i style=\"background:{};border-color:{}\"></i>{}</span>",
                          family.fill, family.border, family.name);
  }
  return html + "</div>\n";
}

}  // namespace

std::string roofline_chart(const std::vector<NodeCost>& layers, const tuning::MachinePeak& peak) {
  if (peak.levels.empty() || !(peak.flops > 0)) return {};
  std::vector<Point> points = points_of(layers);
  const Plane plane(points, peak);
  double total = 0;
  for (const Point& point : points) total += point.layer->median_ns;
  for (Point& point : points) {
    point.x = plane.x.at(point.intensity);
    point.y = plane.y.at(point.rate);
    point.radius = std::clamp(40 * std::sqrt(point.layer->median_ns / total), 3.5, 22.0);
  }
  // Large ones first, so that they do not hide small ones.
  std::ranges::stable_sort(points, std::greater{}, [](const Point& p) { return p.radius; });
  std::string svg =
      begin_chart(kWidth, kHeight, "Roofline: every layer against the measured roofs");
  svg += grid(plane) + roofs(plane, peak);
  for (const Point& point : points) svg += circle(point);
  return svg + labels(points) + "</svg>\n" + legend(points);
}

}  // namespace engine::tools
