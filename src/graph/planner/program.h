// Program: a graph compiled for one backend: optimised, its constants packed. Shape-independent;
// shared by all sessions of a model on a device.
#pragma once

#include "graph/control_flow.h"
#include "graph/graph.h"
#include "graph/passes/passes.h"
#include "ops/backend.h"

#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace engine::graph {

class Program {
 public:
  /// Takes the graph, runs the passes, and packs. Constants that only packed kernels read are let
  /// go as soon as they are packed, so the peak is one copy of the weights and one packed tensor.
  Program(Graph graph, std::shared_ptr<const ops::Backend> backend,
          const std::vector<std::string>& disabled_passes);

  const Graph& graph() const noexcept { return graph_; }
  const ops::Backend& backend() const noexcept { return *backend_; }
  const std::vector<PassReport>& reports() const noexcept { return reports_; }
  /// Packed constants of a node, or null.
  const ops::Packed* packed(std::size_t node) const { return packed_[node].get(); }
  /// Whether a node's output shapes depend on the values of inputs, whatever the input shapes are.
  bool data_dependent() const noexcept { return data_dependent_; }

  /// The program of a body of If, Loop or Scan; made at first use, then kept. Thread-safe.
  const Program& body(const Graph& body) const;

 private:
  void pack();

  Graph graph_;
  std::shared_ptr<const ops::Backend> backend_;
  std::vector<std::string> disabled_passes_;
  std::vector<PassReport> reports_;
  std::vector<std::shared_ptr<const ops::Packed>> packed_;
  bool data_dependent_ = false;
  mutable std::mutex mutex_;
  mutable std::map<const Graph*, std::unique_ptr<const Program>> bodies_;
};

}  // namespace engine::graph
