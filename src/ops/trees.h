// Ensembles of decision trees in a compact, validated form.
#pragma once

#include "ops/attributes.h"

#include <cstdint>
#include <vector>

namespace engine::ops {

/// The comparison of a node; the numbers of TreeEnsemble's nodes_modes.
enum class TreeMode : std::uint8_t { kLeq, kLt, kGte, kGt, kEq, kNeq, kMember, kLeaf };

enum class TreeAggregate : std::uint8_t { kAverage, kSum, kMin, kMax };

/// A branch, or a leaf with the votes [on_true, on_false).
struct TreeNode {
  double threshold = 0;
  std::int32_t feature = 0;
  std::int32_t on_true = 0, on_false = 0;
  std::int32_t set = 0;  ///< kMember: which of `sets`
  TreeMode mode = TreeMode::kLeaf;
  bool nan_is_true = false;
};

struct TreeVote {
  double weight = 0;
  std::int32_t target = 0;
};

/// No tree has a cycle, so walking one ends; all children, votes and targets are in range. Features
/// are not: compare `max_feature` with the input.
struct Trees {
  std::vector<TreeNode> nodes;
  std::vector<TreeVote> votes;
  std::vector<std::vector<double>> sets;  ///< members for kMember
  std::vector<std::int32_t> roots;        ///< in the order of summation
  std::int32_t targets = 1;
  std::int32_t max_feature = -1;

  /// From the attributes of TreeEnsembleRegressor (votes "target") and TreeEnsembleClassifier
  /// (votes "class"). Throws Error (kInvalidModel) naming tree and node.
  static Trees parse_lists(const Attributes& attributes, const std::string& votes, Index targets);
  /// From the attributes of TreeEnsemble, opset 5.
  static Trees parse_ensemble(const Attributes& attributes);

  /// The leaf that a row of features ends in.
  template <class X>
  const TreeNode& leaf(std::int32_t root, const X* row) const noexcept {
    const TreeNode* node = &nodes[static_cast<std::size_t>(root)];
    while (node->mode != TreeMode::kLeaf)
      node = &nodes[static_cast<std::size_t>(
          holds(*node, static_cast<double>(row[node->feature])) ? node->on_true : node->on_false)];
    return *node;
  }

  /// scores [targets] = the aggregate over all trees: one chain from +0 in the order of the roots.
  /// `seen` [targets] says for which targets there was any vote; the others score 0.
  template <class Real, class X>
  void score(const X* row, TreeAggregate aggregate, Real* scores, bool* seen) const noexcept;

  /// The parts of `score`: the votes of one tree's leaf, and what follows those of the last tree.
  /// Target t lies at scores[t * step] and seen[t * step].
  template <class Real>
  void vote(const TreeNode& leaf, TreeAggregate aggregate, Real* scores, bool* seen,
            Index step = 1) const noexcept;
  template <class Real>
  void finish(TreeAggregate aggregate, Real* scores) const noexcept;

 private:
  bool holds(const TreeNode& node, double x) const noexcept {
    if (x != x && node.nan_is_true) return true;
    switch (node.mode) {
      case TreeMode::kLeq: return x <= node.threshold;
      case TreeMode::kLt: return x < node.threshold;
      case TreeMode::kGte: return x >= node.threshold;
      case TreeMode::kGt: return x > node.threshold;
      case TreeMode::kEq: return x == node.threshold;
      case TreeMode::kNeq: return x != node.threshold;
      default: break;
    }
    for (const double member : sets[static_cast<std::size_t>(node.set)])
      if (x == member) return true;
    return false;
  }
};

template <class Real>
void Trees::vote(const TreeNode& leaf, TreeAggregate aggregate, Real* scores, bool* seen,
                 Index step) const noexcept {
  for (std::int32_t i = leaf.on_true; i < leaf.on_false; ++i) {
    const TreeVote& entry = votes[static_cast<std::size_t>(i)];
    const Real weight = static_cast<Real>(entry.weight);
    Real& score = scores[entry.target * step];
    bool& any = seen[entry.target * step];
    if (aggregate == TreeAggregate::kMin) score = !any || weight < score ? weight : score;
    else if (aggregate == TreeAggregate::kMax) score = !any || weight > score ? weight : score;
    else score += weight;
    any = true;
  }
}

template <class Real>
void Trees::finish(TreeAggregate aggregate, Real* scores) const noexcept {
  if (aggregate != TreeAggregate::kAverage || roots.empty()) return;
  for (std::int32_t t = 0; t < targets; ++t) scores[t] /= static_cast<Real>(roots.size());
}

template <class Real, class X>
void Trees::score(const X* row, TreeAggregate aggregate, Real* scores, bool* seen) const noexcept {
  for (std::int32_t t = 0; t < targets; ++t) {
    scores[t] = 0;
    seen[t] = false;
  }
  for (const std::int32_t root : roots) vote(leaf(root, row), aggregate, scores, seen);
  finish(aggregate, scores);
}

/// A list of numbers that may be given as floats (`name`) or as a tensor (`name`_as_tensor).
std::vector<double> float_list(const Attributes& attributes, const std::string& name);
/// The elements of a tensor attribute of a float type, or of uint8.
std::vector<double> tensor_list(const Tensor& tensor, const char* name);

}  // namespace engine::ops
