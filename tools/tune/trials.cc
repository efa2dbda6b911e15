#include "tools/tune/trials.h"

#include "base/aligned.h"
#include "base/check.h"
#include "base/fp_state.h"
#include "session/session_impl.h"
#include "tools/bench/statistics.h"

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
  for (const graph::Step& step : defaults->steps) {
    std::string& name = layer_of_task_[step.task];
    auto layer = name.empty() ? step.kernel->tunable() : std::nullopt;
    if (!layer) continue;
    name = layer->layer;
    if (++nodes_[name] == 1) layers_.push_back(std::move(*layer));
  }
}

std::shared_ptr<const graph::Plan> Trials::plan(const ops::TuningTable& table) const {
  const Session::Impl& impl = *session_.impl();
  if (impl.program->data_dependent()) return nullptr;
  return graph::make_plan(impl.program, shapes_, impl.pool->concurrency(), impl.options.max_bytes,
                          &table);
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
    // One memory for both: pages of another kind or at another place would decide instead.
    const AlignedBytes arena =
        aligned_bytes(std::max(plans[0]->arena_bytes, plans[1]->arena_bytes) + kLine * kLines);
    ENGINE_REQUIRE(arena, ErrorCode::kResourceExhausted,
                   "no memory for a run; use a smaller batch");
    std::byte* place = arena.get() + kLine * (bits() % kLines);
    graph::Context first_context(plans[0], pool, place), second_context(plans[1], pool, place);
    graph::Context* const contexts[] = {&first_context, &second_context};
    const auto add = [&](int i, Times* to) {
      fill(*contexts[i]);
      add_run(*contexts[i], layer_of_task_, to);
    };
    add(0, nullptr);
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
