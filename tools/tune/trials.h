// Two tables of choices against each other: a model run with both in turns, timed layer by layer.
#pragma once

#include "graph/executor/interpreter.h"
#include "graph/planner/plan.h"

#include <engine/session.h>

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace engine::graph {
class Context;
}

namespace engine::tools {

/// Times under the first table over times under the second.
struct TrialResult {
  std::map<std::string, double, std::less<>> layers;  ///< those with a choice, by their names
  double whole = 1;                                   ///< the model
  bool equal_bits = true;                             ///< of the outputs; if not, nothing was timed
};

/// A model with fixed inputs. Weights and activations come from where they are in a run, since all
/// of the model runs. The session outlives this.
class Trials {
 public:
  /// Throws Error: inputs that do not fit, or kUnsupported if shapes depend on values.
  Trials(const Session& session, const Tensors& inputs);

  /// Layers of the model that have choices, in order of execution, each once.
  const std::vector<ops::Tunable>& layers() const noexcept { return layers_; }
  /// Nodes that are such a layer.
  int nodes_of(const std::string& layer) const { return nodes_.at(layer); }

  /// Layers of the table whose outputs have other bits than with the defaults, when their nodes run
  /// on the values of a run with the defaults, or that cannot be run. Only a defective kernel or
  /// driver gives any.
  std::set<std::string> with_other_bits(const ops::TuningTable& table) const;

  /// Compares the outputs under both, then runs both in turns, in several placements of their
  /// memory. Nothing if `stop` was set.
  std::optional<TrialResult> compare(const ops::TuningTable& first, const ops::TuningTable& second,
                                     const std::atomic<bool>& stop) const;

 private:
  std::shared_ptr<const graph::Plan> plan(const ops::TuningTable& table) const;
  graph::Limits limits(const ops::TuningTable* table) const;
  bool has_bits(std::size_t node, std::span<const Tensor> in, std::span<const Tensor> out,
                const ops::TuningTable& table) const;
  void fill(graph::Context& context) const;

  const Session& session_;
  std::vector<Tensor> inputs_;
  std::vector<Shape> shapes_;
  std::vector<std::string> layer_of_task_;  // empty: nothing to choose
  std::vector<std::string> layer_of_node_;  // the same
  std::vector<ops::Tunable> layers_;
  std::map<std::string, int, std::less<>> nodes_;
};

}  // namespace engine::tools
