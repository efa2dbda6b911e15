// Plan: a program at fixed input shapes: kernels bound, memory laid out in one arena.
#pragma once

#include "graph/planner/program.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace engine::graph {

using ops::Place;

/// One kernel with its operands.
struct Step {
  std::shared_ptr<const ops::Kernel> kernel;
  std::vector<Place> in, out;
  std::size_t scratch = 0;  ///< offset in the arena
  std::size_t task = 0;     ///< of which it is all, or one piece (stretches.h)
};

/// What a node of the graph has to do, in one step or piece by piece.
struct Task {
  std::size_t node = 0;  ///< in the program's graph, or kCopy, kReorder
  std::string kernel;
  Index flops = 0, bytes = 0;

  static constexpr std::size_t kCopy = static_cast<std::size_t>(-1);
  static constexpr std::size_t kReorder = static_cast<std::size_t>(-2);
};

/// An input or an output of a plan.
struct Port {
  DType dtype = DType::kFloat32;
  Shape shape;
  Place place;
};

/// Immutable; shared by all contexts.
struct Plan {
  std::shared_ptr<const Program> program;
  std::vector<Step> steps;
  std::vector<Task> tasks;
  std::vector<Port> inputs, outputs;
  std::size_t arena_bytes = 0;
  std::vector<Tensor> owned;  ///< constants that exist for these shapes only

  /// For messages: the node of a step, or "the run" for what is none.
  std::string label(std::size_t step) const;
};

/// Plans for fixed shapes of all graph inputs, with `threads` tasks at once. Nothing if a shape
/// inside depends on values that are not known before the run. Kernels take what `tuning` has for
/// them. Throws Error: shapes that do not fit, or an arena above `max_bytes`.
std::shared_ptr<const Plan> make_plan(std::shared_ptr<const Program> program,
                                      std::span<const Shape> input_shapes, int threads,
                                      std::size_t max_bytes,
                                      const ops::TuningTable* tuning = nullptr);

}  // namespace engine::graph
