// engine bench: how fast a model runs, where the time goes, how far that is from the roof.
#include "tools/command.h"

#include "base/cpu_features.h"
#include "tools/bench/cost.h"
#include "tools/bench/timing.h"
#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <engine/session.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>

namespace engine::tools {
namespace {

struct Options {
  std::string model, trace;
  InputOptions inputs;
  SessionOptions session;
  double seconds = 5;
  bool json = false, per_node = false;
};

struct Result {
  std::string device;
  Index batch = 1;
  Timing timing;
  ModelCost cost;
  Profile profile;
  double roofline_share = 0;
  std::string advice;
};

Isa isa_of(const std::string& device) {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kNeon})
    if (device == std::string("cpu:") + to_string(isa)) return isa;
  return Isa::kScalar;
}

// Extent of the first free dimension that comes first in its input.
Index batch_of(const Model& model, const Tensors& inputs) {
  for (const TensorInfo& info : model.inputs()) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end() || info.shape.empty() || !info.shape[0].free()) continue;
    if (found->second.rank() > 0) return found->second.shape()[0];
  }
  return 1;
}

void fill(BoundCall& call, const TensorInfo& info, const Tensor& tensor) {
  if (tensor.bytes() == 0) return;
  const auto copy = [&]<class T>(T) {
    std::memcpy(call.input<T>(info.name).data(), tensor.data(), tensor.bytes());
  };
  switch (info.dtype) {
    case DType::kFloat32: return copy(float{});
    case DType::kFloat64: return copy(double{});
    case DType::kFloat16: return copy(Float16{});
    case DType::kBFloat16: return copy(BFloat16{});
    case DType::kInt4: return copy(Int4{});
    case DType::kUInt4: return copy(UInt4{});
    case DType::kInt8: return copy(std::int8_t{});
    case DType::kUInt8: return copy(std::uint8_t{});
    case DType::kInt16: return copy(std::int16_t{});
    case DType::kUInt16: return copy(std::uint16_t{});
    case DType::kInt32: return copy(std::int32_t{});
    case DType::kUInt32: return copy(std::uint32_t{});
    case DType::kInt64: return copy(std::int64_t{});
    case DType::kUInt64: return copy(std::uint64_t{});
    case DType::kBool: return copy(bool{});
    case DType::kString: throw Error(ErrorCode::kUnsupported, "inputs of text cannot be bound");
  }
}

// The model bound to the inputs' shapes, or nothing if its shapes depend on values.
std::optional<BoundCall> try_bind(const Session& session, const Tensors& inputs) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
  try {
    BoundCall call = session.bind(shapes);
    for (const TensorInfo& info : session.model().inputs())
      if (const auto found = inputs.find(info.name); found != inputs.end())
        fill(call, info, found->second);
    return call;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResourceExhausted) throw;
    remark(std::string("not bound to fixed shapes, timed as whole runs: ") + error.what());
    return std::nullopt;
  }
}

void require_ok(const BoundCall& call, const Status& status) {
  if (!status) throw Error(ErrorCode::kRunFailed, call.message(status));
}

Profile profile_runs(BoundCall& call, double median_ns) {
  constexpr double kBudget = 0.5e9;  // ns
  const auto runs = static_cast<Index>(std::clamp(kBudget / std::max(1.0, median_ns), 3.0, 50.0));
  Profile warm, profile;
  require_ok(call, call.run(warm));
  for (Index i = 0; i < runs; ++i) require_ok(call, call.run(profile));
  return profile;
}

Result measure_model(const Session& session, const Tensors& inputs, const Options& options) {
  Result result;
  result.device = session.device();
  result.batch = batch_of(session.model(), inputs);
  std::optional<BoundCall> call = try_bind(session, inputs);
  const auto bound = [&](Index runs) {
    for (Index i = 0; i < runs; ++i)
      if (const Status status = call->run(); !status) require_ok(*call, status);
  };
  const auto whole = [&](Index runs) {
    for (Index i = 0; i < runs; ++i) session.run(inputs);
  };
  result.timing = call ? measure(bound, options.seconds) : measure(whole, options.seconds);
  if (call) result.profile = profile_runs(*call, result.timing.median_ns);
  const int threads = options.session.threads;
  const tuning::MachinePeak peak = tuning::measure_peak(isa_of(result.device), threads);
  result.cost = cost_of(result.profile, peak);
  result.roofline_share = result.cost.least_ns / result.timing.median_ns;
  result.advice =
      advice({result.timing, result.cost, threads, cpu_info().cores, result.batch, result.device});
  return result;
}

Json to_json(const Result& result, const Options& options) {
  Json nodes = Json::array();
  for (const NodeCost& node : result.cost.nodes)
    nodes.push_back({{"name", node.name},
                     {"op", node.op},
                     {"kernel", node.kernel},
                     {"flops", node.flops},
                     {"bytes", node.bytes},
                     {"median_ns", node.median_ns},
                     {"share", node.share},
                     {"roofline_share", node.roofline}});
  const Timing& timing = result.timing;
  return {{"model", options.model},
          {"min_ns", timing.min_ns},
          {"median_ns", timing.median_ns},
          {"p99_ns", timing.p99_ns},
          {"throughput_per_s", timing.runs_per_s * static_cast<double>(result.batch)},
          {"flops", result.cost.flops},
          {"roofline_share", result.roofline_share},
          {"device", result.device},
          {"threads", options.session.threads},
          {"batch", result.batch},
          {"runs", timing.runs},
          {"stable", timing.stable},
          {"advice", result.advice},
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

void print_result(const Result& result, const Options& options) {
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

int run(const Options& options) {
  const Model model = Model::load(options.model);
  const Session session(model, options.session);
  InputOptions input_options = options.inputs;
  if (input_options.random.empty()) input_options.random = "1";
  const Result result = measure_model(session, gather_inputs(model, input_options), options);
  if (!options.trace.empty()) write_file(options.trace, to_trace_json(result.profile));
  if (options.json) print("{}\n", to_text(to_json(result, options)));
  else print_result(result, options);
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
  command->footer(
      "Example:\n"
      "  engine bench models/jet_tagger.onnx --batch 64 --threads 2 --trace trace.json\n"
      "Inputs that are not given are random.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
