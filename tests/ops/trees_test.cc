#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace engine::test {
namespace {

struct Forest {
  Index trees = 20, depth = 4, features = 6, targets = 1;
  bool full = true;          ///< every leaf at `depth`; else a branch may end early
  bool one_target = true;    ///< a tree votes for one target; else each leaf for all of them
  bool nan_goes_up = false;  ///< some branches send NaN to where the comparison holds
  std::vector<std::string> modes = {"BRANCH_LEQ"};
};

// The lists of TreeEnsembleRegressor ("target") and TreeEnsembleClassifier ("class").
class ForestLists {
 public:
  ForestLists(const Forest& forest, const std::string& votes, unsigned seed)
      : forest_(forest), votes_(votes), random_(seed) {
    for (tree_ = 0; tree_ < forest.trees; ++tree_) {
      node_ = 0;
      add(0);
    }
  }

  ops::Attributes attributes(std::vector<std::pair<std::string, ops::Attribute>> more) const {
    std::vector<std::pair<std::string, ops::Attribute>> list = {
        {"nodes_treeids", trees_},
        {"nodes_nodeids", ids_},
        {"nodes_featureids", features_},
        {"nodes_truenodeids", on_true_},
        {"nodes_falsenodeids", on_false_},
        {"nodes_missing_value_tracks_true", nan_true_},
        {"nodes_modes", modes_},
        {"nodes_values", values_},
        {votes_ + "_treeids", vote_trees_},
        {votes_ + "_nodeids", vote_nodes_},
        {votes_ + "_ids", vote_targets_},
        {votes_ + "_weights", weights_}};
    for (auto& entry : more) list.push_back(std::move(entry));
    return test::attributes(std::move(list));
  }

 private:
  Index draw(Index n) { return static_cast<Index>(random_() >> 20) % n; }

  Index add(Index level) {
    const Index id = node_++;
    const std::size_t at = ids_.size();
    trees_.push_back(tree_);
    ids_.push_back(id);
    const bool leaf = level == forest_.depth || (!forest_.full && level > 0 && draw(4) == 0);
    features_.push_back(leaf ? 0 : draw(forest_.features));
    modes_.push_back(
        leaf ? "LEAF" : forest_.modes[static_cast<std::size_t>(draw(std::ssize(forest_.modes)))]);
    values_.push_back(leaf ? 0.0f : static_cast<float>(draw(9) - 4) / 4);
    nan_true_.push_back(forest_.nan_goes_up && !leaf ? draw(2) : 0);
    on_true_.push_back(0);
    on_false_.push_back(0);
    if (leaf) vote(id);
    else {
      const Index above = add(level + 1), below = add(level + 1);
      on_true_[at] = above;
      on_false_[at] = below;
    }
    return id;
  }

  void vote(Index id) {
    for (Index t = 0; t < forest_.targets; ++t) {
      if (forest_.one_target && t != tree_ % forest_.targets) continue;
      vote_trees_.push_back(tree_);
      vote_nodes_.push_back(id);
      vote_targets_.push_back(t);
      weights_.push_back(static_cast<float>(draw(2000) - 700) / 977);
    }
  }

  const Forest& forest_;
  std::string votes_;
  std::mt19937_64 random_;
  Index tree_ = 0, node_ = 0;
  std::vector<Index> trees_, ids_, features_, on_true_, on_false_, nan_true_;
  std::vector<Index> vote_trees_, vote_nodes_, vote_targets_;
  std::vector<std::string> modes_;
  std::vector<float> values_, weights_;
};

// Values on, beside and far from thresholds.
Tensor rows(Index n, Index features, unsigned seed) {
  Tensor x = random_special({n, features}, seed, 24);
  for (float& value : x.mutable_values<float>())
    if (std::fabs(value) > 1 && std::fabs(value) < 4) value = std::round(value * 4) / 8;
  return x;
}

OperatorCase regressor(const Forest& forest, Index n, const std::string& aggregate = "SUM") {
  const ForestLists lists(forest, "target", 5);
  OperatorCase c;
  c.name =
      "regressor of depth " + std::to_string(forest.depth) + ", " + std::to_string(n) + " rows";
  c.op = make_operator(
      "ai.onnx.ml", "TreeEnsembleRegressor",
      lists.attributes({{"n_targets", forest.targets}, {"aggregate_function", aggregate}}));
  c.inputs = {rows(n, forest.features, 3)};
  return c;
}

OperatorCase classifier(const Forest& forest, Index n, const std::string& transform) {
  const ForestLists lists(forest, "class", 6);
  std::vector<Index> labels(static_cast<std::size_t>(forest.targets));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<Index>(7 * i);
  OperatorCase c;
  c.name = "classifier of " + std::to_string(forest.targets) + ", " + transform;
  c.op = make_operator(
      "ai.onnx.ml", "TreeEnsembleClassifier",
      lists.attributes({{"classlabels_int64s", labels}, {"post_transform", transform}}));
  c.inputs = {rows(n, forest.features, 4)};
  c.outputs = {true, true};
  return c;
}

const std::vector<std::string> kOrders = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"};

TEST(Trees, AllDepths) {
  for (const Index depth : {0, 1, 2, 3, 4, 5, 6, 7, 9})
    for (const bool full : {true, false})
      for (const Index n : {1, 4, 5, 16, 33})
        check_bits(regressor({.depth = depth, .full = full}, n));
}

TEST(Trees, AllOrdersAndNan) {
  for (const bool nan_goes_up : {false, true})
    for (const Index depth : {3, 8})
      for (const Index n : {1, 40})
        check_bits(regressor({.depth = depth, .nan_goes_up = nan_goes_up, .modes = kOrders}, n));
}

TEST(Trees, Aggregates) {
  for (const char* aggregate : {"SUM", "AVERAGE", "MIN", "MAX"})
    for (const bool one_target : {true, false})
      for (const Index n : {1, 20})
        check_bits(regressor({.targets = 3, .one_target = one_target}, n, aggregate));
}

TEST(Trees, Classifiers) {
  for (const char* transform : {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"})
    for (const Index targets : {2, 5, 19})
      for (const bool one_target : {true, false})
        for (const Index n : {1, 3, 37})
          check_bits(classifier({.targets = targets, .one_target = one_target}, n, transform));
}

// What the kernels' form does not express runs all the same.
TEST(Trees, EqualityAndInfiniteThresholds) {
  check_bits(regressor({.modes = {"BRANCH_EQ", "BRANCH_NEQ", "BRANCH_LT"}}, 20));
}

TEST(Trees, TheKernelIsTaken) {
  const OperatorCase c = regressor({.full = false, .modes = kOrders}, 20);
  std::string kernel;
  run_backend(c, *cpu::make_backend(Isa::kScalar), 1, &kernel);
  EXPECT_EQ(kernel, "trees[scalar]");
}

}  // namespace
}  // namespace engine::test
