// In the manner of lwtnn: double, widths known at run time, a virtual call and a new vector for
// each of product, bias and activation.
#include "network.h"

#include <Eigen/Dense>

#include <memory>

namespace peers {
namespace {

using Vector = Eigen::VectorXd;

struct Step {
  virtual ~Step() = default;
  virtual Vector compute(const Vector& x) const = 0;
};

struct Product final : Step {
  explicit Product(const Dense& dense)
      : weights(
            Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
                dense.weights.data(), dense.inputs, dense.outputs)
                .cast<double>()
                .transpose()) {}
  Vector compute(const Vector& x) const override { return weights * x; }
  Eigen::MatrixXd weights;
};

struct Bias final : Step {
  explicit Bias(const Dense& dense)
      : bias(Eigen::Map<const Eigen::VectorXf>(dense.bias.data(), dense.outputs).cast<double>()) {}
  Vector compute(const Vector& x) const override { return x + bias; }
  Vector bias;
};

struct Relu final : Step {
  Vector compute(const Vector& x) const override { return x.cwiseMax(0.0); }
};

struct Softmax final : Step {
  Vector compute(const Vector& x) const override {
    Vector y = x;
    softmax(y.data(), static_cast<int>(y.size()));
    return y;
  }
};

using Steps = std::vector<std::unique_ptr<const Step>>;

std::shared_ptr<const Steps> steps_of(const Network& network) {
  const auto steps = std::make_shared<Steps>();
  for (const Dense& layer : network.layers) {
    steps->push_back(std::make_unique<Product>(layer));
    steps->push_back(std::make_unique<Bias>(layer));
    if (&layer == &network.layers.back()) steps->push_back(std::make_unique<Softmax>());
    else steps->push_back(std::make_unique<Relu>());
  }
  return steps;
}

}  // namespace

Implementation make_lwtnn_like(const Network& network) {
  const int inputs = network.inputs();
  return row_by_row(network, "lwtnn-like", "on Eigen in double",
                    [steps = steps_of(network), inputs](const float* input, float* output) {
                      Vector x = Eigen::Map<const Eigen::VectorXf>(input, inputs).cast<double>();
                      for (const auto& step : *steps) x = step->compute(x);
                      for (Eigen::Index i = 0; i < x.size(); ++i)
                        output[i] = static_cast<float>(x[i]);
                    });
}

}  // namespace peers
