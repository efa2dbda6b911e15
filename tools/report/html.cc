#include "tools/report/html.h"

#include "tools/report/difference.h"
#include "tools/text/markup.h"
#include "tools/text/units.h"

#include <engine/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace engine::tools {
namespace {

constexpr const char* kStyle = R"(
body{font:15px/1.45 system-ui,sans-serif;color:#1b1f24;margin:2rem auto;max-width:75rem;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.summary{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}
.summary b{display:block;font-size:1.3rem}
table{border-collapse:collapse;width:100%}
th{position:sticky;top:0;background:#fff;border-bottom:2px solid #1b1f24;text-align:left;padding:.3rem .6rem}
td{border-bottom:1px solid #e3e6ea;padding:.25rem .6rem;vertical-align:middle;overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.equal,.within{color:#0b6b50}.differs,.shape{color:#b3261e;font-weight:600}.not{color:#6a737d}
tr.bad td{background:#fdf1f0}
svg{display:block}
@media(prefers-color-scheme:dark){body,th{background:#15181c;color:#e6e9ed}td{border-color:#2c3239}
tr.bad td{background:#3a1f1e}.equal,.within{color:#5fd0ac}.differs,.shape{color:#ff9b92}}
)";

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

std::string figure(const std::string& value, const char* label) {
  return "<div><b>" + value + "</b>" + label + "</div>";
}

}  // namespace

std::string to_html(const CompareReport& report, const PageHead& head) {
  const auto differing = std::ranges::count_if(report.nodes, [](const NodeDifference& node) {
    return node.checked && !node.difference.within();
  });
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
      escape_markup(head.model) + ": " + escape_markup(report.device_a) + " against " +
      escape_markup(report.device_b) + "</title><style>" + kStyle + "</style></head><body>\n";
  html += "<h1>" + escape_markup(head.model) + ": a = " + escape_markup(report.device_a) +
          ", b = " + escape_markup(report.device_b) + "</h1>\n<div class=\"summary\">";
  html += figure(report.within() ? "within tolerance" : "differs",
                 fmt::format("|a-b| &le; {} + {} |b|", number_text(head.tolerance.atol),
                             number_text(head.tolerance.rtol))
                     .c_str());
  html += figure(std::to_string(report.nodes.size()), "nodes");
  html += figure(std::to_string(differing), "nodes differ");
  html += figure(std::to_string(report.unchecked), "not checked");
  html +=
      figure(head.cumulative ? "cumulative" : "each node alone",
             head.cumulative ? "b goes on with its own values" : "b is fed with what a computed");
  html += "</div>\n" + table("Outputs", report.outputs) + table("Nodes", report.nodes);
  return html + "<p>engine " + version() + "</p></body></html>\n";
}

}  // namespace engine::tools
