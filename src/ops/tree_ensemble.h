// Ensembles of decision trees over rows of x [n, features] (or one row [features]):
//   score[t] = aggregate over trees of the weights at the leaf that the row ends in, + base[t]
// SUM and AVERAGE are one chain from +0 in the order of the trees; the base is added behind it.
//   TreeEnsemble            y [n, targets], the type of x           ONNX-ML opset 5
//   TreeEnsembleRegressor   y [n, targets], float32                 ONNX-ML opset 3
//   TreeEnsembleClassifier  label [n], scores [n, classes] float32  ONNX-ML opset 3
// Scores are computed in double where x is double.
#pragma once

#include "ops/post_transform.h"
#include "ops/trees.h"

#include <span>

namespace engine::ops {

/// What the three operators have in common.
struct TreeScored {
  Trees trees;
  TreeAggregate aggregate = TreeAggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  std::vector<double> base;

  virtual ~TreeScored() = default;
  /// Makes row `row` of the outputs of what Trees::score gives, both [targets] and changed.
  virtual void give(std::span<float> scores, bool* seen, Index row, Outputs out) const noexcept = 0;
};

}  // namespace engine::ops
