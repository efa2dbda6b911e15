// Eigen with all widths known when it is compiled.
#include "network.h"

#include <Eigen/Dense>

#include <memory>
#include <stdexcept>

namespace peers {
namespace {

template <int inputs, int outputs>
struct Layer {
  explicit Layer(const Dense& dense)
      : weights(Eigen::Map<const Eigen::Matrix<float, inputs, outputs, Eigen::RowMajor>>(
                    dense.weights.data())
                    .transpose()),
        bias(Eigen::Map<const Eigen::Matrix<float, outputs, 1>>(dense.bias.data())) {}

  Eigen::Matrix<float, outputs, 1> operator()(const Eigen::Matrix<float, inputs, 1>& x) const {
    return weights * x + bias;
  }
  Eigen::Matrix<float, outputs, 1> relu(const Eigen::Matrix<float, inputs, 1>& x) const {
    return (weights * x + bias).cwiseMax(0.0f);
  }

  Eigen::Matrix<float, outputs, inputs> weights;
  Eigen::Matrix<float, outputs, 1> bias;
};

struct Layers {
  Layer<16, 64> first;
  Layer<64, 32> second;
  Layer<32, 32> third;
  Layer<32, 5> last;
  EIGEN_MAKE_ALIGNED_OPERATOR_NEW
};

}  // namespace

Implementation make_eigen(const Network& network) {
  if (network.widths() != std::vector{16, 64, 32, 32, 5})
    throw std::runtime_error("Eigen is compiled for 16-64-32-32-5");
  const std::vector<Dense>& dense = network.layers;
  const std::shared_ptr<Layers> layers(new Layers{Layer<16, 64>(dense[0]), Layer<64, 32>(dense[1]),
                                                  Layer<32, 32>(dense[2]), Layer<32, 5>(dense[3])});
  const std::string version = std::to_string(EIGEN_WORLD_VERSION) + "." +
                              std::to_string(EIGEN_MAJOR_VERSION) + "." +
                              std::to_string(EIGEN_MINOR_VERSION);
  return row_by_row(network, "eigen", version, [layers](const float* input, float* output) {
    const Eigen::Matrix<float, 16, 1> x = Eigen::Map<const Eigen::Matrix<float, 16, 1>>(input);
    const Eigen::Matrix<float, 5, 1> y =
        layers->last(layers->third.relu(layers->second.relu(layers->first.relu(x))));
    const Eigen::Array<float, 5, 1> e = (y.array() - y.maxCoeff()).exp();
    Eigen::Map<Eigen::Array<float, 5, 1>> scores(output);
    scores = e / e.sum();
  });
}

}  // namespace peers
