// engine_bench_threads: what a host's threads bring on one session, and what a session's own cost.
#include "bench/threads/threads_bench.h"

#include "base/cpu_features.h"
#include "bench/program.h"
#include "tools/bench/statistics.h"
#include "tools/command.h"
#include "tools/inputs.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <engine/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace engine::bench {
namespace {

using namespace tools;

struct Options {
  std::string model;
  InputOptions inputs;
  ThreadsOptions threads;
  bool json = false;
};

struct Report {
  std::vector<HostThreads> hosts;
  std::vector<Handover> handovers;
  std::vector<SessionThreads> sessions;
};

constexpr const char* kFooter =
    "Three measurements, each in turns, round by round; figures are medians of the rounds:\n"
    "  - 1 to N threads of a host on one shared session of one thread, each with a bound call of\n"
    "    its own. 'efficiency' is the throughput by that of as many threads that run alone.\n"
    "  - A parallel loop of one task for each thread of a session's pool: right after the loop\n"
    "    before, while the workers still spin, and when they sleep. 'nothing' is what the caller\n"
    "    pays if the workers come too late to help; 'all meet' is until each worker has a task.\n"
    "  - A bound call on sessions of 1 to N threads.\n\n"
    "Example:\n"
    "  engine_bench_threads models/jet_tagger.onnx --threads 2\n"
    "docs/benchmarking.md says how to measure so that it can be believed.";

void add_options(CLI::App& app, Options& options) {
  ThreadsOptions& threads = options.threads;
  threads.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  add_model(app, options.model);
  app.add_option("--threads", threads.threads, "the most threads (default: as many as cores)")
      ->type_name("N")
      ->check(count_up_to(256));
  app.add_option("--device", threads.device, "cpu, cpu:scalar, cpu:avx2, cpu:avx512 or cpu:neon")
      ->capture_default_str();
  app.add_option("--batch", options.inputs.batch, "free first dimensions of the random inputs")
      ->type_name("N")
      ->check(count_up_to(1'000'000));
  app.add_option("--seconds", threads.seconds, "for each figure, over all rounds")
      ->check(number_between(0.0001, 1e4))
      ->capture_default_str();
  app.add_option("--rounds", threads.rounds, "turns that each figure gets")
      ->check(count_up_to(10'000))
      ->capture_default_str();
  add_json(app, options.json);
  app.set_version_flag("--version", fmt::format("engine {}", version()));
  app.footer(kFooter);
}

Ratio efficiency(const Report& report, const HostThreads& host) {
  std::vector<double> shares;
  for (const double rate : host.runs_per_s) shares.push_back(rate / host.threads);
  return ratio_of_medians(shares, report.hosts.front().runs_per_s);
}

Ratio speedup(const Report& report, const SessionThreads& session) {
  return ratio_of_medians(report.sessions.front().rounds_ns, session.rounds_ns);
}

Json to_json(const Ratio& ratio) {
  return {{"value", ratio.value}, {"low", ratio.low}, {"high", ratio.high}};
}

Json to_json(const Report& report, const Options& options) {
  Json hosts = Json::array(), pool = Json::array(), sessions = Json::array();
  for (const HostThreads& host : report.hosts)
    hosts.push_back({{"threads", host.threads},
                     {"runs_per_s", median(host.runs_per_s)},
                     {"efficiency", to_json(efficiency(report, host))},
                     {"rounds_runs_per_s", host.runs_per_s}});
  for (const Handover& handover : report.handovers)
    pool.push_back({{"threads", handover.threads},
                    {"pause_us", handover.pause_us},
                    {"all_meet", handover.all_join},
                    {"median_ns", median(handover.rounds_ns)},
                    {"rounds_ns", handover.rounds_ns}});
  for (const SessionThreads& session : report.sessions)
    sessions.push_back({{"threads", session.threads},
                        {"median_ns", median(session.rounds_ns)},
                        {"speedup", to_json(speedup(report, session))},
                        {"rounds_ns", session.rounds_ns}});
  return {{"model", options.model},
          {"device", options.threads.device},
          {"batch", std::max<Index>(1, options.inputs.batch)},
          {"engine", version()},
          {"cpu", cpu_info().model},
          {"host_threads", hosts},
          {"pool", pool},
          {"session_threads", sessions}};
}

std::string interval(const Ratio& ratio) {
  return fmt::format("{:.2f} to {:.2f}", ratio.low, ratio.high);
}

std::string noise_text(const std::vector<double>& rounds) {
  return fmt::format("{:.1f}%", 100 * noise_of(rounds));
}

void print_hosts(const Report& report) {
  using enum Table::Align;
  Table table({{"host threads", kRight},
               {"throughput", kRight},
               {"noise", kRight},
               {"efficiency", kRight},
               {"95%", kLeft}});
  for (const HostThreads& host : report.hosts) {
    const Ratio ratio = efficiency(report, host);
    table.add({std::to_string(host.threads), rate_text(median(host.runs_per_s), "runs/s"),
               noise_text(host.runs_per_s), fmt::format("{:.1f}%", 100 * ratio.value),
               interval(ratio)});
  }
  print("threads of a host, a bound call each, one session\n{}", table.text(2));
}

void print_handovers(const Report& report) {
  if (report.handovers.empty()) return;
  using enum Table::Align;
  Table table({{"threads", kRight},
               {"after", kRight},
               {"tasks", kLeft},
               {"time", kRight},
               {"noise", kRight}});
  for (const Handover& h : report.handovers)
    table.add({std::to_string(h.threads), h.pause_us ? duration_text(1e3 * h.pause_us) : "0 ns",
               h.all_join ? "all meet" : "nothing", duration_text(median(h.rounds_ns)),
               noise_text(h.rounds_ns)});
  print("\na loop on a session's pool, one task for each thread\n{}", table.text(2));
}

void print_sessions(const Report& report) {
  using enum Table::Align;
  Table table({{"session threads", kRight},
               {"time", kRight},
               {"noise", kRight},
               {"speedup", kRight},
               {"95%", kLeft}});
  for (const SessionThreads& session : report.sessions) {
    const Ratio ratio = speedup(report, session);
    table.add({std::to_string(session.threads), duration_text(median(session.rounds_ns)),
               noise_text(session.rounds_ns), fmt::format("{:.2f}", ratio.value), interval(ratio)});
  }
  print("\na bound call on a session's threads\n{}", table.text(2));
}

int run(Options options) {
  options.inputs.random = "1";
  const Model model = Model::load(options.model);
  const Tensors inputs = gather_inputs(model, options.inputs);
  Report report;
  report.sessions = measure_session_threads(model, inputs, options.threads);
  report.hosts = measure_host_threads(model, inputs, options.threads);
  report.handovers = measure_handover(options.threads);
  if (options.json) {
    print("{}\n", to_text(to_json(report, options)));
    return kGood;
  }
  print_hosts(report);
  print_handovers(report);
  print_sessions(report);
  return kGood;
}

int run_command(int argc, char** argv) {
  CLI::App app("Measure what threads bring and cost", "engine_bench_threads");
  Options options;
  add_options(app, options);
  return run_program(app, argc, argv, "a smaller --batch or fewer --threads",
                     [&] { return run(options); });
}

}  // namespace
}  // namespace engine::bench

int main(int argc, char** argv) { return engine::bench::run_command(argc, argv); }
