// Support vector machines over rows of x [n, features] (or one row [features]), kernel k(a, b) one
// of  a.b,  (gamma a.b + coef0)^degree,  exp(-gamma |a - b|^2),  tanh(gamma a.b + coef0).
//   SVMRegressor   y [n, 1] = sum over vectors v of coefficients[v] k(x, v) + rho[0]; one_class:
//     its sign
//   SVMClassifier  label [n]; scores [n, e]: one per pair of classes i < j,
//     s = rho[pair] + sum over vectors of i and of j of coefficient * k(x, v), a vote for i if s >
//     0; with prob_a and prob_b instead one probability per class (Wu, Lin, Weng 2004: pairwise
//     coupling).
// Without support vectors the coefficients are a linear model.
//
// All is computed in double, whatever the element type, and a score is rounded once: decision
// values are differences of large sums, of which float32 would leave few digits. A kernel's sum
// runs over the features in lane order (numerics/contract.h, rule 5), products rounded; the sum
// over vectors is one chain. An integer degree is a power by repeated squaring, any other
// numerics::pow. Meaning: ONNX-ML SVMRegressor and SVMClassifier, opset 1.
#include "numerics/contract.h"
#include "ops/post_transform.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace engine::ops {
namespace {

enum class Kernel : std::uint8_t { kLinear, kPoly, kRbf, kSigmoid };

struct Svm {
  Kernel kernel = Kernel::kLinear;
  float gamma = 0, coef0 = 0, degree = 0;
  std::vector<float> coefficients, vectors, rho;

  static Svm parse(const Attributes& attributes) {
    Svm svm;
    const std::string kernel = attributes.text("kernel_type", "LINEAR");
    constexpr const char* kNames[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
    const auto* name = std::ranges::find(kNames, kernel);
    ENGINE_VALIDATE(name != std::end(kNames), "kernel_type is '", kernel,
                    "' (LINEAR, POLY, RBF or SIGMOID needed)");
    svm.kernel = static_cast<Kernel>(name - std::begin(kNames));
    const auto params = attributes.numbers("kernel_params");
    ENGINE_VALIDATE(params.empty() || params.size() == 3, "kernel_params has ", params.size(),
                    " values, 3 needed (gamma, coef0, degree)");
    if (!params.empty()) {
      svm.gamma = params[0];
      svm.coef0 = params[1];
      svm.degree = params[2];
    }
    svm.coefficients = attributes.numbers("coefficients");
    svm.vectors = attributes.numbers("support_vectors");
    svm.rho = attributes.numbers("rho");
    ENGINE_VALIDATE(!svm.rho.empty(), "rho is empty (at least 1 value needed)");
    ENGINE_VALIDATE(!svm.coefficients.empty(), "coefficients is empty");
    return svm;
  }

  template <class X>
  double evaluate(Kernel k, const X* x, const float* v, Index n) const {
    const auto a = [x](Index f) { return static_cast<double>(x[f]); };
    const auto b = [v](Index f) { return static_cast<double>(v[f]); };
    if (k == Kernel::kRbf) {
      const double distance =
          numerics::lane_sum<double>(n, [&](Index f) { return (a(f) - b(f)) * (a(f) - b(f)); });
      return numerics::exp(-static_cast<double>(gamma) * distance);
    }
    const double product = numerics::lane_sum<double>(n, [&](Index f) { return a(f) * b(f); });
    if (k == Kernel::kLinear) return product;
    const double z = static_cast<double>(gamma) * product + static_cast<double>(coef0);
    return k == Kernel::kPoly ? power(z) : numerics::tanh(z);
  }

  // z to the power of `degree`.
  double power(double z) const {
    constexpr float kLargest = 64;
    if (!(degree >= 0 && degree <= kLargest && degree == std::floor(degree)))
      return numerics::pow(z, static_cast<double>(degree));
    double result = 1;
    for (int n = static_cast<int>(degree); n > 0; n /= 2, z *= z)
      if (n % 2 == 1) result *= z;
    return result;
  }
};

void check_feature_count(const TensorType& x, Index features) {
  if (!x.ranked || x.dims.empty() || !x.dims.back().known()) return;
  ENGINE_VALIDATE(x.dims.back().value() == features, "X has ", x.dims.back().value(),
                  " features, the model is for ", features);
}

struct SvmRegressor : ComputingOperator<SvmRegressor> {
  Svm svm;
  Index supports = 0, features = 0;
  bool one_class = false;
  PostTransform transform = PostTransform::kNone;

