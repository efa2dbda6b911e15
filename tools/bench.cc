// engine bench: how fast a model runs, where the time goes, how far that is from the roof.
#include "tools/command.h"

#include "tools/bench/model_bench.h"
#include "tools/bench/report_options.h"
#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <engine/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

namespace engine::tools {
namespace {

struct Options {
  std::string model, trace;
  InputOptions inputs;
  SessionOptions session;
  ReportOptions report;
  double seconds = 5;
  bool json = false, per_node = false;
};

Json report_of(const ModelTiming& result, const Options& options) {
  Json nodes = Json::array();
  for (const NodeCost& node : result.cost.nodes)
    nodes.push_back({{"name", node.name},
                     {"op", node.op},
                     {"kernel", node.kernel},
                     {"flops", node.flops},
                     {"bytes", node.bytes},
                     {"median_ns", node.median_ns},
                     {"share", node.share},
                     {"roofline_share", node.roofline},
                     {"floor_ns", node.floor_ns},
                     {"level", node.level},
                     {"rounds_ns", node.rounds_ns}});
  const Timing& timing = result.timing;
  return {{"model", options.model},
          {"min_ns", timing.min_ns},
          {"median_ns", timing.median_ns},
          {"p99_ns", timing.p99_ns},
          {"throughput_per_s", timing.runs_per_s * static_cast<double>(result.batch)},
          {"flops", result.cost.flops},
          {"roofline_share", result.roofline_share},
          {"device", result.device},
          {"threads", result.threads},
          {"batch", result.batch},
          {"runs", timing.runs},
          {"stable", timing.stable},
          {"advice", result.advice},
          {"engine", version()},
          {"peak", to_json(result.peak)},
          {"rounds_ns", timing.rounds_ns},
          {"nodes", nodes}};
}

double rate(double amount, double ns) { return ns > 0 ? 1e9 * amount / ns : 0; }

void print_nodes(const ModelCost& cost, bool all) {
  constexpr std::size_t kShown = 10;
  std::vector<std::size_t> order(cost.nodes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!all) {
    std::ranges::stable_sort(order, std::greater{},
                             [&](std::size_t i) { return cost.nodes[i].median_ns; });
    order.resize(std::min(order.size(), kShown));
  }
  using enum Table::Align;
  Table table({{"node", kLeft, 40},
               {"operator", kLeft, 30},
               {"kernel", kLeft, 36},
               {"time", kRight},
               {"share", kRight},
               {"compute", kRight},
               {"traffic", kRight},
               {"of roof", kRight}});
  for (const std::size_t i : order) {
    const NodeCost& node = cost.nodes[i];
    table.add({node.name, node.op, node.kernel, duration_text(node.median_ns),
               fmt::format("{:.1f}%", 100 * node.share),
               rate_text(rate(static_cast<double>(node.flops), node.median_ns), "FLOP/s"),
               rate_text(rate(static_cast<double>(node.bytes), node.median_ns), "B/s"),
               fmt::format("{:.0f}%", 100 * node.roofline)});
  }
  if (!table.empty()) print("\n{}\n{}", all ? "all nodes" : "slowest nodes", table.text(2));
}

void print_result(const ModelTiming& result, const Options& options) {
  const Timing& timing = result.timing;
  print("{} on {}, {} thread{}, batch {}\n", options.model, result.device, options.session.threads,
        options.session.threads == 1 ? "" : "s", result.batch);
  print("  min {}  median {}  p99 {}  ({} runs in {:.1f} s{})\n", duration_text(timing.min_ns),
        duration_text(timing.median_ns), duration_text(timing.p99_ns), timing.runs, timing.seconds,
        timing.stable ? "" : ", not yet stable");
  print("  {}\n", rate_text(timing.runs_per_s * static_cast<double>(result.batch), "samples/s"));
  if (result.cost.flops > 0)
    print("  {} a run, {}, {:.1f}% of the roofline\n",
          rate_text(static_cast<double>(result.cost.flops), "FLOP"),
          rate_text(rate(static_cast<double>(result.cost.flops), timing.median_ns), "FLOP/s"),
          100 * result.roofline_share);
  print_nodes(result.cost, options.per_node);
  print("\n{}\n", result.advice);
}

BenchPage page_of(const ModelTiming& result, const Options& options) {
  BenchPage page;
  page.title = fmt::format("{} on {}, {} thread{}, batch {}", options.model, result.device,
                           result.threads, result.threads == 1 ? "" : "s", result.batch);
  page.figures = {
      {duration_text(result.timing.median_ns), "median of a run"},
      {rate_text(result.timing.runs_per_s * static_cast<double>(result.batch), "samples/s"),
       "throughput"},
      {rate_text(rate(static_cast<double>(result.cost.flops), result.timing.median_ns), "FLOP/s"),
       rate_text(static_cast<double>(result.cost.flops), "FLOP") + " a run"},
      {fmt::format("{:.0f}%", 100 * result.roofline_share), "of the roofline"},
      {rate_text(result.peak.flops, "FLOP/s"), "measured peak"}};
  page.peak = result.peak;
  page.layers = result.cost.nodes;
  return page;
}

int run(const Options& options) {
  ReportInputs report(options.report);  // a file that cannot be read is known before measuring
  const Model model = Model::load(options.model);
  InputOptions input_options = options.inputs;
  if (input_options.random.empty()) input_options.random = "1";
  const ModelTiming result =
      measure_model(model, options.session, gather_inputs(model, input_options), options.seconds);
  if (!options.trace.empty()) write_file(options.trace, to_trace_json(result.profile));
  Json json = report_of(result, options);
  report.finish(json, page_of(result, options));
  if (options.json) print("{}\n", to_text(json));
  else {
    print_result(result, options);
    report.print_comparison(options.per_node);
  }
  return kGood;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure a model and find where the time goes");
  add_model(*command, options->model);
  add_session_options(*command, options->session);
  add_input_options(*command, options->inputs);
  command->add_option("--batch", options->inputs.batch, "free first dimensions of random inputs")
      ->type_name("N")
      ->check(count_up_to(Index{1} << 40));
  command->add_option("--seconds", options->seconds, "measure at most this long")
      ->check(number_between(0.001, 1e6))
      ->capture_default_str();
  command->add_flag("--per-node", options->per_node, "print all nodes, not only the slowest");
  command->add_option("--trace", options->trace, "write a trace that Perfetto opens")
      ->type_name("FILE");
  add_json(*command, options->json);
  constexpr double kDrift = 0.03;  // of the clock between two runs of the command
  add_report_options(*command, options->report, kDrift);
  command->footer(
      "Example:\n"
      "  engine bench models/jet_tagger.onnx --batch 64 --threads 2 --trace trace.json\n"
      "Inputs that are not given are random.\n\n"
      "Has a change made it faster? The same model on the old and on the new build:\n"
      "  engine bench MODEL --json > old.json\n"
      "  engine bench MODEL --compare old.json --html report.html\n"
      "A ratio is old time by new, with a 95% interval: above 1 it is faster now. Kernels alone,\n"
      "interleaved, are what the program engine_bench_kernels of a build measures.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
