// Meaning, shapes and order of sums: tree_ensemble.h.
#include "ops/tree_ensemble.h"

#include "base/small.h"
#include "ops/store.h"

#include <algorithm>

namespace engine::ops {
namespace {

void check_feature_count(const Trees& trees, const TensorType& x) {
  if (!x.ranked || x.dims.empty() || !x.dims.back().known()) return;
  ENGINE_VALIDATE(trees.max_feature < x.dims.back().value(), "X has ", x.dims.back().value(),
                  " features, the trees use feature ", trees.max_feature);
}

// Scratch for one row; a few targets need no memory of their own.
template <class Real>
struct Scores {
  static constexpr Index kFew = 16;
  Small<Real, kFew> values;
  bool few[kFew];
  std::unique_ptr<bool[]> many;
  bool* seen;
  explicit Scores(const Trees& trees)
      : values(static_cast<std::size_t>(trees.targets)),
        many(trees.targets > kFew ? new bool[static_cast<std::size_t>(trees.targets)] : nullptr),
        seen(many ? many.get() : few) {}
  Scores(const Scores&) = delete;
};

template <class Real>
void add_base(const std::vector<double>& base, std::span<Real> scores, bool* seen) {
  for (std::size_t t = 0; t < base.size(); ++t) {
    scores[t] += static_cast<Real>(base[t]);
    seen[t] = true;
  }
}

struct TreeRegressor : ComputingOperator<TreeRegressor>, TreeScored {
  bool keeps_type = false;  // TreeEnsemble: y has the type of x

  std::string_view name() const noexcept override {
    return keeps_type ? "TreeEnsemble" : "TreeEnsembleRegressor";
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    Dim rows = Dim::unknown();
    if (keeps_type && in.dtype(0) == DType::kFloat16) {
      require_rank(in, 0, "X", 2);
      if (in.type(0).ranked) rows = in.type(0).dims[0];
    } else {
      rows = check_features(in);
    }
    if (keeps_type) require_type(in, 0, "X", is_float, "a float type");
    check_feature_count(trees, in.type(0));
    return {TensorType(keeps_type ? in.dtype(0) : DType::kFloat32, Dims{rows, Dim(trees.targets)})};
  }

  template <class X, class Y, class Real>
  void run(const Input& input, const Output& output) const {
    const auto [rows, features] = feature_rows(input.shape());
    const X* x = input.as<X>();
    Y* y = output.as<Y>();
    Scores<Real> scores(trees);
    for (Index i = 0; i < rows; ++i, x += features) {
      trees.score(x, aggregate, scores.values.data(), scores.seen);
      y = give_row(std::span<Real>(scores.values), scores.seen, y);
    }
  }

  // Writes a row to `y`; returns its end.
  template <class Y, class Real>
  Y* give_row(std::span<Real> scores, bool* seen, Y* y) const {
    add_base(base, scores, seen);
    apply(transform, scores);
    for (const Real value : scores) *y++ = store<Y>(value);
    return y;
  }

  void give(std::span<float> scores, bool* seen, Index row, Outputs out) const noexcept override {
    give_row(scores, seen, out[0].as<float>() + row * trees.targets);
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    if (keeps_type) {
      dispatch_float(in[0].dtype, [&](auto tag) {
        using X = typename decltype(tag)::type;
        run<X, X, Compute<X, Real>>(in[0], out[0]);
      });
    } else {
      dispatch_feature(in[0].dtype, [&](auto tag) {
        using X = typename decltype(tag)::type;
        run<X, float, Compute<X, Real>>(in[0], out[0]);
      });
    }
    return kNoFault;
  }

  std::string describe() const override {
    return concat("trees=", trees.roots.size(), " nodes=", trees.nodes.size());
  }
};

struct TreeClassifier : ComputingOperator<TreeClassifier>, TreeScored {
  ClassLabels labels;
  std::int32_t only_class = -1;  // the class that all votes are for, of two; else -1
  bool weights_positive = true;

  std::string_view name() const noexcept override { return "TreeEnsembleClassifier"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const Dim rows = check_features(in);
    check_feature_count(trees, in.type(0));
    return {TensorType(labels.dtype(), Dims{rows}),
            TensorType(DType::kFloat32, Dims{rows, Dim(trees.targets)})};
  }

  // Scores in place to what is given out; the winning class. The winner is the first maximum among
  // the classes that have any vote, except where all votes are for one class of two: there it is a
  // threshold (as in onnxruntime).
  template <class Real>
  Index finish(std::span<Real> values, const bool* seen) const {
    if (only_class >= 0) {
      Real& score = values[static_cast<std::size_t>(only_class)];
      if (!base.empty())
        score +=
            static_cast<Real>(base[base.size() == 1 ? 0 : static_cast<std::size_t>(only_class)]);
      const bool second = score > (weights_positive ? Real(0.5) : Real(0));
      if (only_class == 0) expand_binary(transform, Real(score), weights_positive, values.data());
      else apply(transform, values);
      return second;
    }
    Index best = -1;
    for (std::size_t t = 0; t < values.size(); ++t)
      if (seen[t] && (best < 0 || values[t] > values[static_cast<std::size_t>(best)]))
        best = static_cast<Index>(t);
    apply(transform, values);
    return std::max<Index>(best, 0);
  }

