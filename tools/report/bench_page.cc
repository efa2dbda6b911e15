#include "tools/report/bench_page.h"

#include "tools/report/axis.h"
#include "tools/report/page.h"
#include "tools/text/markup.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace engine::tools {
namespace {

constexpr std::size_t kMostBars = 120, kMostChanges = 80;

// The layers that take most of the time, in their own order.
std::vector<NodeCost> heaviest(const std::vector<NodeCost>& layers, std::size_t most) {
  if (layers.size() <= most) return layers;
  std::vector<std::size_t> order(layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::size_t i) { return layers[i].median_ns; });
  order.resize(most);
  std::ranges::sort(order);
  std::vector<NodeCost> list;
  for (const std::size_t i : order) list.push_back(layers[i]);
  return list;
}

std::string section(const char* title, const std::string& note, const std::string& content) {
  if (content.empty()) return {};
  return fmt::format("<h2>{}</h2>\n<p class=\"note\">{}</p>\n{}", title, note, content);
}

std::string roofline(const BenchPage& page) {
  const auto idle =
      std::ranges::count_if(page.layers, [](const NodeCost& layer) { return layer.flops == 0; });
  std::string note =
      "The roofs were measured in the same run: reading from each level of memory, and "
      "multiply-adds in registers. A point's area is its share of the time; point at it for its "
      "name.";
  if (idle > 0) note += fmt::format(" Layers that only move data ({}) are left out.", idle);
  note += " Winograd's form counts as the direct one does, so it may stand above the roof.";
  return section("Roofline", note, roofline_chart(page.layers, page.peak));
}

std::string times(const BenchPage& page) {
  std::string note =
      page.scale == BarScale::kTime
          ? "The whole bar is the median time, the dark part the floor: the longer of the "
            "arithmetic at its peak, and of moving inputs, weights and outputs once."
          : "The dark part is the share of the roof that is reached: the floor, which is the "
            "longer of the arithmetic at its peak and of moving inputs, weights and outputs once, "
            "by the median time.";
  if (page.layers.size() > kMostBars)
    note += fmt::format(" The {} slowest of {}.", kMostBars, page.layers.size());
  return section("Time against the floor", note,
                 time_chart(heaviest(page.layers, kMostBars), page.scale));
}

std::string peers(const BenchPage& page) {
  std::vector<RatioMark> marks;
  for (const PeerRatio& peer : page.peers)
    marks.push_back({fmt::format("{}, batch {}, {} thread{}", peer.model, peer.batch, peer.threads,
                                 peer.threads == 1 ? "" : "s"),
                     peer.peer + " " + peer.version,
                     {peer.ratio, peer.low, peer.high}});
  return section("Against other engines",
                 "The other engine's time by ours, with its interval: above 1 we are faster.",
                 ratio_chart(marks, "the other is faster", "we are faster"));
}

const char* colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame: return "#8a96a0";
    case Verdict::kFaster: return "#2e9e6b";
    case Verdict::kSlower: return "#d1495b";
  }
  return "";
}

std::string changes(const BenchPage& page) {
  if (!page.comparison) return {};
  const Comparison& comparison = *page.comparison;
  std::vector<const Change*> list;
  for (const Change& change : comparison.changes) list.push_back(&change);
  const auto size = [](const Change* c) {
    return std::max(c->speedup.value, 1 / c->speedup.value);
  };
  std::string note = fmt::format(
      "The time in {} by the time now, medians with 95% intervals: above 1 it is faster now. Mean "
      "speedup {:.3f}.",
      escape_markup(comparison.source), mean_speedup(comparison));
  if (list.size() > kMostChanges) {
    std::ranges::stable_sort(list, std::greater{}, size);
    note += fmt::format(" The {} largest changes of {}.", kMostChanges, list.size());
    list.resize(kMostChanges);
  }
  for (const std::string& remark : comparison.remarks) note += " " + escape_markup(remark) + ".";
  std::vector<RatioMark> marks;
  for (const Change* change : list)
    marks.push_back({change->name, std::string(to_string(change->verdict)), change->speedup,
                     colour_of(change->verdict)});
  return section("Since then", note, ratio_chart(marks, "slower now", "faster now"));
}

std::string number_cell(const std::string& text) { return "<td class=\"n\">" + text + "</td>"; }

std::string table(const BenchPage& page) {
  if (page.layers.empty()) return {};
  std::string html =
      "<table><thead><tr><th>layer</th><th>operator</th><th>kernel</th><th class=\"n\">time</th>"
      "<th class=\"n\">floor</th><th class=\"n\">of roof</th><th class=\"n\">FLOP/s</th>"
      "<th class=\"n\">bytes</th><th class=\"n\">B/s</th><th>bound by</th></tr></thead><tbody>\n";
  for (const NodeCost& layer : page.layers) {
    const auto flops = static_cast<double>(layer.flops), bytes = static_cast<double>(layer.bytes);
    const double seconds = 1e-9 * layer.median_ns;
    html += "<tr><td>" + escape_markup(layer.name) + "</td><td>" + escape_markup(layer.op) +
            "</td><td class=\"w\">" + escape_markup(layer.kernel) + "</td>";
    html += number_cell(duration_text(layer.median_ns)) +
            number_cell(duration_text(layer.floor_ns)) +
            number_cell(fmt::format("{:.0f}%", 100 * layer.roofline));
    html += number_cell(seconds > 0 ? rate_text(flops / seconds, "") : "") +
            number_cell(bytes_text(bytes)) +
            number_cell(seconds > 0 ? rate_text(bytes / seconds, "") : "");
    html += fmt::format("<td class=\"w\">{}</td></tr>\n",
                        layer.memory_bound ? escape_markup(layer.level) : "arithmetic");
  }
  return html + "</tbody></table>\n";
}

}  // namespace

std::string to_html(const BenchPage& page) {
  std::string html = begin_page(
      page.title, std::string(chart_style()) + "table{font-size:13.5px}td.w{white-space:nowrap}");
  html += "<div class=\"summary\">";
  for (const auto& [value, label] : page.figures)
    html += figure(escape_markup(value), escape_markup(label));
  html += "</div>\n" + peers(page) + changes(page) + roofline(page) + times(page);
  html += section("All figures", "", table(page));
  return html + end_page();
}

}  // namespace engine::tools
