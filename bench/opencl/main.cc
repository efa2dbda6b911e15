// engine_bench_opencl: products on an OpenCL device against its CPU's peak and CLBlast, and what a
// launch costs.
#include "base/cpu_features.h"
#include "bench/opencl/clblast.h"
#include "bench/opencl/launches.h"
#include "bench/opencl/products.h"
#include "bench/program.h"
#include "tools/report/json.h"
#include "tools/text/table.h"
#include "tools/text/units.h"
#include "tuning/machine_peak.h"

#include <engine/version.h>

#include <fmt/format.h>

namespace engine::bench {
namespace {

using namespace tools;

struct Options {
  std::string device;
  ProductOptions products;
  bool json = false;
};

struct Report {
  opencl::DeviceFacts facts;
  double peak_flops = 0;  ///< of the CPU's cores that the device has; 0 if it is none
  LaunchTimes launches;
  std::vector<ProductTimes> products;
};

double flops_of(const ProductShape& s) {
  return 2.0 * static_cast<double>(s.rows) * static_cast<double>(s.columns) *
         static_cast<double>(s.terms);
}

std::string rate(const ProductTimes& t, double ns) {
  return ns > 0 ? fmt::format("{:.1f}", flops_of(t.shape) / ns) : "-";
}
std::string share(double a, double b) { return b > 0 ? fmt::format("{:.1f}%", 100 * a / b) : "-"; }

Json to_json(const Report& report) {
  Json products = Json::array();
  for (const ProductTimes& t : report.products)
    products.push_back({{"rows", t.shape.rows},
                        {"columns", t.shape.columns},
                        {"terms", t.shape.terms},
                        {"own_ns", t.own_ns},
                        {"clblast_ns", t.clblast_ns},
                        {"clblast_tuned_ns", t.tuned_ns}});
  return {{"device", report.facts.name},
          {"driver", report.facts.driver},
          {"engine", version()},
          {"peak_flops", report.peak_flops},
          {"launches", report.launches.launches},
          {"empty_launch_ns", report.launches.empty_ns},
          {"engine_launch_ns", report.launches.engine_ns},
          {"lone_launch_ns", report.launches.alone_ns},
          {"products", products}};
}

void print_report(const Report& report) {
  const LaunchTimes& l = report.launches;
  print("{}, driver {}, {} compute units", report.facts.name, report.facts.driver,
        report.facts.units);
  if (report.peak_flops > 0) print(", peak {:.1f} GFLOP/s", 1e-9 * report.peak_flops);
  print("\n\na launch of {} that are waited for once: empty {}, of a run {} ({:.2f} times)\n",
        l.launches, duration_text(l.empty_ns), duration_text(l.engine_ns),
        l.engine_ns / l.empty_ns);
  print("an empty launch that is waited for: {}\n\n", duration_text(l.alone_ns));
  using enum Table::Align;
  Table table({{"rows", kRight},
               {"columns", kRight},
               {"terms", kRight},
               {"GFLOP/s", kRight},
               {"of peak", kRight},
               {"CLBlast", kRight},
               {"tuned", kRight},
               {"times as fast", kRight}});
  for (const ProductTimes& t : report.products) {
    const double other = t.tuned_ns > 0 ? std::min(t.tuned_ns, t.clblast_ns) : t.clblast_ns;
    table.add({std::to_string(t.shape.rows), std::to_string(t.shape.columns),
               std::to_string(t.shape.terms), rate(t, t.own_ns),
               share(1e9 * flops_of(t.shape) / t.own_ns, report.peak_flops), rate(t, t.clblast_ns),
               rate(t, t.tuned_ns), other > 0 ? fmt::format("{:.2f}", other / t.own_ns) : "-"});
  }
  print("products of float32 matrices\n{}", table.text(2));
}

int run(const Options& options) {
  const auto device = opencl::Device::open(options.device);
  Report report;
  report.facts = device->facts();
  if (report.facts.is_cpu()) report.peak_flops = tuning::peak_flops(best_isa(), report.facts.units);
  report.launches = measure_launches(device, options.products.rounds);
  report.products = measure_products(*device, options.products);
  if (options.json) print("{}\n", to_text(to_json(report)));
  else print_report(report);
  return kGood;
}

int run_command(int argc, char** argv) {
  CLI::App app("Measure products and launches on an OpenCL device", "engine_bench_opencl");
  Options options;
  app.add_option("--device", options.device, "index or part of a name, as behind opencl:");
  app.add_option("--rounds", options.products.rounds, "turns that each figure gets")
      ->check(count_up_to(10'000))
      ->capture_default_str();
  if (has_clblast())
    app.add_option("--tune-clblast", options.products.tune_seconds,
                   "search for CLBlast's parameters this many seconds, at random")
        ->check(number_between(0, 1e5));
  add_json(app, options.json);
  app.footer(
      "All that a line compares is measured in turns; figures are medians of the rounds.\n"
      "POCL_MAX_PTHREAD_COUNT=1 leaves PoCL one core.");
  return run_program(app, argc, argv, "fewer rounds", [&] { return run(options); });
}

}  // namespace
}  // namespace engine::bench

int main(int argc, char** argv) { return engine::bench::run_command(argc, argv); }
