#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <cmath>

namespace engine::test {
namespace {

constexpr Index kFeatures = 5, kVectors = 37;

std::vector<float> numbers(Index count, unsigned seed, double low = -1, double high = 1) {
  const Tensor t = random(DType::kFloat32, {count}, seed, low, high);
  const auto values = t.values<float>();
  return {values.begin(), values.end()};
}

ops::Attributes regressor(const std::string& kernel, std::vector<float> params) {
  return attributes({{"kernel_type", kernel},
                     {"kernel_params", std::move(params)},
                     {"n_supports", kVectors},
                     {"coefficients", numbers(kVectors, 1, -9, 9)},
                     {"support_vectors", numbers(kVectors * kFeatures, 2, -2, 2)},
                     {"rho", std::vector<float>{0.25f}}});
}

double kernel_value(const std::string& kernel, const std::vector<float>& p, const float* x,
                    const float* v) {
  double dot = 0, distance = 0;
  for (Index f = 0; f < kFeatures; ++f) {
    dot += static_cast<double>(x[f]) * v[f];
    distance += std::pow(static_cast<double>(x[f]) - v[f], 2);
  }
  if (kernel == "LINEAR") return dot;
  if (kernel == "RBF") return std::exp(-p[0] * distance);
  const double z = p[0] * dot + p[1];
  return kernel == "POLY" ? std::pow(z, p[2]) : std::tanh(z);
}

// Scores are double sums that are rounded once, so half a unit in the last place is all that is
// lost, whatever cancels.
TEST(Svm, ScoresAreRoundedOnce) {
  const Tensor x = random(DType::kFloat32, {9, kFeatures}, 3, -2, 2);
  const std::vector<std::pair<std::string, std::vector<float>>> kernels = {
      {"LINEAR", {0, 0, 0}},      {"RBF", {0.3f, 0, 0}},   {"SIGMOID", {0.2f, 0.1f, 0}},
      {"POLY", {0.5f, 1, 3}},     {"POLY", {0.5f, -1, 4}}, {"POLY", {0.5f, 0.3f, 0}},
      {"POLY", {0.01f, 2, 2.5f}},
  };
  for (const auto& [kernel, params] : kernels) {
    const ops::Attributes a = regressor(kernel, params);
    OperatorCase c{.name = "SVMRegressor " + kernel,
                   .op = make_operator("ai.onnx.ml", "SVMRegressor", a),
                   .inputs = {x}};
    check_operator(c);
    const Tensor y = run_evaluate(c)[0];
    const auto coefficients = a.numbers("coefficients"), vectors = a.numbers("support_vectors");
    for (Index i = 0; i < 9; ++i) {
      double sum = 0.25;
      for (Index v = 0; v < kVectors; ++v)
        sum += coefficients[static_cast<std::size_t>(v)] *
               kernel_value(kernel, params, x.values<float>().data() + i * kFeatures,
                            vectors.data() + v * kFeatures);
      EXPECT_FLOAT_EQ(y.values<float>()[static_cast<std::size_t>(i)], static_cast<float>(sum))
          << c.name << " " << i;
    }
  }
}

TEST(Svm, Classifier) {
  const std::vector<Index> per_class = {12, 10, 15}, labels = {7, 8, 9};
  for (const bool probabilities : {false, true}) {
    ops::Attributes a = attributes({{"kernel_type", std::string("RBF")},
                                    {"kernel_params", std::vector<float>{0.3f, 0, 3}},
                                    {"vectors_per_class", per_class},
                                    {"classlabels_ints", labels},
                                    {"coefficients", numbers(kVectors * 2, 1)},
                                    {"support_vectors", numbers(kVectors * kFeatures, 2)},
                                    {"rho", numbers(3, 4)}});
    if (probabilities) {
      a.set("prob_a", numbers(3, 5, -2, -1));
      a.set("prob_b", numbers(3, 6));
    }
    OperatorCase c{.name = "SVMClassifier",
                   .op = make_operator("ai.onnx.ml", "SVMClassifier", a),
                   .inputs = {random(DType::kFloat32, {20, kFeatures}, 3)},
                   .outputs = {true, true}};
    check_operator(c);
    c.inputs = {random(DType::kFloat64, {20, kFeatures}, 3)};
    check_operator(c);
  }
}

}  // namespace
}  // namespace engine::test
