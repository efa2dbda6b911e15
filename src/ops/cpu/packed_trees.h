// Ensembles of trees in the form that the kernels walk: one comparison a step, no case for NaN.
#pragma once

#include "ops/cpu/kernel.h"
#include "ops/tree_ensemble.h"

#include <optional>
#include <vector>

namespace engine::cpu {

/// A branch goes on at `next`, or at the node behind it if the row's value in `column` is above
/// `bound`. A leaf comes back to itself: its bound is infinite. `end` is its node in Trees.
struct TreeStep {
  float bound;
  std::int32_t column, next, end;
};

/// A row has two values per feature: column f holds feature f with NaN as +infinity, so that it
/// goes where "above" goes, column features + f has NaN as -infinity.
struct PackedTree {
  std::int32_t root;   ///< in `steps`
  std::int32_t depth;  ///< steps from the root to the farthest leaf
  /// A shallow tree whose leaves have one vote each, all for `target`, is there as a complete one
  /// too: its bounds and columns, 2^depth - 1 each, from `branches` on, its weights, 2^depth, from
  /// `weights` on. A subtree is its root, the part below the bound, the part above. Else -1.
  std::int32_t branches = -1, weights = -1, target = -1;
};

struct PackedTrees final : Packed {
  std::int32_t features = 0;  ///< that the trees use, from 0 on
  bool both_signs = false;    ///< whether the columns with -infinity are used
  std::vector<PackedTree> trees;
  std::vector<TreeStep> steps;
  std::vector<float> bounds, weights;
  std::vector<std::int32_t> columns;

  std::int32_t width() const noexcept { return both_signs ? 2 * features : features; }
};

inline constexpr std::int32_t kCompleteDepth = 6;  ///< complete trees are no deeper

/// Null for what the form cannot express: tests for equality and membership, infinite thresholds,
/// branches that share so many children that the trees would grow.
std::shared_ptr<const PackedTrees> make_packed_trees(const ops::TreeScored& op);

}  // namespace engine::cpu