  std::string_view name() const noexcept override { return "SVMRegressor"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const Dim rows = check_features(in);
    check_feature_count(in.type(0), features);
    return {TensorType(DType::kFloat32, Dims{rows, Dim(1)})};
  }

  template <class X>
  double predict(const X* x) const {
    double sum = 0;
    for (Index v = 0; v < supports; ++v)
      sum = std::fma(static_cast<double>(svm.coefficients[static_cast<std::size_t>(v)]),
                     svm.evaluate(svm.kernel, x, svm.vectors.data() + v * features, features), sum);
    if (supports == 0) sum = svm.evaluate(Kernel::kLinear, x, svm.coefficients.data(), features);
    sum += static_cast<double>(svm.rho[0]);
    if (one_class) return sum > 0 ? 1.0 : -1.0;
    apply(transform, std::span<double>(&sum, 1));
    return sum;
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    const Index rows = feature_rows(in[0].shape()).rows;
    dispatch_feature(in[0].dtype, [&](auto tag) {
      using X = typename decltype(tag)::type;
      for (Index i = 0; i < rows; ++i)
        out[0].as<float>()[i] = static_cast<float>(predict(in[0].as<X>() + i * features));
    });
    return kNoFault;
  }
};

// Class probabilities p [k] from pairwise ones r [k, k], r[i, j] + r[j, i] = 1: minimises
// sum over i < j of (r[j, i] p[i] - r[i, j] p[j])^2 by the fixed-point iteration of the paper.
void couple(Index k, const std::vector<double>& r, std::vector<double>& p) {
  const auto at = [k](Index i, Index j) { return static_cast<std::size_t>(i * k + j); };
  std::vector<double> q(static_cast<std::size_t>(k * k)), qp(static_cast<std::size_t>(k));
  for (Index t = 0; t < k; ++t) {
    double diagonal = 0;
    for (Index j = 0; j < k; ++j) {
      if (j == t) continue;
      diagonal = std::fma(r[at(j, t)], r[at(j, t)], diagonal);
      q[at(t, j)] = -(r[at(j, t)] * r[at(t, j)]);
    }
    q[at(t, t)] = diagonal;
    p[static_cast<std::size_t>(t)] = 1.0 / static_cast<double>(k);
  }
  const double tolerance = 0.005 / static_cast<double>(k);
  for (Index round = 0; round < std::max<Index>(100, k); ++round) {
    double pqp = 0, worst = 0;
    for (Index t = 0; t < k; ++t) {
      double sum = 0;
      for (Index j = 0; j < k; ++j)
        sum = std::fma(q[at(t, j)], p[static_cast<std::size_t>(j)], sum);
      qp[static_cast<std::size_t>(t)] = sum;
      pqp = std::fma(p[static_cast<std::size_t>(t)], sum, pqp);
    }
    for (const double value : qp) worst = std::max(worst, std::abs(value - pqp));
    if (worst < tolerance) return;
    for (Index t = 0; t < k; ++t) {
      const auto i = static_cast<std::size_t>(t);
      const double step = (pqp - qp[i]) / q[at(t, t)], scale = 1 + step;
      p[i] += step;
      pqp = std::fma(step, std::fma(step, q[at(t, t)], 2 * qp[i]), pqp) / (scale * scale);
      for (Index j = 0; j < k; ++j) {
        const auto n = static_cast<std::size_t>(j);
        qp[n] = std::fma(step, q[at(t, j)], qp[n]) / scale;
        p[n] /= scale;
      }
    }
  }
}

struct SvmClassifier : ComputingOperator<SvmClassifier> {
  Svm svm;
  ClassLabels labels;
  std::vector<Index> starts;  // of the vectors of each class, and the end; empty: linear
  std::vector<float> prob_a, prob_b;
  Index features = 0;
  PostTransform transform = PostTransform::kNone;

