// A graph as an SVG picture.
#pragma once

#include "graph/graph.h"

#include <string>

namespace engine::tools {

/// Layers from top to bottom; boxes coloured by family of operators, with name, attributes and
/// shapes of weights; lines labelled with types. Throws Error (kInvalidArgument) for graphs of more
/// than 3,000 nodes, which no drawing makes readable.
std::string draw(const graph::Graph& graph, const std::string& title);

}  // namespace engine::tools
