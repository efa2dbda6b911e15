#include "ops/trees.h"

#include "base/dispatch.h"
#include "base/shape.h"

#include <algorithm>
#include <limits>
#include <set>

namespace engine::ops {
namespace {

constexpr Index kLargest = std::numeric_limits<std::int32_t>::max();

std::int32_t narrow(Index value) { return static_cast<std::int32_t>(value); }

void check_size(const char* name, std::size_t size, std::size_t needed, const char* per) {
  ENGINE_VALIDATE(size == needed, name, " has ", size, " values, ", needed, " needed (one per ",
                  per, ")");
}

TreeMode parse_mode(const std::string& name) {
  constexpr const char* kNames[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",    "BRANCH_GT",
                                    "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (name == kNames[i] && i != 6) return static_cast<TreeMode>(i);
  fail(ErrorCode::kInvalidModel, "nodes_modes has '", name,
       "' (BRANCH_LEQ, _LT, _GTE, _GT, _EQ, _NEQ or LEAF needed)");
}

std::int32_t checked_feature(Index feature, Trees& trees) {
  ENGINE_VALIDATE(feature >= 0 && feature <= kLargest, "nodes_featureids has ", feature,
                  " (must be a feature's index)");
  trees.max_feature = std::max(trees.max_feature, narrow(feature));
  return narrow(feature);
}

std::int32_t checked_target(Index target, Index targets, const char* name) {
  ENGINE_VALIDATE(target >= 0 && target < targets, name, " has ", target, " (outside [0, ", targets,
                  "))");
  return narrow(target);
}

// Nodes of lists, found by tree and node id.
class NodeIndex {
 public:
  NodeIndex(const std::vector<Index>& trees, const std::vector<Index>& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) entries_.push_back({trees[i], ids[i], i});
    std::ranges::sort(entries_, less);
    for (std::size_t i = 1; i < entries_.size(); ++i)
      ENGINE_VALIDATE(less(entries_[i - 1], entries_[i]), "node ", entries_[i].id, " of tree ",
                      entries_[i].tree, " is there twice");
  }

  std::size_t find(Index tree, Index id, const char* what) const {
    const Entry wanted{tree, id, 0};
    const auto it = std::ranges::lower_bound(entries_, wanted, less);
    ENGINE_VALIDATE(it != entries_.end() && it->tree == tree && it->id == id, what, " node ", id,
                    " of tree ", tree, ", which does not exist");
    return it->position;
  }

 private:
  struct Entry {
    Index tree, id;
    std::size_t position;
  };
  static bool less(const Entry& a, const Entry& b) {
    return a.tree != b.tree ? a.tree < b.tree : a.id < b.id;
  }
  std::vector<Entry> entries_;
};

// Throws if a walk from a root could come back to where it was. Branches may share children:
// converters write a set of categories as a chain of comparisons with one goal.
void check_trees(const Trees& trees) {
  enum class Visit : std::uint8_t { kNever, kOpen, kDone };
  std::vector<Visit> visits(trees.nodes.size(), Visit::kNever);
  std::vector<std::int32_t> path;
  for (std::size_t t = 0; t < trees.roots.size(); ++t) {
    path.assign(1, trees.roots[t]);
    while (!path.empty()) {
      const auto at = static_cast<std::size_t>(path.back());
      const TreeNode& node = trees.nodes[at];
      if (visits[at] != Visit::kNever || node.mode == TreeMode::kLeaf) {
        visits[at] = Visit::kDone;  // its children are done as well
        path.pop_back();
        continue;
      }
      visits[at] = Visit::kOpen;
      for (const std::int32_t child : {node.on_true, node.on_false}) {
        const Visit visit = visits[static_cast<std::size_t>(child)];
        ENGINE_VALIDATE(visit != Visit::kOpen, "position ", child,
                        " of nodes_* is its own descendant in tree ", t,
                        " (a tree must not have cycles)");
        if (visit == Visit::kNever) path.push_back(child);
      }
    }
  }
}

// The first node of each tree that is nobody's child, in the order of the lists; nodes that it does
// not lead to are never visited.
void find_roots(Trees& trees, const std::vector<Index>& tree_ids) {
  std::vector<bool> is_child(trees.nodes.size(), false);
  for (const TreeNode& node : trees.nodes)
    if (node.mode != TreeMode::kLeaf)
      is_child[static_cast<std::size_t>(node.on_true)] =
          is_child[static_cast<std::size_t>(node.on_false)] = true;
  std::set<Index> rooted;
  for (std::size_t i = 0; i < tree_ids.size(); ++i)
    if (!is_child[i] && rooted.insert(tree_ids[i]).second)
      trees.roots.push_back(narrow(static_cast<Index>(i)));
  for (const Index id : tree_ids)
    ENGINE_VALIDATE(rooted.contains(id), "tree ", id,
                    " has no root (every node is a child of another, so they form a cycle)");
}

}  // namespace

std::vector<double> tensor_list(const Tensor& tensor, const char* name) {
  std::vector<double> list;
  ENGINE_VALIDATE(is_float(tensor.dtype()) || tensor.dtype() == DType::kUInt8, name, " is ",
                  to_string(tensor.dtype()), ", a float type needed");
  dispatch_number(tensor.dtype(), [&](auto tag) {
    for (const auto value : tensor.values<typename decltype(tag)::type>())
      list.push_back(static_cast<double>(value));
  });
  return list;
}

std::vector<double> float_list(const Attributes& attributes, const std::string& name) {
  const std::string as_tensor = name + "_as_tensor";
  if (attributes.has(as_tensor)) {
    const auto list = tensor_list(attributes.tensor(as_tensor), as_tensor.c_str());
    if (!list.empty()) return list;
  }
  const std::vector<float> list = attributes.numbers(name);
  return std::vector<double>(list.begin(), list.end());
}

Trees Trees::parse_lists(const Attributes& attributes, const std::string& votes, Index targets) {
  Trees trees;
  ENGINE_VALIDATE(targets >= 1 && targets <= kLargest, "there are ", targets,
                  " targets (at least 1 and at most ", kLargest, ")");
  trees.targets = narrow(targets);
  const std::vector<Index> none;
  const auto tree_ids = attributes.integers("nodes_treeids", none);
  const auto ids = attributes.integers("nodes_nodeids", none);
  const auto features = attributes.integers("nodes_featureids", none);
  const auto on_true = attributes.integers("nodes_truenodeids", none);
  const auto on_false = attributes.integers("nodes_falsenodeids", none);
  const auto nan_true = attributes.integers("nodes_missing_value_tracks_true", none);
  const auto modes = attributes.texts("nodes_modes");
  const auto values = float_list(attributes, "nodes_values");
  const std::size_t count = ids.size();
  ENGINE_VALIDATE(count <= static_cast<std::size_t>(kLargest), "there are ", count,
                  " nodes (at most ", kLargest, ")");
  check_size("nodes_treeids", tree_ids.size(), count, "node");
  check_size("nodes_featureids", features.size(), count, "node");
  check_size("nodes_truenodeids", on_true.size(), count, "node");
  check_size("nodes_falsenodeids", on_false.size(), count, "node");
  check_size("nodes_modes", modes.size(), count, "node");
  check_size("nodes_values", values.size(), count, "node");
  if (!nan_true.empty())
    check_size("nodes_missing_value_tracks_true", nan_true.size(), count, "node");

  const NodeIndex index(tree_ids, ids);
  trees.nodes.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    TreeNode& node = trees.nodes[i];
    node.mode = parse_mode(modes[i]);
    if (node.mode == TreeMode::kLeaf) continue;
    node.threshold = values[i];
    node.feature = checked_feature(features[i], trees);
    node.nan_is_true = !nan_true.empty() && nan_true[i] != 0;
    node.on_true =
        narrow(static_cast<Index>(index.find(tree_ids[i], on_true[i], "nodes_truenodeids names")));
    node.on_false = narrow(
        static_cast<Index>(index.find(tree_ids[i], on_false[i], "nodes_falsenodeids names")));
  }
  find_roots(trees, tree_ids);
  check_trees(trees);

