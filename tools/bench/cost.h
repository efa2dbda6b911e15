// What nodes cost, and what they would cost at best.
#pragma once

#include "tools/bench/timing.h"
#include "tuning/machine_peak.h"

#include <engine/profile.h>

#include <string>
#include <vector>

namespace engine::tools {

/// One node of a profile, summed up.
struct NodeCost {
  std::string name, op, kernel;
  Index flops = 0, bytes = 0;
  double median_ns = 0;
  double share = 0;     ///< of the time of all nodes
  double roofline = 0;  ///< least possible time over median
  bool memory_bound = false;
  double floor_ns = 0;            ///< least possible time
  std::string level;              ///< of memory that the data are counted to lie in
  std::vector<double> rounds_ns;  ///< medians of up to ten groups of runs, in turn
};

struct ModelCost {
  std::vector<NodeCost> nodes;  ///< in order of execution
  Index flops = 0, bytes = 0;
  double nodes_ns = 0;    ///< sum of the medians
  double least_ns = 0;    ///< sum of the least possible times
  double memory_ns = 0;   ///< time in nodes that are memory-bound by the roofline
  bool in_cache = false;  ///< all that a run touches fits a core's own caches
};

ModelCost cost_of(const Profile& profile, const tuning::MachinePeak& peak);

/// Sets what follows from flops, bytes, the median and the size of what is touched.
void hold_against(const tuning::MachinePeak& peak, double working_set, NodeCost& node);

/// What to say to whoever wants it faster, in one line.
struct AdviceInput {
  const Timing& timing;
  const ModelCost& cost;
  int threads = 1, cores = 1;
  Index batch = 1;
  std::string device;
};
std::string advice(const AdviceInput& input);

}  // namespace engine::tools
