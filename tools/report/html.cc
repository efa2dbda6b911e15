#include "tools/report/html.h"

#include "tools/report/difference.h"
#include "tools/report/page.h"
#include "tools/text/markup.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace engine::tools {
namespace {

constexpr const char* kStyle =
    ".equal,.within{color:var(--good)}.differs,.shape{color:var(--bad);font-weight:600}"
    ".not{color:var(--soft)}";

// Bars of the ULP histogram, heights by the logarithm of the counts; each bar tells its count.
std::string histogram_svg(const Difference& d) {
  constexpr int kBar = 9, kHeight = 24;
  const double most = std::log1p(static_cast<double>(*std::ranges::max_element(d.ulp_histogram)));
  std::string svg =
      fmt::format(R"(<svg width="{}" height="{}" role="img" aria-label="ULP histogram">)",
                  kBar * kUlpLabels.size(), kHeight + 1);
  for (std::size_t i = 0; i < kUlpLabels.size(); ++i) {
    const Index count = d.ulp_histogram[i];
    const double height =
        count ? std::max(2.0, kHeight * std::log1p(static_cast<double>(count)) / most) : 1;
    svg += fmt::format(
        R"(<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}" fill="{}"><title>{} ULP: {}</title></rect>)",
        kBar * i, kHeight - height + 1, kBar - 1, height, count ? "#3f90da" : "#c9ced4",
        escape_markup(kUlpLabels[i]), count);
  }
  return svg + "</svg>";
}

std::string row(const NodeDifference& node) {
  const std::string result = verdict(node);
  const Difference& d = node.difference;
  std::string html =
      fmt::format("<tr{}><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td>",
                  result.ends_with("differs") ? " class=\"bad\"" : "", escape_markup(node.name),
                  escape_markup(node.op), escape_markup(node.output),
                  result.substr(0, result.find(' ')), result);
  if (!node.checked)
    return html + "<td colspan=\"7\">" + escape_markup(node.why_not) + "</td></tr>\n";
  if (!d.same_shape) return html + "<td colspan=\"7\"></td></tr>\n";
  html += fmt::format(
      "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
      "class=\"n\">{}</td>",
      d.count, d.unequal_bits, d.max_ulp, number_text(d.max_abs));
  html +=
      fmt::format("<td class=\"n\">{}</td><td class=\"n\">{} / {}, {} / {}</td><td>{}</td></tr>\n",
                  number_text(d.max_rel), d.nan_a, d.nan_b, d.inf_a, d.inf_b, histogram_svg(d));
  return html;
}

std::string table(const std::string& title, const std::vector<NodeDifference>& nodes) {
  if (nodes.empty()) return {};
  std::string html = "<h2>" + title +
                     "</h2>\n<table><thead><tr><th>node</th><th>operator</th><th>output</th>"
                     "<th>result</th><th class=\"n\">elements</th><th class=\"n\">other bits</th>"
                     "<th class=\"n\">max ULP</th><th class=\"n\">max |a-b|</th>"
                     "<th class=\"n\">max relative</th><th class=\"n\">NaN, Inf (a / b)</th>"
                     "<th>ULP 0 to &gt;512</th></tr></thead><tbody>\n";
  for (const NodeDifference& node : nodes) html += row(node);
  return html + "</tbody></table>\n";
}

}  // namespace

std::string to_html(const CompareReport& report, const PageHead& head) {
  const auto differing = std::ranges::count_if(report.nodes, [](const NodeDifference& node) {
    return node.checked && !node.difference.within();
  });
  std::string html =
      begin_page(head.model + ": a = " + report.device_a + ", b = " + report.device_b, kStyle);
  html += "<div class=\"summary\">";
  html += figure(report.within() ? "within tolerance" : "differs",
                 fmt::format("|a-b| &le; {} + {} |b|", number_text(head.tolerance.atol),
                             number_text(head.tolerance.rtol)));
  html += figure(std::to_string(report.nodes.size()), "nodes");
  html += figure(std::to_string(differing), "nodes differ");
  html += figure(std::to_string(report.unchecked), "not checked");
  html +=
      figure(head.cumulative ? "cumulative" : "each node alone",
             head.cumulative ? "b goes on with its own values" : "b is fed with what a computed");
  html += "</div>\n" + table("Outputs", report.outputs) + table("Nodes", report.nodes);
  return html + end_page();
}

}  // namespace engine::tools