  const auto vote_trees = attributes.integers(votes + "_treeids", none);
  const auto vote_nodes = attributes.integers(votes + "_nodeids", none);
  const auto vote_targets = attributes.integers(votes + "_ids", none);
  const auto weights = float_list(attributes, votes + "_weights");
  check_size((votes + "_treeids").c_str(), vote_trees.size(), weights.size(), "weight");
  check_size((votes + "_nodeids").c_str(), vote_nodes.size(), weights.size(), "weight");
  check_size((votes + "_ids").c_str(), vote_targets.size(), weights.size(), "weight");
  // Votes sorted by leaf; those of one leaf keep their order. Branches have no say. Where there is
  // one target, the first vote of a leaf counts: skl2onnx repeats it, and onnxruntime reads one.
  std::vector<std::pair<std::size_t, std::size_t>> order;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t at =
        index.find(vote_trees[i], vote_nodes[i], (votes + "_nodeids names").c_str());
    checked_target(vote_targets[i], targets, (votes + "_ids").c_str());
    if (trees.nodes[at].mode == TreeMode::kLeaf) order.emplace_back(at, i);
  }
  std::ranges::stable_sort(order, {}, [](const auto& entry) { return entry.first; });
  for (const auto& [at, i] : order) {
    TreeNode& node = trees.nodes[at];
    if (targets == 1 && node.on_true != node.on_false) continue;
    if (node.on_true == node.on_false)
      node.on_true = narrow(static_cast<Index>(trees.votes.size()));
    trees.votes.push_back({weights[i], narrow(vote_targets[i])});
    node.on_false = narrow(static_cast<Index>(trees.votes.size()));
  }
  return trees;
}

