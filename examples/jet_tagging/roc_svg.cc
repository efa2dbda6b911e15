#include "roc_svg.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace jets {
namespace {

// Petroff's six colours (arXiv:2107.02270), distinct for colour-blind readers; dashes help in
// print.
struct Pen {
  const char* colour;
  const char* dashes;
};
constexpr Pen kPens[] = {{"#5790fc", ""},        {"#f89c20", "9 4"}, {"#e42536", ""},
                         {"#964a8b", "2.5 3.5"}, {"#2b2d31", ""},    {"#7a21dd", "9 3 2 3"}};

constexpr double kLeft = 92, kTop = 78, kWidth = 640, kHeight = 500;  // of the frame, in pixels
constexpr double kDecades = 3;                                        // 10^-3 to 1

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...) {
  char buffer[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

double x_of(double signal) { return kLeft + kWidth * signal; }
double y_of(double background) { return kTop - kHeight * std::log10(background) / kDecades; }

std::string line(double x1, double y1, double x2, double y2, const char* kind) {
  return text("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", kind, x1,
              y1, x2, y2);
}

// Ticks point inwards on all four sides.
std::string x_axis() {
  std::string svg;
  for (int i = 0; i <= 50; ++i) {
    const double x = x_of(i / 50.0);
    const bool major = i % 10 == 0;
    const double length = major ? 11 : 6;
    if (major && i > 0 && i < 50) svg += line(x, kTop, x, kTop + kHeight, "grid");
    svg += line(x, kTop + kHeight, x, kTop + kHeight - length, "tick");
    svg += line(x, kTop, x, kTop + length, "tick");
    if (major)
      svg += text("<text class=\"n\" text-anchor=\"middle\" x=\"%.1f\" y=\"%.1f\">%.1f</text>\n", x,
                  kTop + kHeight + 24, i / 50.0);
  }
  return svg;
}

std::string y_axis() {
  std::string svg;
  for (int decade = 0; decade <= kDecades; ++decade) {
    const double y = y_of(std::pow(10, -decade));
    if (decade > 0 && decade < kDecades) svg += line(kLeft, y, kLeft + kWidth, y, "grid");
    const char* base = decade == 0 ? "1" : "10";
    const double right = kLeft - (decade == 0 ? 10 : 26);
    svg += text("<text class=\"n\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", right,
                y + 6, base);
    if (decade > 0)
      svg += text("<text class=\"x\" x=\"%.1f\" y=\"%.1f\">\u2212%d</text>\n", right + 1, y - 2,
                  decade);
    for (int digit = 1; digit <= 9 && (decade > 0 || digit == 1); ++digit) {
      const double tick = y_of(digit * std::pow(10, -decade)), length = digit == 1 ? 11 : 6;
      svg += line(kLeft, tick, kLeft + length, tick, "tick");
      svg += line(kLeft + kWidth, tick, kLeft + kWidth - length, tick, "tick");
    }
  }
  return svg;
}

// The curve as a staircase of its points, without those closer than half a pixel.
std::string path(const std::vector<RocPoint>& points, const Pen& pen) {
  std::string d;
  double last_x = -1, last_y = -1;
  for (const RocPoint& point : points) {
    if (point.background <= 0) continue;  // at minus infinity on this scale
    const double x = x_of(point.signal), y = y_of(point.background);
    if (!d.empty() && std::abs(x - last_x) < 0.5 && std::abs(y - last_y) < 0.5) continue;
    d += text("%s%.1f %.1f", d.empty() ? "M" : "L", x, y);
    last_x = x, last_y = y;
  }
  return "<path class=\"c\" clip-path=\"url(#f)\" stroke=\"" + std::string(pen.colour) +
         "\" stroke-dasharray=\"" + pen.dashes + "\" d=\"" + d + "\"/>\n";
}

std::string guessing() {
  std::string d;
  for (int i = 0; i <= 100; ++i) {
    const double share = std::pow(10, kDecades * (i / 100.0 - 1));
    d += text("%s%.1f %.1f", d.empty() ? "M" : "L", x_of(share), y_of(share));
  }
  return "<path class=\"g\" d=\"" + d + "\"/>\n";
}

std::string legend(const std::vector<Curve>& curves) {
  constexpr double kRow = 25, kBoxWidth = 196;
  const double rows = static_cast<double>(curves.size()) + 2;
  const double height = kRow * rows + 10;
  const double left = kLeft + kWidth - kBoxWidth - 18, top = kTop + kHeight - height - 18;
  std::string svg =
      text("<rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", left,
           top, kBoxWidth, height);
  double y = top + 24;
  svg += text("<text class=\"k b\" x=\"%.1f\" y=\"%.1f\">jet</text>", left + 58, y);
  svg += text("<text class=\"k b\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">AUC</text>\n",
              left + kBoxWidth - 16, y);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    y += kRow;
    svg += text("<path class=\"c\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"M%.1f %.1fh34\"/>",
                kPens[i].colour, kPens[i].dashes, left + 14, y - 5);
    svg += text("<text class=\"k\" x=\"%.1f\" y=\"%.1f\">%s</text>", left + 58, y,
                curves[i].name.c_str());
    svg += text("<text class=\"k\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">%.3f</text>\n",
                left + kBoxWidth - 16, y, curves[i].roc.auc);
  }
  y += kRow;
  svg += text("<path class=\"g\" d=\"M%.1f %.1fh34\"/>", left + 14, y - 5);
  return svg + text("<text class=\"k\" x=\"%.1f\" y=\"%.1f\">guessing</text>\n", left + 58, y);
}

constexpr const char* kStyle =
    "text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif;fill:#111}"
    ".t{font-size:21px;font-weight:bold}.s{font-size:14px;fill:#555}.a{font-size:18px}.n{font-size:"
    "16px}.x{font-size:12px}"
    ".k{font-size:15px}.b{font-weight:bold}.tick{stroke:#111;stroke-width:1.2}"
    ".grid{stroke:#dfe3e8;stroke-width:1}.frame{fill:none;stroke:#111;stroke-width:1.6}"
    ".c{fill:none;stroke-width:2.6;stroke-linejoin:round}"
    ".g{fill:none;stroke:#9aa3ad;stroke-width:1.6;stroke-dasharray:3 4}"
    ".box{fill:#fff;fill-opacity:.9;stroke:#c9ced4}";

}  // namespace

