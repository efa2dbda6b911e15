#include "tools/report/difference.h"

#include <algorithm>
#include <cmath>

namespace engine::tools {
namespace {

Json list_json(const std::vector<NodeDifference>& nodes) {
  Json list = Json::array();
  for (const NodeDifference& node : nodes) list.push_back(to_json(node));
  return list;
}

}  // namespace

Json to_json(const Difference& d) {
  Json histogram = Json::object();
  for (std::size_t i = 0; i < kUlpLabels.size(); ++i) histogram[kUlpLabels[i]] = d.ulp_histogram[i];
  return {{"within", d.within()},
          {"same_shape", d.same_shape},
          {"count", d.count},
          {"mismatches", d.mismatches},
          {"unequal_bits", d.unequal_bits},
          {"max_abs", d.max_abs},
          {"max_rel", d.max_rel},
          {"mean_abs", d.mean_abs},
          {"max_ulp", d.max_ulp},
          {"worst", d.worst},
          {"worst_a", d.worst_a},
          {"worst_b", d.worst_b},
          {"nan_a", d.nan_a},
          {"nan_b", d.nan_b},
          {"inf_a", d.inf_a},
          {"inf_b", d.inf_b},
          {"ulp_histogram", histogram}};
}

Json to_json(const NodeDifference& node) {
  Json json = {
      {"name", node.name}, {"op", node.op}, {"output", node.output}, {"checked", node.checked}};
  if (node.checked) json["difference"] = to_json(node.difference);
  else json["why_not"] = node.why_not;
  return json;
}

Json to_json(const CompareReport& report) {
  return {{"device_a", report.device_a},
          {"device_b", report.device_b},
          {"within", report.within()},
          {"unchecked", report.unchecked},
          {"outputs", list_json(report.outputs)},
          {"nodes", list_json(report.nodes)}};
}

std::string sparkline(const Difference& difference) {
  constexpr const char* kBlocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                     "\u2585", "\u2586", "\u2587", "\u2588"};
  const Index most = std::max<Index>(1, *std::ranges::max_element(difference.ulp_histogram));
  std::string line;
  for (const Index count : difference.ulp_histogram) {
    if (count == 0) {
      line += "\u00b7";
      continue;
    }
    const double height =
        std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(most));
    line += kBlocks[std::min<std::size_t>(7, static_cast<std::size_t>(height * 7.999))];
  }
  return line;
}

std::string verdict(const NodeDifference& node) {
  if (!node.checked) return "not checked";
  if (!node.difference.same_shape) return "shape differs";
  if (!node.difference.within()) return "differs";
  return node.difference.unequal_bits == 0 ? "equal" : "within";
}

}  // namespace engine::tools
