// Shapes of all values of a program for given input shapes, and the small values that follow.
#pragma once

#include "graph/planner/program.h"

#include <optional>
#include <span>
#include <vector>

namespace engine::graph {

/// What is known of every value once the input shapes are.
struct Shapes {
  std::vector<std::optional<Shape>> shape;  ///< by value; nothing: not reached
  std::vector<Tensor> known;                ///< by value; constants and values computed from shapes
  std::vector<bool> folded;                 ///< by node: its outputs are all known, it need not run
};

/// Walks the graph. Nothing if some shape depends on values that only the run knows. Throws Error
/// (kInvalidArgument, kInvalidModel) prefixed with the node if shapes do not fit.
std::optional<Shapes> infer_shapes(const Program& program, std::span<const Shape> input_shapes);

}  // namespace engine::graph