  template <class Real>
  void give_row(std::span<Real> scores, bool* seen, Index row, Outputs out) const {
    if (only_class < 0) add_base(base, scores, seen);
    const Index label = finish(scores, seen);
    if (out[0]) labels.write(out[0], row, label);
    if (out.size() < 2 || !out[1]) return;
    float* y = out[1].as<float>() + row * trees.targets;
    for (const Real value : scores) *y++ = static_cast<float>(value);
  }

  void give(std::span<float> scores, bool* seen, Index row, Outputs out) const noexcept override {
    give_row(scores, seen, row, out);
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    const auto [rows, features] = feature_rows(in[0].shape());
    dispatch_feature(in[0].dtype, [&, rows = rows, features = features](auto tag) {
      using X = typename decltype(tag)::type;
      using R = Compute<X, Real>;
      const X* x = in[0].as<X>();
      Scores<R> scores(trees);
      for (Index i = 0; i < rows; ++i, x += features) {
        trees.score(x, aggregate, scores.values.data(), scores.seen);
        give_row(std::span<R>(scores.values), scores.seen, i, out);
      }
    });
    return kNoFault;
  }

  std::string describe() const override {
    return concat("trees=", trees.roots.size(), " nodes=", trees.nodes.size(),
                  " classes=", labels.size());
  }
};

TreeAggregate parse_aggregate(const std::string& name) {
  if (name == "AVERAGE") return TreeAggregate::kAverage;
  if (name == "SUM") return TreeAggregate::kSum;
  if (name == "MIN") return TreeAggregate::kMin;
  ENGINE_VALIDATE(name == "MAX", "aggregate_function is '", name,
                  "' (SUM, AVERAGE, MIN or MAX needed)");
  return TreeAggregate::kMax;
}

void check_base(const std::vector<double>& base, Index needed, bool one_is_enough) {
  const Index size = static_cast<Index>(base.size());
  ENGINE_VALIDATE(size == 0 || size == needed || (one_is_enough && size == 1), "base_values has ",
                  size, " values, ", needed, " needed");
}

}  // namespace

OperatorPtr make_TreeEnsembleRegressor(const Attributes& attributes) {
  auto op = std::make_shared<TreeRegressor>();
  op->trees = Trees::parse_lists(attributes, "target", attributes.integer("n_targets", 1));
  op->aggregate = parse_aggregate(attributes.text("aggregate_function", "SUM"));
  op->transform = parse_post_transform(attributes.text("post_transform", "NONE"));
  op->base = float_list(attributes, "base_values");
  check_base(op->base, op->trees.targets, false);
  return op;
}

OperatorPtr make_TreeEnsemble(const Attributes& attributes) {
  auto op = std::make_shared<TreeRegressor>();
  op->keeps_type = true;
  op->trees = Trees::parse_ensemble(attributes);
  const Index aggregate = attributes.integer("aggregate_function", 1);
  ENGINE_VALIDATE(aggregate >= 0 && aggregate <= 3, "aggregate_function is ", aggregate,
                  " (a number from 0 to 3 needed)");
  op->aggregate = static_cast<TreeAggregate>(aggregate);
  const Index transform = attributes.integer("post_transform", 0);
  ENGINE_VALIDATE(transform >= 0 && transform <= 4, "post_transform is ", transform,
                  " (a number from 0 to 4 needed)");
  op->transform = static_cast<PostTransform>(transform);
  return op;
}

OperatorPtr make_TreeEnsembleClassifier(const Attributes& attributes) {
  auto op = std::make_shared<TreeClassifier>();
  op->labels = ClassLabels::parse(attributes, "classlabels_int64s", "classlabels_strings");
  ENGINE_VALIDATE(op->labels.size() >= 2, "there is ", op->labels.size(),
                  " class label (at least 2 are needed)");
  op->trees = Trees::parse_lists(attributes, "class", op->labels.size());
  op->transform = parse_post_transform(attributes.text("post_transform", "NONE"));
  op->base = float_list(attributes, "base_values");
  const auto ids = attributes.integers("class_ids", std::vector<Index>{});
  const bool one_class =
      !ids.empty() && std::ranges::all_of(ids, [&](Index id) { return id == ids[0]; });
  if (op->labels.size() == 2 && one_class) op->only_class = static_cast<std::int32_t>(ids[0]);
  for (const double weight : float_list(attributes, "class_weights"))
    if (weight < 0) op->weights_positive = false;
  check_base(op->base, op->labels.size(), op->only_class >= 0);
  return op;
}

}  // namespace engine::ops
