// Runs a program node by node where shapes depend on the data: NonZero, Loop, and what follows
// them.
#pragma once

#include "base/pool.h"
#include "graph/planner/program.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace engine::graph {

/// Budgets of one run, and the choices that its kernels take.
struct Limits {
  std::size_t max_bytes = 0;
  Index max_trips = 0;
  std::shared_ptr<Index> trips = std::make_shared<Index>(0);  ///< taken so far
  const ops::TuningTable* tuning = nullptr;                   ///< or null
  /// Told of each node that runs, in bodies too, and whether the host computes for a device that
  /// has memory of its own. Empty: nobody asks.
  std::function<void(const Node& node, bool on_host)> placed = {};
};

/// Told after each node, by its position.
using Observer =
    std::function<void(std::size_t node, std::span<const Tensor> in, std::span<const Tensor> out)>;

/// Runs once with inputs in the graph's order. Every tensor has memory of its own, let go after its
/// last use. Throws Error: kRunFailed, kResourceExhausted, prefixed with the node.
std::vector<Tensor> interpret(const Program& program, std::span<const Tensor> inputs, Pool& pool,
                              const Limits& limits, const Observer& observer = {});

/// Runs one node on given inputs; a constant that was let go after packing is undefined. `used`
/// bytes of the limit are taken already. Throws Error without the node's label.
std::vector<Tensor> run_node(const Program& program, std::size_t node, std::span<const Tensor> in,
                             Pool& pool, const Limits& limits, std::size_t used = 0);

/// Text for a fault, without the node.
std::string describe(const ops::Fault& fault);

/// The error code for a fault.
ErrorCode code_of(Status::Fault fault) noexcept;

}  // namespace engine::graph
