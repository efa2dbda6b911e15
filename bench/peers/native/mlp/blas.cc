// Products by OpenBLAS: one row at a time as code that SOFIE generates does it in an event loop, or
// one product for all rows.
#include "network.h"

#include <cblas.h>

#include <memory>

namespace peers {
namespace {

// Memory for what one layer hands to the next.
struct Work {
  Work(const Network& network, int rows) : layers(&network.layers), rows(rows) {
    for (const Dense& layer : network.layers)
      values.emplace_back(static_cast<std::size_t>(rows) * static_cast<std::size_t>(layer.outputs));
  }

  void run(const float* input, float* output) {
    for (std::size_t i = 0; i < layers->size(); ++i) {
      const bool last = i + 1 == layers->size();
      float* to = last ? output : values[i].data();
      dense((*layers)[i], input, to);
      if (!last)
        for (int k = 0; k < rows * (*layers)[i].outputs; ++k) to[k] = to[k] > 0 ? to[k] : 0;
      input = to;
    }
    const int classes = layers->back().outputs;
    for (int row = 0; row < rows; ++row) softmax(output + row * classes, classes);
  }

  void dense(const Dense& layer, const float* from, float* to) const {
    for (int row = 0; row < rows; ++row)
      std::copy(layer.bias.begin(), layer.bias.end(), to + row * layer.outputs);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, layer.outputs, layer.inputs, 1.0f,
                from, layer.inputs, layer.weights.data(), layer.outputs, 1.0f, to, layer.outputs);
  }

  const std::vector<Dense>* layers;
  int rows;
  std::vector<std::vector<float>> values;
};

// OpenBLAS and the kernels that it has chosen for this processor.
std::string version() {
  const std::string config = openblas_get_config();
  return config.substr(0, config.find(' ', 9)) + " " + openblas_get_corename();
}

}  // namespace

Implementation make_sofie_like(const Network& network) {
  return row_by_row(network, "sofie-like", version(),
                    [work = Work(network, 1)](const float* input, float* output) mutable {
                      work.run(input, output);
                    });
}

Implementation make_openblas(const Network& network) {
  return whole_batch(network, "openblas", version(),
                     [work = Work(network, network.batch)](
                         const float* input, float* output) mutable { work.run(input, output); });
}

}  // namespace peers
