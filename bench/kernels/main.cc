// engine_bench_kernels: what each kernel costs, against the roof and against an older build.
#include "bench/kernels/kernel_bench.h"

#include "base/cpu_features.h"
#include "bench/program.h"
#include "tools/bench/report_options.h"
#include "tools/bench/statistics.h"
#include "tools/command.h"
#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <engine/version.h>

#include <fmt/format.h>

namespace engine::bench {
namespace {

using namespace tools;

struct Options {
  KernelOptions kernels;
  ReportOptions report;
  std::string layout = "both", json;
  bool list = false;
};

constexpr const char* kFooter =
    "Walks the case table of the bit tests and a table of layers as real models have them. All\n"
    "chosen kernels are timed in turns, round by round; a time is the median of the rounds, "
    "'noise'\n"
    "half of its 95% interval. 'of roof' is the floor by the time: the floor is the longer of the\n"
    "arithmetic at the measured peak, and of moving inputs, weights and outputs once at the "
    "measured\n"
    "bandwidth of the nearest memory that holds them.\n\n"
    "Example:\n"
    "  engine_bench_kernels --table layers --filter 'ResNet.*blocked' --html kernels.html\n"
    "  engine_bench_kernels --filter '^Conv' --json old.json       # the old build\n"
    "  engine_bench_kernels --filter '^Conv' --compare old.json    # the new build\n"
    "docs/benchmarking.md says how to measure so that it can be believed.";

void add_options(CLI::App& app, Options& options) {
  KernelOptions& kernels = options.kernels;
  app.add_option("--filter", kernels.filter, "only cases whose name contains this expression")
      ->type_name("REGEX");
  app.add_option("--table", kernels.table, "bits, layers or all")
      ->check(CLI::IsMember({"bits", "layers", "all"}))
      ->capture_default_str();
  app.add_option("--layout", options.layout, "plain, blocked or both, where a kernel takes both")
      ->check(CLI::IsMember({"plain", "blocked", "both"}))
      ->capture_default_str();
  app.add_option("--device", kernels.device, "cpu, cpu:scalar, cpu:avx2, cpu:avx512 or cpu:neon")
      ->capture_default_str();
  app.add_option("--threads", kernels.threads, "threads, the calling one among them")
      ->check(count_up_to(1024))
      ->capture_default_str();
  app.add_option("--batch", kernels.batch,
                 "samples of each case (default: what its layer is used at)")
      ->type_name("N")
      ->check(count_up_to(1'000'000));
  app.add_option("--seconds", kernels.seconds, "for each kernel, over all rounds")
      ->check(number_between(0.0001, 1e4))
      ->capture_default_str();
  app.add_option("--rounds", kernels.rounds, "turns that each kernel gets")
      ->check(count_up_to(10'000))
      ->capture_default_str();
  app.add_option("--json", options.json, "write the report, '-' for standard output")
      ->type_name("FILE");
  app.add_flag("--list", options.list, "print the names of the chosen cases and stop");
  constexpr double kDrift = 0.01;  // of a median over turns between two runs
  add_report_options(app, options.report, kDrift);
  app.set_version_flag("--version", fmt::format("engine {}", version()));
  app.footer(kFooter);
}

Json report_of(const KernelReport& report, const Options& options) {
  Json kernels = Json::array();
  for (const NodeCost& kernel : report.kernels)
    kernels.push_back({{"name", kernel.name},
                       {"op", kernel.op},
                       {"kernel", kernel.kernel},
                       {"flops", kernel.flops},
                       {"bytes", kernel.bytes},
                       {"median_ns", kernel.median_ns},
                       {"noise", noise_of(kernel.rounds_ns)},
                       {"floor_ns", kernel.floor_ns},
                       {"level", kernel.level},
                       {"roofline_share", kernel.roofline},
                       {"rounds_ns", kernel.rounds_ns}});
  return {{"device", report.device},
          {"threads", options.kernels.threads},
          {"batch", std::max<Index>(1, options.kernels.batch)},
          {"engine", version()},
          {"cpu", cpu_info().model},
          {"peak", to_json(report.peak)},
          {"kernels", kernels}};
}

double rate(Index amount, double ns) { return ns > 0 ? 1e9 * static_cast<double>(amount) / ns : 0; }

void print_report(const KernelReport& report, const Options& options) {
  using enum Table::Align;
  Table table({{"case", kLeft, 60},
               {"kernel", kLeft, 34},
               {"time", kRight},
               {"noise", kRight},
               {"compute", kRight},
               {"bytes", kRight},
               {"traffic", kRight},
               {"of roof", kRight},
               {"bound by", kLeft}});
  for (const NodeCost& kernel : report.kernels)
    table.add({kernel.name, kernel.kernel, duration_text(kernel.median_ns),
               fmt::format("{:.1f}%", 100 * noise_of(kernel.rounds_ns)),
               kernel.flops > 0 ? rate_text(rate(kernel.flops, kernel.median_ns), "FLOP/s") : "-",
               bytes_text(static_cast<double>(kernel.bytes)),
               rate_text(rate(kernel.bytes, kernel.median_ns), "B/s"),
               fmt::format("{:.0f}%", 100 * kernel.roofline),
               kernel.memory_bound ? kernel.level : "arithmetic"});
  print("{}\n{}, {} thread{}: peak {}", table.text(), report.device, options.kernels.threads,
        options.kernels.threads == 1 ? "" : "s", rate_text(report.peak.flops, "FLOP/s"));
  for (const tuning::Level& level : report.peak.levels)
    print(", {} {}", level.name, rate_text(level.bytes_per_s, "B/s"));
  print("\n");
}

BenchPage page_of(const KernelReport& report, const Options& options) {
  BenchPage page;
  const int threads = options.kernels.threads;
  page.title =
      fmt::format("Kernels on {}, {} thread{}", report.device, threads, threads == 1 ? "" : "s");
  page.figures = {{std::to_string(report.kernels.size()), "kernels"},
                  {rate_text(report.peak.flops, "FLOP/s"), "measured peak"}};
  for (const tuning::Level& level : report.peak.levels)
    page.figures.emplace_back(rate_text(level.bytes_per_s, "B/s"), level.name);
  page.peak = report.peak;
  page.layers = report.kernels;
  page.scale = BarScale::kShare;
  return page;
}

int run(Options options) {
  options.kernels.plain = options.layout != "blocked";
  options.kernels.blocked = options.layout != "plain";
  const std::vector<ChosenCase> cases = choose_cases(options.kernels);
  if (options.list) {
    for (const ChosenCase& c : cases) print("{}\n", c.made_by.name);
    return kGood;
  }
  ReportInputs inputs(options.report);
  const KernelReport report = measure_kernels(cases, options.kernels);
  Json json = report_of(report, options);
  inputs.finish(json, page_of(report, options));
  if (options.json == "-") {
    print("{}\n", to_text(json));
    return kGood;
  }
  if (!options.json.empty()) write_file(options.json, to_text(json) + "\n");
  print_report(report, options);
  inputs.print_comparison(false);
  return kGood;
}

int run_command(int argc, char** argv) {
  CLI::App app("Time every kernel, in turns, against the roofs of this machine",
               "engine_bench_kernels");
  Options options;
  add_options(app, options);
  return run_program(app, argc, argv, "a smaller --batch", [&] { return run(options); });
}

}  // namespace
}  // namespace engine::bench

int main(int argc, char** argv) { return engine::bench::run_command(argc, argv); }
