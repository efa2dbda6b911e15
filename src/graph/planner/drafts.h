// The steps of a plan before they have memory: which nodes run, in which layouts, on how many
// samples at a time, by which kernels.
#pragma once

#include "graph/planner/planned_values.h"
#include "graph/planner/program.h"
#include "graph/planner/stretches.h"

#include <memory>
#include <vector>

namespace engine::graph {

struct Draft {
  std::size_t node;  ///< in the graph, or Task::kReorder
  std::vector<ValueId> inputs, outputs;
  unsigned sample_inputs = 0;        ///< of which the step reads a piece, if it is in a stretch
  const Stretch* stretch = nullptr;  ///< null: none
  /// Of the whole batch, or of a piece of it and of the last, shorter piece. Null: a view, which
  /// shares the memory of its first input.
  std::shared_ptr<const ops::Kernel> kernel = nullptr, last_kernel = nullptr;
};

struct Drafts {
  PlannedValues values;
  std::vector<Draft> steps;
  std::vector<ValueId> outputs;    ///< the graph's, or copies of them
  std::vector<Stretch> stretches;  ///< that steps point to
};

/// Drafts the program at the shapes of all its values, with `threads` tasks at once; kernels take
/// what `tuning`, which may be null, has for them. `in_pieces` says whether stretches are looked
/// for.
Drafts draft_steps(const Program& program, Shapes shapes, int threads,
                   const ops::TuningTable* tuning, bool in_pieces);

}  // namespace engine::graph
