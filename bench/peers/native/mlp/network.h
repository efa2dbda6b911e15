// A multilayer perceptron in plain arrays: ReLU after each layer but the last, softmax at the end.
#pragma once

#include "../serve.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace peers {

/// A dense layer: out = in * weights + bias.
struct Dense {
  int inputs = 0;
  int outputs = 0;
  std::vector<float> weights;  ///< [inputs][outputs]
  std::vector<float> bias;
};

/// The layers, and what they are run on.
struct Network {
  std::vector<Dense> layers;
  int batch = 1;
  std::vector<float> input;  ///< [batch][inputs]
  std::string output_file;

  /// The widths 16, 64, ... of the input and of each layer.
  std::vector<int> widths() const;
  int inputs() const { return layers.front().inputs; }
  int outputs() const { return layers.back().outputs; }
};

/// Reads the job's network: settings "layers" (widths) and "weights" (a file of float32).
Network read_network(const Job& job);

/// Softmax of one row, in place.
template <class Float>
void softmax(Float* values, int count) {
  const Float largest = *std::max_element(values, values + count);
  Float sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i] = std::exp(values[i] - largest);
  for (int i = 0; i < count; ++i) values[i] /= sum;
}

/// An implementation that computes all rows with `run(input, output)` into memory of its own.
template <class Run>
Implementation whole_batch(const Network& network, const std::string& name,
                           const std::string& version, Run run) {
  const auto output = std::make_shared<std::vector<float>>(
      static_cast<std::size_t>(network.batch) * static_cast<std::size_t>(network.outputs()));
  const float* input = network.input.data();
  auto once = [run, input, output]() mutable {
    run(input, output->data());
    asm volatile("" ::: "memory");  // each run counts
  };
  return {name, version, loop(once), [once, output, file = network.output_file]() mutable {
            once();
            write_bytes(file, output->data(), output->size() * sizeof(float));
          }};
}

/// The same from `run(input, output)` for one row.
template <class Run>
Implementation row_by_row(const Network& network, const std::string& name,
                          const std::string& version, Run run) {
  const int batch = network.batch, inputs = network.inputs(), outputs = network.outputs();
  return whole_batch(network, name, version, [=](const float* input, float* output) mutable {
    for (int row = 0; row < batch; ++row) run(input + row * inputs, output + row * outputs);
  });
}

// One file each. The network must outlive what they return.
Implementation make_eigen(const Network& network);  ///< widths 16-64-32-32-5 only
Implementation make_lwtnn_like(const Network& network);
Implementation make_sofie_like(const Network& network);
Implementation make_openblas(const Network& network);

}  // namespace peers
