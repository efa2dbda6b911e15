// Linear models over rows of x [n, features] (or one row [features]):
//   score[t] = (sum over f of x[f] * coefficients[t, f]) + intercepts[t]
// One fma chain from +0 per score, f ascending, then the intercept.
//   LinearRegressor   y [n, targets] float32;  LinearClassifier  label [n], scores [n, classes]
// A classifier with one row of coefficients and two labels decides by the sign of its only score.
// Meaning: ONNX-ML LinearRegressor and LinearClassifier, opset 1.
#include "ops/post_transform.h"

#include <cmath>

namespace engine::ops {
namespace {

struct LinearModel {
  std::vector<float> coefficients, intercepts;
  Index rows = 1;  // of coefficients

  static LinearModel parse(const Attributes& attributes, Index rows) {
    LinearModel model{attributes.numbers("coefficients"), attributes.numbers("intercepts"), rows};
    const Index size = static_cast<Index>(model.coefficients.size());
    const Index intercepts = static_cast<Index>(model.intercepts.size());
    ENGINE_VALIDATE(rows >= 1 && size % rows == 0, "coefficients has ", size,
                    " values (must be divisible by ", rows, ", one row per score)");
    ENGINE_VALIDATE(intercepts == 0 || intercepts == rows, "intercepts has ", intercepts,
                    " values, ", rows, " needed");
    return model;
  }

  Index features() const { return static_cast<Index>(coefficients.size()) / rows; }

  void check(const TensorType& x) const {
    if (!x.ranked || x.dims.empty() || !x.dims.back().known()) return;
    ENGINE_VALIDATE(x.dims.back().value() == features(), "X has ", x.dims.back().value(),
                    " features, coefficients are for ", features());
  }

  template <class Real, class X>
  void score(const X* x, Real* scores) const {
    const Index n = features();
    for (Index t = 0; t < rows; ++t) {
      const float* row = coefficients.data() + t * n;
      Real sum = 0;
      for (Index f = 0; f < n; ++f)
        sum = std::fma(static_cast<Real>(x[f]), static_cast<Real>(row[f]), sum);
      scores[t] = intercepts.empty()
                      ? sum
                      : sum + static_cast<Real>(intercepts[static_cast<std::size_t>(t)]);
    }
  }
};

struct LinearRegressor : ComputingOperator<LinearRegressor> {
  LinearModel model;
  PostTransform transform = PostTransform::kNone;

  std::string_view name() const noexcept override { return "LinearRegressor"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const Dim rows = check_features(in);
    model.check(in.type(0));
    return {TensorType(DType::kFloat32, Dims{rows, Dim(model.rows)})};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    const auto [rows, features] = feature_rows(in[0].shape());
    dispatch_feature(in[0].dtype, [&, rows = rows, features = features](auto tag) {
      using X = typename decltype(tag)::type;
      using R = Compute<X, Real>;
      const X* x = in[0].as<X>();
      float* y = out[0].as<float>();
      std::vector<R> scores(static_cast<std::size_t>(model.rows));
      for (Index i = 0; i < rows; ++i, x += features) {
        model.score(x, scores.data());
        apply(transform, std::span<R>(scores));
        for (const R value : scores) *y++ = static_cast<float>(value);
      }
    });
    return kNoFault;
  }
};

struct LinearClassifier : ComputingOperator<LinearClassifier> {
  LinearModel model;
  PostTransform transform = PostTransform::kNone;
  ClassLabels labels;

  std::string_view name() const noexcept override { return "LinearClassifier"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const Dim rows = check_features(in);
    model.check(in.type(0));
    return {TensorType(labels.dtype(), Dims{rows}),
            TensorType(DType::kFloat32, Dims{rows, Dim(labels.size())})};
  }

  // The winning class; the scores become those that are given out.
  template <class Real>
  Index finish(std::vector<Real>& scores) const {
    if (model.rows == 1) {
      const Real score = scores[0];
      expand_binary(transform, score, true, scores.data());
      return score > 0;
    }
    Index best = 0;
    for (Index t = 1; t < model.rows; ++t)
      if (scores[static_cast<std::size_t>(t)] > scores[static_cast<std::size_t>(best)]) best = t;
    apply(transform, std::span<Real>(scores));
    return best;
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    const auto [rows, features] = feature_rows(in[0].shape());
    dispatch_feature(in[0].dtype, [&, rows = rows, features = features](auto tag) {
      using X = typename decltype(tag)::type;
      using R = Compute<X, Real>;
      const X* x = in[0].as<X>();
      float* y = out.size() > 1 && out[1] ? out[1].as<float>() : nullptr;
      std::vector<R> scores(static_cast<std::size_t>(labels.size()));
      for (Index i = 0; i < rows; ++i, x += features) {
        model.score(x, scores.data());
        const Index label = finish(scores);
        if (out[0]) labels.write(out[0], i, label);
        if (!y) continue;
        for (const R value : scores) *y++ = static_cast<float>(value);
      }
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_LinearRegressor(const Attributes& attributes) {
  auto op = std::make_shared<LinearRegressor>();
  op->model = LinearModel::parse(attributes, attributes.integer("targets", 1));
  op->transform = parse_post_transform(attributes.text("post_transform", "NONE"));
  return op;
}

OperatorPtr make_LinearClassifier(const Attributes& attributes) {
  auto op = std::make_shared<LinearClassifier>();
  op->labels = ClassLabels::parse(attributes, "classlabels_ints", "classlabels_strings");
  const Index classes = op->labels.size();
  ENGINE_VALIDATE(classes >= 2, "there is ", classes, " class label (at least 2 are needed)");
  // Two labels go with one row of coefficients or with two; the intercepts tell which.
  const Index intercepts = static_cast<Index>(attributes.numbers("intercepts").size());
  op->model = LinearModel::parse(attributes, classes == 2 && intercepts == 1 ? 1 : classes);
  op->transform = parse_post_transform(attributes.text("post_transform", "NONE"));
  return op;
}

}  // namespace engine::ops
