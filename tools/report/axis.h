// Logarithmic axes and the few marks that charts are made of, as SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// Values in [low, high], both above 0, on pixels from `from` to `to`.
struct LogAxis {
  double low = 1, high = 10;
  double from = 0, to = 1;

  double at(double value) const noexcept;  ///< clamped to the axis
  double pixels_per_decade() const noexcept;
};

/// An axis that holds all the values with a margin. Values that are not above 0 are passed over.
LogAxis fit_axis(const std::vector<double>& values, double margin, double from, double to);

/// Powers of ten on the axis, with 2 and 5 times those if they are few; even steps on a short axis.
std::vector<double> ticks(const LogAxis& axis);

/// What the charts' classes look like; for the page's style.
std::string_view chart_style();

/// <svg> with a view box, which takes the width that the page has. `label` is plain text.
std::string begin_chart(double width, double height, std::string_view label);
std::string chart_line(double x1, double y1, double x2, double y2, std::string_view css);
/// `anchor` is start, middle or end; `text` is plain.
std::string chart_text(double x, double y, std::string_view anchor, std::string_view css,
                       std::string_view text);

}  // namespace engine::tools
