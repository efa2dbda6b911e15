#include "tools/tune/trials.h"

#include "base/aligned.h"
#include "base/check.h"
#include "base/fp_state.h"
#include "session/session_impl.h"
#include "tools/bench/statistics.h"

#include <engine/compare.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace engine::tools {
namespace {

constexpr int kPlacements = 3;
constexpr std::size_t kLine = 64, kLines = 256;  // a placement begins at one of these

// Nanoseconds of each run, by layer; "" is the whole model.
using Times = std::map<std::string, std::vector<double>, std::less<>>;

void add_run(graph::Context& context, const std::vector<std::string>& layer_of_task, Times* times) {
  Profile profile;
  const Status status = context.run(profile);
  ENGINE_REQUIRE(status.ok(), ErrorCode::kRunFailed, "the model cannot be run on these inputs (",
                 graph::describe({status.fault, status.a, status.b}), ")");
  if (!times) return;
  std::map<std::string, double> sums;
  for (std::size_t t = 0; t < profile.nodes.size(); ++t) {
    const auto ns = static_cast<double>(profile.nodes[t].duration_ns[0]);
    sums[""] += ns;
    if (!layer_of_task[t].empty()) sums[layer_of_task[t]] += ns;
  }
  for (const auto& [layer, ns] : sums) (*times)[layer].push_back(std::max(1.0, ns));
}

// The median of the ratios of runs that followed each other.
double ratio(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < first.size(); ++i) ratios.push_back(first[i] / second[i]);
  return median(ratios);
}

// Both plans with memory. On the host it is one memory for both: pages of another kind or at
// another place would decide instead.
class TwoContexts {
 public:
  TwoContexts(const std::shared_ptr<const graph::Plan> (&plans)[2], Pool& pool,
              std::mt19937& bits) {
    if (!plans[0]->program->backend().has_own_memory()) {
      arena_ =
          aligned_bytes(std::max(plans[0]->arena_bytes, plans[1]->arena_bytes) + kLine * kLines);
      ENGINE_REQUIRE(arena_, ErrorCode::kResourceExhausted,
                     "no memory for a run; use a smaller batch");
    }
    std::byte* place = arena_ ? arena_.get() + kLine * (bits() % kLines) : nullptr;
    for (int i = 0; i < 2; ++i)
      contexts_[i] = std::make_unique<graph::Context>(plans[i], pool, place);
  }
  graph::Context* first() const noexcept { return contexts_[0].get(); }
  graph::Context* second() const noexcept { return contexts_[1].get(); }

 private:
  AlignedBytes arena_;
  std::unique_ptr<graph::Context> contexts_[2];
};

bool same_outputs(const graph::Context& a, const graph::Context& b) {
  for (std::size_t i = 0; i < a.plan().outputs.size(); ++i) {
    const graph::Port& port = a.plan().outputs[i];
    Tensor from_a(port.dtype, port.shape), from_b(port.dtype, port.shape);
    if (from_a.bytes() == 0) continue;
    std::memcpy(from_a.mutable_data(), a.output(i), from_a.bytes());
    std::memcpy(from_b.mutable_data(), b.output(i), from_b.bytes());
    if (engine::compare(from_a, from_b).unequal_bits != 0) return false;
  }
  return true;
}

// How many pairs of runs a placement has, by the time of one run.
int pairs_for(double run_ns) {
  constexpr double kWanted = 0.15e9;  // ns
  return static_cast<int>(std::clamp(kWanted / std::max(1.0, run_ns), 2.0, 40.0));
}

}  // namespace

