// Which tensors of a plan lie blocked (ops/layout.h), and where they are reordered.
#pragma once

#include "graph/graph.h"
#include "ops/backend.h"

#include <vector>

namespace engine::graph {

/// A node that runs, with what its kernels offer.
struct LayoutCandidate {
  const Node* node;
  ops::LayoutOffer offer;
};

struct Layouts {
  /// By value, as its producer writes it.
  std::vector<ops::Layout> value;

  /// A reordered copy of a value.
  struct Copy {
    ValueId source;
    ops::Layout layout;
  };
  std::vector<Copy> copies;

  /// By candidate and input: the copy that it reads, or -1 for the value itself.
  std::vector<std::vector<int>> copy_of_input;
  /// By graph output, the same.
  std::vector<int> copy_of_output;
};

/// Follows the nodes in order. A node runs blocked if that is worth reordering for, or if one of
/// the inputs concerned is blocked already; views and graph outputs are plain. Each value is copied
/// at most once in each direction, and has the border that covers what its readers need.
Layouts choose_layouts(const Graph& graph, const std::vector<LayoutCandidate>& nodes);

}  // namespace engine::graph
