// engine compare: two devices held against each other.
#include "tools/command.h"

#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/report/difference.h"
#include "tools/report/html.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <engine/compare.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace engine::tools {
namespace {

struct Options {
  std::string model, device_a, device_b, html;
  InputOptions inputs;
  CompareOptions compare;
  int threads = 1;
  bool json = false, bisect = false;
};

Table make_table() {
  using enum Table::Align;
  return Table({{"node", kLeft, 40},
                {"operator", kLeft, 24},
                {"output", kLeft, 32},
                {"result"},
                {"elements", kRight},
                {"other bits", kRight},
                {"max ULP", kRight},
                {"max abs", kRight},
                {"max rel", kRight},
                {"NaN a/b", kRight},
                {"Inf a/b", kRight},
                {"ULP 0..>512"}});
}

void add_row(Table& table, const NodeDifference& node) {
  const Difference& d = node.difference;
  if (!node.checked || !d.same_shape) {
    table.add(
        {node.name, node.op, node.output, verdict(node), "", "", "", "", "", "", "", node.why_not});
    return;
  }
  table.add({node.name, node.op, node.output, verdict(node), std::to_string(d.count),
             std::to_string(d.unequal_bits), std::to_string(d.max_ulp), number_text(d.max_abs),
             number_text(d.max_rel), fmt::format("{}/{}", d.nan_a, d.nan_b),
             fmt::format("{}/{}", d.inf_a, d.inf_b), sparkline(d)});
}

void print_report(const CompareReport& report, const Options& options) {
  print("a = {}, b = {}, |a - b| <= {} + {} |b|\n\n", report.device_a, report.device_b,
        number_text(options.compare.tolerance.atol), number_text(options.compare.tolerance.rtol));
  if (!report.nodes.empty()) {
    Table nodes = make_table();
    for (const NodeDifference& node : report.nodes) add_row(nodes, node);
    print("{}\n", nodes.text());
  }
  Table outputs = make_table();
  for (const NodeDifference& output : report.outputs) add_row(outputs, output);
  print("outputs\n{}\n", outputs.text(2));
  if (!report.nodes.empty())
    print("{} nodes, {} not checked, {}\n", report.nodes.size(), report.unchecked,
          options.compare.cumulative ? "cumulative" : "each node alone");
  print("{}\n", report.within() ? "within tolerance" : "NOT within tolerance");
}

bool differs(const NodeDifference& node) { return node.checked && !node.difference.within(); }

// What --bisect finds: the first value that has gone astray, and whether its own node is to blame.
struct Culprit {
  NodeDifference node;
  bool alone = false;  // it differs too when it is fed with the values of the other device
};

std::optional<Culprit> bisect(const Model& model, const Tensors& inputs, const Options& options) {
  CompareOptions compare_options = options.compare;
  compare_options.threads = options.threads;
  compare_options.per_node = compare_options.cumulative = compare_options.stop_at_first = true;
  const CompareReport together =
      compare(model, options.device_a, options.device_b, inputs, compare_options);
  const auto first = std::ranges::find_if(together.nodes, differs);
  if (first == together.nodes.end()) return std::nullopt;
  compare_options.cumulative = compare_options.stop_at_first = false;
  const CompareReport apart =
      compare(model, options.device_a, options.device_b, inputs, compare_options);
  const auto same = std::ranges::find_if(apart.nodes, [&](const NodeDifference& node) {
    return node.name == first->name && node.output == first->output && differs(node);
  });
  return Culprit{*first, same != apart.nodes.end()};
}

void print_culprit(const std::optional<Culprit>& culprit) {
  if (!culprit) {
    print("no node differs\n");
    return;
  }
  const NodeDifference& node = culprit->node;
  print("first node that differs: {} ({}), output {}: max abs {}, {} ULP, {} of {} elements\n",
        node.name, node.op, node.output, number_text(node.difference.max_abs),
        node.difference.max_ulp, node.difference.mismatches, node.difference.count);
  print("{}\n", culprit->alone
                    ? "it differs also when both devices are fed the same values"
                    : "fed the same values, both devices agree: the error grew before it");
}

Json culprit_json(const std::optional<Culprit>& culprit) {
  if (!culprit) return nullptr;
  Json json = to_json(culprit->node);
  json["alone"] = culprit->alone;
  return json;
}

int run(const Options& options) {
  const Model model = Model::load(options.model);
  const Tensors inputs = gather_inputs(model, options.inputs);
  CompareOptions compare_options = options.compare;
  compare_options.threads = options.threads;
  compare_options.per_node |= compare_options.cumulative || compare_options.stop_at_first;
  const CompareReport report =
      compare(model, options.device_a, options.device_b, inputs, compare_options);
  std::optional<Culprit> culprit;
  if (options.bisect) culprit = bisect(model, inputs, options);
  if (!options.html.empty())
    write_file(options.html, to_html(report, {model.name(), options.compare.tolerance,
                                              options.compare.cumulative}));
  if (options.json) {
    Json json = to_json(report);
    if (options.bisect) json["first_difference"] = culprit_json(culprit);
    print("{}\n", to_text(json));
  } else {
    print_report(report, options);
    if (options.bisect) print_culprit(culprit);
  }
  return report.within() && !culprit ? kGood : kFailed;
}

void add_options(CLI::App& command, Options& options) {
  add_model(command, options.model);
  command.add_option("--a", options.device_a, "device whose values every node is fed")->required();
  command.add_option("--b", options.device_b, "device that is judged against it")->required();
  add_program(command, options.compare.program);
  add_input_options(command, options.inputs);
  command.add_option("--batch", options.inputs.batch, "free first dimensions of random inputs")
      ->type_name("N")
      ->check(count_up_to(Index{1} << 40));
  command.add_option("--threads", options.threads, "threads of both devices")
      ->check(count_up_to(1024))
      ->capture_default_str();
  add_tolerance(command, options.compare.tolerance);
  command.add_flag("--per-node", options.compare.per_node,
                   "compare every node, each fed with a's values");
  command.add_flag("--cumulative", options.compare.cumulative,
                   "let b go on with its own values instead (with --per-node)");
  command.add_flag("--bisect", options.bisect, "name the first node that differs");
  command.add_flag("--fail-fast", options.compare.stop_at_first,
                   "stop at the first node that differs");
  command.add_option("--html", options.html, "write a report")->type_name("FILE");
  add_json(command, options.json);
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("compare", "Hold two devices against each other, node by node");
  add_options(*command, *options);
  command->footer(
      "Example:\n"
      "  engine compare models/jet_tagger.onnx --a cpu --b reference --random --per-node\n"
      "Exit code 1 if anything is outside the tolerance.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
