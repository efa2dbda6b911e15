#include "tools/bench/cost.h"

#include "tools/bench/statistics.h"
#include "tools/text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace engine::tools {
namespace {

// Kernels that are one operator's scalar text, not written for vectors.
bool is_generic(const NodeCost& node) {
  for (const char* part : {"generic", "evaluate", "reference"})
    if (node.kernel.find(part) != std::string::npos) return true;
  return false;
}

double share_of_generic(const ModelCost& cost) {
  double share = 0;
  for (const NodeCost& node : cost.nodes) share += is_generic(node) ? node.share : 0;
  return share;
}

// The operator that takes most of the time, with its share.
std::pair<std::string, double> heaviest(const ModelCost& cost) {
  std::map<std::string, double> shares;
  for (const NodeCost& node : cost.nodes) shares[node.op] += node.share;
  std::pair<std::string, double> most;
  for (const auto& entry : shares)
    if (entry.second > most.second) most = entry;
  return most;
}

// Runs that follow each other share what disturbs them; groups of them do so less.
std::vector<double> rounds_of(const std::vector<std::int64_t>& durations) {
  const std::size_t count = durations.size(), groups = std::min<std::size_t>(10, count);
  std::vector<double> rounds;
  for (std::size_t i = 0; i < groups; ++i) {
    std::vector<double> group;
    for (std::size_t k = count * i / groups; k < count * (i + 1) / groups; ++k)
      group.push_back(std::max(1.0, static_cast<double>(durations[k])));  // a clock may stand still
    rounds.push_back(median(group));
  }
  return rounds;
}

}  // namespace

void hold_against(const tuning::MachinePeak& peak, double working_set, NodeCost& node) {
  const auto flops = static_cast<double>(node.flops), bytes = static_cast<double>(node.bytes);
  node.floor_ns = peak.least_ns(flops, bytes, working_set);
  node.roofline = node.median_ns > 0 ? node.floor_ns / node.median_ns : 0;
  node.memory_bound = peak.memory_bound(flops, bytes, working_set);
  node.level = peak.level_for(working_set).name;
}

ModelCost cost_of(const Profile& profile, const tuning::MachinePeak& peak) {
  ModelCost cost;
  for (const NodeProfile& node : profile.nodes) cost.bytes += node.bytes;
  const double working_set = static_cast<double>(cost.bytes);
  const std::string_view level = peak.level_for(working_set).name;
  cost.in_cache = level == "L1" || level == "L2";
  for (const NodeProfile& node : profile.nodes) {
    NodeCost entry;
    entry.name = node.name;
    entry.op = node.op;
    entry.kernel = node.kernel;
    entry.flops = node.flops;
    entry.bytes = node.bytes;
    std::vector<double> times(node.duration_ns.begin(), node.duration_ns.end());
    if (!times.empty()) entry.median_ns = quantile(times, 0.5);
    entry.rounds_ns = rounds_of(node.duration_ns);
    hold_against(peak, working_set, entry);
    cost.flops += node.flops;
    cost.nodes_ns += entry.median_ns;
    cost.least_ns += entry.floor_ns;
    if (entry.memory_bound) cost.memory_ns += entry.median_ns;
    cost.nodes.push_back(std::move(entry));
  }
  for (NodeCost& node : cost.nodes)
    node.share = cost.nodes_ns > 0 ? node.median_ns / cost.nodes_ns : 0;
  return cost;
}

std::string advice(const AdviceInput& in) {
  const double median = in.timing.median_ns;
  if (in.device == "reference")
    return "the reference computes in double precision for judging, not for speed; try --device "
           "cpu";
  if (in.device == "cpu:scalar") return "no vector instructions are used; try --device cpu";
  if (in.timing.p99_ns > 2 * median && !in.timing.stable)
    return "times scatter: something else runs on this machine; measure again when it is idle";
  if (const double share = share_of_generic(in.cost); share > 0.2)
    return fmt::format("{:.0f}% of the time is spent in generic kernels", 100 * share);
  if (!in.cost.nodes.empty() && in.cost.nodes_ns < 0.5 * median && in.batch < 16)
    return "most of the time is the cost of a call, not of its nodes; try a larger --batch";
  if (in.threads == 1 && in.cores > 1 && median > 100'000)
    return fmt::format("one thread is used of {}; try --threads {}", in.cores, in.cores);
  if (in.threads > 1 && median < 20'000)
    return "the work of one run is too small to share; try --threads 1";
  if (in.cost.memory_ns > 0.5 * in.cost.nodes_ns && !in.cost.in_cache)
    return fmt::format("memory-bound for {:.0f}% of the time: {} are moved in each run{}",
                       100 * in.cost.memory_ns / in.cost.nodes_ns,
                       bytes_text(static_cast<double>(in.cost.bytes)),
                       in.batch < 8 ? "; a larger --batch reads the weights less often" : "");
  if (in.cost.in_cache && in.batch < 16 && median < 20'000 && !in.cost.nodes.empty())
    return "everything fits the cache and layers are small: a larger --batch raises the throughput";
  const auto [op, share] = heaviest(in.cost);
  if (op.empty()) return "this model cannot be bound to fixed shapes, so its nodes are not timed";
  return fmt::format("compute-bound; {} takes {:.0f}% of the time", op, 100 * share);
}

}  // namespace engine::tools