  std::string_view name() const noexcept override { return "SVMClassifier"; }

  Index pairs() const { return labels.size() * (labels.size() - 1) / 2; }
  Index columns() const {
    return starts.empty() || !prob_a.empty() || labels.size() == 2 ? labels.size() : pairs();
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const Dim rows = check_features(in);
    check_feature_count(in.type(0), features);
    return {TensorType(labels.dtype(), Dims{rows}),
            TensorType(DType::kFloat32, Dims{rows, Dim(columns())})};
  }

  // Part of a pair's score: the vectors of class `of` with the coefficients in row `row`.
  double partial(double sum, const std::vector<double>& kernels, Index of, Index row) const {
    const Index vectors = starts.back();
    for (Index v = starts[static_cast<std::size_t>(of)];
         v < starts[static_cast<std::size_t>(of) + 1]; ++v)
      sum = std::fma(
          static_cast<double>(svm.coefficients[static_cast<std::size_t>(row * vectors + v)]),
          kernels[static_cast<std::size_t>(v)], sum);
    return sum;
  }

  // Pairwise scores and the class with most votes (the first of equals).
  template <class X>
  Index vote(const X* x, std::vector<double>& scores) const {
    const Index classes = labels.size();
    std::vector<double> kernels;
    for (Index v = 0; v < starts.back(); ++v)
      kernels.push_back(svm.evaluate(svm.kernel, x, svm.vectors.data() + v * features, features));
    std::vector<Index> votes(static_cast<std::size_t>(classes), 0);
    scores.clear();
    for (Index i = 0; i < classes; ++i)
      for (Index j = i + 1; j < classes; ++j) {
        const double s = partial(partial(0.0, kernels, i, j - 1), kernels, j, i) +
                         static_cast<double>(svm.rho[scores.size()]);
        scores.push_back(s);
        ++votes[static_cast<std::size_t>(s > 0 ? i : j)];
      }
    return std::ranges::max_element(votes) - votes.begin();
  }

  void probabilities(std::vector<double>& scores) const {
    const Index k = labels.size();
    std::vector<double> r(static_cast<std::size_t>(k * k), 0), p(static_cast<std::size_t>(k));
    std::size_t pair = 0;
    for (Index i = 0; i < k; ++i)
      for (Index j = i + 1; j < k; ++j, ++pair) {
        const double z = std::fma(scores[pair], static_cast<double>(prob_a[pair]),
                                  static_cast<double>(prob_b[pair]));
        const double low = 1e-7;
        const double value = std::min(std::max(1 - numerics::sigmoid(z), low), 1 - low);
        r[static_cast<std::size_t>(i * k + j)] = value;
        r[static_cast<std::size_t>(j * k + i)] = 1 - value;
      }
    couple(k, r, p);
    scores = std::move(p);
  }