std::string roc_svg(const std::vector<Curve>& curves, const std::string& title,
                    const std::string& subtitle) {
  const double width = kLeft + kWidth + 34, height = kTop + kHeight + 68;
  std::string svg = text(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
      "height=\"%.0f\">\n<style>",
      width, height, width, height);
  svg += kStyle;
  svg += text(
      "</style>\n<clipPath id=\"f\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
      "height=\"%.1f\"/></clipPath>\n",
      kLeft, kTop, kWidth, kHeight);
  svg += "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  svg += text("<text class=\"t\" x=\"%.1f\" y=\"38\">", kLeft) + title + "</text>\n";
  svg += text("<text class=\"s\" x=\"%.1f\" y=\"62\">", kLeft) + subtitle + "</text>\n";
  svg += x_axis() + y_axis() + guessing();
  for (std::size_t i = 0; i < curves.size(); ++i) svg += path(curves[i].roc.points, kPens[i]);
  svg += legend(curves);
  svg += text("<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
              kLeft, kTop, kWidth, kHeight);
  svg +=
      text("<text class=\"a\" text-anchor=\"end\" x=\"%.1f\" y=\"%.1f\">Signal efficiency</text>\n",
           kLeft + kWidth, kTop + kHeight + 52);
  svg += text(
      "<text class=\"a\" text-anchor=\"end\" transform=\"translate(%.1f %.1f) rotate(-90)\">"
      "Background efficiency</text>\n",
      kLeft - 56, kTop);
  return svg + "</svg>\n";
}

}  // namespace jets