Trials::Trials(const Session& session, const Tensors& inputs) : session_(session) {
  inputs_ = session.impl()->ordered(inputs);
  for (const Tensor& tensor : inputs_) shapes_.push_back(tensor.shape());
  const auto defaults = plan({});
  ENGINE_REQUIRE(defaults, ErrorCode::kUnsupported,
                 "the model cannot be tuned (the shape of a value inside it depends on the values "
                 "of the inputs)");
  layer_of_task_.resize(defaults->tasks.size());
  layer_of_node_.resize(defaults->program->graph().nodes.size());
  for (const graph::Step& step : defaults->steps) {
    std::string& name = layer_of_task_[step.task];
    auto layer = name.empty() ? step.kernel->tunable() : std::nullopt;
    if (!layer) continue;
    name = layer->layer;
    layer_of_node_.at(defaults->tasks[step.task].node) = name;
    if (++nodes_[name] == 1) layers_.push_back(std::move(*layer));
  }
}

std::shared_ptr<const graph::Plan> Trials::plan(const ops::TuningTable& table) const {
  const Session::Impl& impl = *session_.impl();
  if (impl.program->data_dependent()) return nullptr;
  return graph::make_plan(impl.program, shapes_, impl.pool->concurrency(), impl.options.max_bytes,
                          &table);
}

graph::Limits Trials::limits(const ops::TuningTable* table) const {
  const SessionOptions& options = session_.impl()->options;
  graph::Limits limits{options.max_bytes, options.max_trips};
  limits.tuning = table;
  return limits;
}

bool Trials::has_bits(std::size_t node, std::span<const Tensor> in, std::span<const Tensor> out,
                      const ops::TuningTable& table) const {
  const Session::Impl& impl = *session_.impl();
  try {
    const auto got = graph::run_node(*impl.program, node, in, *impl.pool, limits(&table));
    for (std::size_t k = 0; k < out.size(); ++k)
      if (out[k].defined() && engine::compare(got.at(k), out[k]).unequal_bits != 0) return false;
    return true;
  } catch (const Error&) {  // a device that cannot run it
    return false;
  }
}

std::set<std::string> Trials::with_other_bits(const ops::TuningTable& table) const {
  const FpState fp;
  const Session::Impl& impl = *session_.impl();
  std::set<std::string> found;
  const auto check = [&](std::size_t node, std::span<const Tensor> in,
                         std::span<const Tensor> out) {
    const std::string& layer = layer_of_node_[node];
    const ops::Choice* choice = ops::find_choice(&table, layer);
    if (!choice || choice->empty()) return;
    if (!has_bits(node, in, out, table)) found.insert(layer);
  };
  graph::interpret(*impl.program, inputs_, *impl.pool, limits(nullptr), check);
  return found;
}

void Trials::fill(graph::Context& context) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if (inputs_[i].bytes()) std::memcpy(context.input(i), inputs_[i].data(), inputs_[i].bytes());
}

std::optional<TrialResult> Trials::compare(const ops::TuningTable& first,
                                           const ops::TuningTable& second,
                                           const std::atomic<bool>& stop) const {
  const FpState fp;
  Pool& pool = *session_.impl()->pool;
  const std::shared_ptr<const graph::Plan> plans[2] = {plan(first), plan(second)};
  Times times[2];
  std::mt19937 bits(std::random_device{}());
  for (int placement = 0; placement < kPlacements; ++placement) {
    const TwoContexts both(plans, pool, bits);
    graph::Context* const contexts[] = {both.first(), both.second()};
    const auto add = [&](int i, Times* to) {
      fill(*contexts[i]);
      add_run(*contexts[i], layer_of_task_, to);
    };
    for (const int i : {0, 1}) add(i, nullptr);
    if (!same_outputs(*contexts[0], *contexts[1])) return TrialResult{{}, 1, false};
    int pairs = 1;
    for (int p = 0; p < pairs; ++p) {
      if (stop) return std::nullopt;
      for (const int i : {p % 2, 1 - p % 2}) add(i, &times[i]);
      if (p == 0) pairs = pairs_for(times[0].at("").back());
    }
  }
  TrialResult result;
  for (const auto& [layer, ns] : times[0])
    (layer.empty() ? result.whole : result.layers[layer]) = ratio(ns, times[1].at(layer));
  return result;
}

}  // namespace engine::tools