  template <class X>
  Index classify(const X* x, std::vector<double>& scores) const {
    Index best = 0;
    if (starts.empty()) {
      scores.clear();
      for (Index c = 0; c < labels.size(); ++c)
        scores.push_back(
            svm.evaluate(svm.kernel, x, svm.coefficients.data() + c * features, features) +
            static_cast<double>(svm.rho[0]));
      best = std::ranges::max_element(scores) - scores.begin();
    } else {
      best = vote(x, scores);
      if (!prob_a.empty()) {
        probabilities(scores);  // the votes still decide, as in onnxruntime
      } else if (labels.size() == 2) {
        const double score = scores[0];
        scores.resize(2);
        expand_binary(transform, score, transform != PostTransform::kNone, scores.data());
        return best;
      }
    }
    apply(transform, std::span<double>(scores));
    return best;
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    const Index rows = feature_rows(in[0].shape()).rows;
    dispatch_feature(in[0].dtype, [&](auto tag) {
      using X = typename decltype(tag)::type;
      std::vector<double> scores;
      float* y = out.size() > 1 && out[1] ? out[1].as<float>() : nullptr;
      for (Index i = 0; i < rows; ++i) {
        const Index label = classify(in[0].as<X>() + i * features, scores);
        if (out[0]) labels.write(out[0], i, label);
        if (!y) continue;
        for (const auto value : scores) *y++ = static_cast<float>(value);
      }
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_SVMRegressor(const Attributes& attributes) {
  auto op = std::make_shared<SvmRegressor>();
  op->svm = Svm::parse(attributes);
  op->supports = attributes.integer("n_supports", 0);
  op->one_class = attributes.flag("one_class", false);
  op->transform = parse_post_transform(attributes.text("post_transform", "NONE"));
  const Index coefficients = static_cast<Index>(op->svm.coefficients.size());
  const Index vectors = static_cast<Index>(op->svm.vectors.size());
  ENGINE_VALIDATE(op->supports >= 0 && op->supports <= coefficients, "n_supports is ", op->supports,
                  ", coefficients has ", coefficients, " values");
  ENGINE_VALIDATE(op->supports == 0 || vectors % op->supports == 0, "support_vectors has ", vectors,
                  " values (must be divisible by n_supports, ", op->supports, ")");
  op->features = op->supports ? vectors / op->supports : coefficients;
  return op;
}

OperatorPtr make_SVMClassifier(const Attributes& attributes) {
  auto op = std::make_shared<SvmClassifier>();
  op->svm = Svm::parse(attributes);
  op->labels = ClassLabels::parse(attributes, "classlabels_ints", "classlabels_strings");
  op->prob_a = attributes.numbers("prob_a");
  op->prob_b = attributes.numbers("prob_b");
  op->transform = parse_post_transform(attributes.text("post_transform", "NONE"));
  const Index classes = op->labels.size(), pairs = op->pairs();
  ENGINE_VALIDATE(classes >= 2 && classes <= 1 << 15, "there are ", classes,
                  " class labels (at least 2 are needed)");
  const auto per_class = attributes.integers("vectors_per_class", std::vector<Index>{});
  const Index coefficients = static_cast<Index>(op->svm.coefficients.size());
  if (per_class.empty()) {
    ENGINE_VALIDATE(coefficients % classes == 0, "coefficients has ", coefficients,
                    " values (must be divisible by ", classes, " classes)");
    op->features = coefficients / classes;
    op->prob_a.clear();
    return op;
  }
  ENGINE_VALIDATE(static_cast<Index>(per_class.size()) == classes, "vectors_per_class has ",
                  per_class.size(), " values, ", classes, " needed (one per class)");
  op->starts.push_back(0);
  for (const Index count : per_class) {
    ENGINE_VALIDATE(count >= 0 && count <= coefficients, "vectors_per_class has ", count,
                    ", coefficients has ", coefficients, " values");
    op->starts.push_back(op->starts.back() + count);
    ENGINE_VALIDATE(op->starts.back() <= coefficients,
                    "vectors_per_class adds up to more than the ", coefficients, " coefficients");
  }
  const Index vectors = op->starts.back(), size = static_cast<Index>(op->svm.vectors.size());
  ENGINE_VALIDATE(vectors >= 1 && size % vectors == 0, "support_vectors has ", size,
                  " values (must be divisible by the ", vectors, " vectors)");
  op->features = size / vectors;
  ENGINE_VALIDATE(coefficients == vectors * (classes - 1), "coefficients has ", coefficients,
                  " values, ", vectors * (classes - 1), " needed");
  ENGINE_VALIDATE(static_cast<Index>(op->svm.rho.size()) == pairs, "rho has ", op->svm.rho.size(),
                  " values, ", pairs, " needed (one per pair of classes)");
  for (const auto* list : {&op->prob_a, &op->prob_b})
    ENGINE_VALIDATE(list->size() == op->prob_a.size() &&
                        (list->empty() || static_cast<Index>(list->size()) == pairs),
                    "prob_a has ", op->prob_a.size(), " and prob_b ", op->prob_b.size(),
                    " values, ", pairs, " needed (one per pair of classes)");
  return op;
}

}  // namespace engine::ops