Trees Trees::parse_ensemble(const Attributes& attributes) {
  Trees trees;
  const Index targets = attributes.integer("n_targets", 1);
  ENGINE_VALIDATE(targets >= 1 && targets <= kLargest, "n_targets is ", targets,
                  " (at least 1 and at most ", kLargest, ")");
  trees.targets = narrow(targets);
  const auto features = attributes.integers("nodes_featureids");
  const auto on_true = attributes.integers("nodes_truenodeids");
  const auto on_false = attributes.integers("nodes_falsenodeids");
  const auto true_leafs = attributes.integers("nodes_trueleafs");
  const auto false_leafs = attributes.integers("nodes_falseleafs");
  const auto nan_true =
      attributes.integers("nodes_missing_value_tracks_true", std::vector<Index>{});
  const auto modes = tensor_list(attributes.tensor("nodes_modes"), "nodes_modes");
  const auto splits = tensor_list(attributes.tensor("nodes_splits"), "nodes_splits");
  const auto leaf_targets = attributes.integers("leaf_targetids");
  const auto weights = tensor_list(attributes.tensor("leaf_weights"), "leaf_weights");
  const std::size_t count = features.size(), leafs = weights.size();
  ENGINE_VALIDATE(count <= static_cast<std::size_t>(kLargest) / 4, "there are ", count,
                  " nodes (at most ", kLargest / 4, ")");
  check_size("nodes_truenodeids", on_true.size(), count, "node");
  check_size("nodes_falsenodeids", on_false.size(), count, "node");
  check_size("nodes_trueleafs", true_leafs.size(), count, "node");
  check_size("nodes_falseleafs", false_leafs.size(), count, "node");
  check_size("nodes_modes", modes.size(), count, "node");
  check_size("nodes_splits", splits.size(), count, "node");
  check_size("leaf_targetids", leaf_targets.size(), leafs, "leaf");
  if (!nan_true.empty())
    check_size("nodes_missing_value_tracks_true", nan_true.size(), count, "node");

  if (attributes.has("membership_values")) {
    const auto members = tensor_list(attributes.tensor("membership_values"), "membership_values");
    trees.sets.emplace_back();
    for (const double member : members) {
      if (member == member) trees.sets.back().push_back(member);
      else trees.sets.emplace_back();
    }
  }
  for (std::size_t i = 0; i < leafs; ++i)
    trees.votes.push_back({weights[i], checked_target(leaf_targets[i], targets, "leaf_targetids")});

  trees.nodes.resize(count);
  // A leaf gets a node of its own for each branch that leads to it, so two branches may share one.
  const auto child = [&](Index id, bool is_leaf, const char* name) {
    const std::size_t limit = is_leaf ? leafs : count;
    ENGINE_VALIDATE(id >= 0 && static_cast<std::size_t>(id) < limit, name, " has ", id,
                    " (outside [0, ", limit, is_leaf ? ") of the leaves)" : ") of the nodes)");
    if (!is_leaf) return narrow(id);
    trees.nodes.push_back({.on_true = narrow(id), .on_false = narrow(id) + 1});
    return narrow(static_cast<Index>(trees.nodes.size()) - 1);
  };
  std::int32_t set = 0;
  for (std::size_t i = 0; i < count; ++i) {
    ENGINE_VALIDATE(modes[i] >= 0 && modes[i] <= 6, "nodes_modes has ", modes[i],
                    " (a number from 0 to 6 needed)");
    TreeNode node;
    node.mode = static_cast<TreeMode>(static_cast<int>(modes[i]));
    node.threshold = splits[i];
    node.feature = checked_feature(features[i], trees);
    node.nan_is_true = !nan_true.empty() && nan_true[i] != 0;
    if (node.mode == TreeMode::kMember) node.set = set++;
    node.on_true = child(on_true[i], true_leafs[i] != 0, "nodes_truenodeids");
    node.on_false = child(on_false[i], false_leafs[i] != 0, "nodes_falsenodeids");
    trees.nodes[i] = node;
  }
  // membership_values may or may not end with a NaN.
  const std::size_t sets = static_cast<std::size_t>(set);
  if (trees.sets.size() == sets + 1 && trees.sets.back().empty()) trees.sets.pop_back();
  ENGINE_VALIDATE(trees.sets.size() == sets, "membership_values has ", trees.sets.size(), " sets, ",
                  sets, " needed (one per BRANCH_MEMBER node)");
  for (const Index root : attributes.integers("tree_roots")) {
    ENGINE_VALIDATE(root >= 0 && static_cast<std::size_t>(root) < count, "tree_roots has ", root,
                    " (outside [0, ", count, "))");
    trees.roots.push_back(narrow(root));
  }
  check_trees(trees);
  return trees;
}

}  // namespace engine::ops
