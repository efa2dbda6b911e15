#include "network.h"

#include <cstring>
#include <sstream>
#include <stdexcept>

namespace peers {
namespace {

std::vector<float> take(const std::vector<std::byte>& bytes, std::size_t& at, int count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  const std::size_t size = values.size() * sizeof(float);
  if (bytes.size() - at < size) throw std::runtime_error("the file of weights is too short");
  std::memcpy(values.data(), bytes.data() + at, size);
  at += size;
  return values;
}

}  // namespace

std::vector<int> Network::widths() const {
  std::vector<int> result = {inputs()};
  for (const Dense& layer : layers) result.push_back(layer.outputs);
  return result;
}

Network read_network(const Job& job) {
  Network network;
  const std::vector<std::byte> bytes = read_bytes(job.setting("weights"));
  std::istringstream widths(job.setting("layers"));
  std::size_t at = 0;
  int inputs = 0, outputs = 0;
  for (widths >> inputs; widths >> outputs; inputs = outputs) {
    Dense layer{inputs, outputs, take(bytes, at, inputs * outputs), {}};
    layer.bias = take(bytes, at, outputs);
    network.layers.push_back(std::move(layer));
  }
  const Input& input = job.inputs.at(0);
  network.batch = static_cast<int>(input.shape.at(0));
  network.input.resize(input.bytes.size() / sizeof(float));
  std::memcpy(network.input.data(), input.bytes.data(), input.bytes.size());
  network.output_file = job.outputs.at(0).file;
  return network;
}

}  // namespace peers
