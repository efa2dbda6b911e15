// What a graph costs in theory, at given input shapes.
#pragma once

#include "graph/graph.h"

#include <map>
#include <string>

namespace engine::tools {

struct GraphCosts {
  Index flops = 0;             ///< of one run; a multiply-add counts 2
  Index weight_bytes = 0;      ///< of all constants
  Index activation_bytes = 0;  ///< of the values that live at once at the worst moment
  Index unknown_nodes = 0;     ///< left out, since their shapes depend on values
};

/// `shapes` by input name; other inputs keep what the graph says. Changes the types in `graph`.
/// Throws Error (kInvalidModel) if the shapes do not fit.
GraphCosts costs_of(graph::Graph& graph, const std::map<std::string, Shape>& shapes);

}  // namespace engine::tools
