#include "ops/cpu/packed_trees.h"

#include <cmath>
#include <limits>

namespace engine::cpu {
namespace {

using ops::TreeMode;
using ops::TreeNode;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The largest float that is at most `value`, or less than it.
float at_most(double value) {
  const float near = static_cast<float>(value);
  return static_cast<double>(near) > value ? std::nextafter(near, -kInfinity) : near;
}
float less_than(double value) {
  const float near = at_most(value);
  return static_cast<double>(near) == value ? std::nextafter(near, -kInfinity) : near;
}

/// A branch as one comparison.
struct Branch {
  float bound;
  std::int32_t column, below, above;  ///< children
};

class Packer {
 public:
  explicit Packer(const ops::TreeScored& op) : op_(op), trees_(op.trees) {}

  std::shared_ptr<const PackedTrees> pack() {
    // Rows are read up to the last feature that a tree asks for: few questions do not pay for many.
    const std::size_t most = 16 * trees_.nodes.size() + 256;
    if (static_cast<std::size_t>(Index{trees_.max_feature} + 1) > most) return nullptr;
    packed_->features = trees_.max_feature + 1;
    for (const TreeNode& node : trees_.nodes)
      if (node.mode != TreeMode::kLeaf && !expressible(node)) return nullptr;
    for (const std::int32_t root : trees_.roots)
      if (!add_tree(root)) return nullptr;
    return packed_;
  }

 private:
  static bool expressible(const TreeNode& node) {
    const bool order = node.mode == TreeMode::kLeq || node.mode == TreeMode::kLt ||
                       node.mode == TreeMode::kGte || node.mode == TreeMode::kGt;
    return order && std::isfinite(node.threshold);
  }

  Branch branch(const TreeNode& node) {
    const bool less = node.mode == TreeMode::kLeq || node.mode == TreeMode::kLt;
    const bool with_equal = node.mode == TreeMode::kLeq || node.mode == TreeMode::kGt;
    Branch b{with_equal ? at_most(node.threshold) : less_than(node.threshold), node.feature,
             less ? node.on_true : node.on_false, less ? node.on_false : node.on_true};
    const bool nan_above = less != node.nan_is_true;
    if (!nan_above) {
      b.column += packed_->features;
      packed_->both_signs = true;
    }
    return b;
  }

  // Level by level; a leaf's `end` is its node, a branch's for now too.
  bool add_tree(std::int32_t root) {
    std::vector<TreeStep>& steps = packed_->steps;
    const std::size_t first = steps.size(), most = 4 * trees_.nodes.size() + 64;
    PackedTree tree{static_cast<std::int32_t>(first), 0};
    steps.push_back({0, 0, 0, root});
    for (std::size_t level = first, next = steps.size(); level < next;) {
      bool deeper = false;
      for (std::size_t i = level; i < next; ++i) deeper |= add_children(i);
      if (steps.size() > most) return false;
      tree.depth += deeper;
      level = next;
      next = steps.size();
    }
    if (tree.depth <= kCompleteDepth) complete(tree);
    packed_->trees.push_back(tree);
    return true;
  }

  bool add_children(std::size_t i) {
    std::vector<TreeStep>& steps = packed_->steps;
    const TreeNode& node = trees_.nodes[static_cast<std::size_t>(steps[i].end)];
    const auto self = static_cast<std::int32_t>(i);
    if (node.mode == TreeMode::kLeaf) {
      steps[i] = {kInfinity, 0, self, steps[i].end};
      return false;
    }
    const Branch b = branch(node);
    steps[i] = {b.bound, b.column, static_cast<std::int32_t>(steps.size()), -1};
    steps.push_back({0, 0, 0, b.below});
    steps.push_back({0, 0, 0, b.above});
    return true;
  }

  // The target of all votes of the tree, if each leaf has one vote; else -1.
  std::int32_t only_target(const PackedTree& tree) const {
    std::int32_t target = -1;
    for (std::size_t i = static_cast<std::size_t>(tree.root); i < packed_->steps.size(); ++i) {
      if (packed_->steps[i].end < 0) continue;
      const TreeNode& leaf = trees_.nodes[static_cast<std::size_t>(packed_->steps[i].end)];
      if (leaf.on_false - leaf.on_true != 1) return -1;
      const std::int32_t t = trees_.votes[static_cast<std::size_t>(leaf.on_true)].target;
      if (target >= 0 && t != target) return -1;
      target = t;
    }
    return target;
  }

  void complete(PackedTree& tree) {
    const bool sums =
        op_.aggregate == ops::TreeAggregate::kSum || op_.aggregate == ops::TreeAggregate::kAverage;
    if (!sums || (tree.target = only_target(tree)) < 0) return;
    tree.branches = static_cast<std::int32_t>(packed_->bounds.size());
    tree.weights = static_cast<std::int32_t>(packed_->weights.size());
    add_subtree(tree.root, tree.depth);
  }

  void add_subtree(std::int32_t step, std::int32_t depth) {
    const TreeStep& s = packed_->steps[static_cast<std::size_t>(step)];
    const bool leaf = s.end >= 0;
    if (depth == 0) {
      const auto vote = trees_.nodes[static_cast<std::size_t>(s.end)].on_true;
      packed_->weights.push_back(
          static_cast<float>(trees_.votes[static_cast<std::size_t>(vote)].weight));
      return;
    }
    packed_->bounds.push_back(s.bound);
    packed_->columns.push_back(s.column);
    add_subtree(s.next, depth - 1);
    add_subtree(leaf ? s.next : s.next + 1, depth - 1);
  }

  const ops::TreeScored& op_;
  const ops::Trees& trees_;
  std::shared_ptr<PackedTrees> packed_ = std::make_shared<PackedTrees>();
};

}  // namespace

std::shared_ptr<const PackedTrees> make_packed_trees(const ops::TreeScored& op) {
  return Packer(op).pack();
}

}  // namespace engine::cpu
