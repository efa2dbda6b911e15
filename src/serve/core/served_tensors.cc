#include "serve/core/served_tensors.h"

#include "serve/core/text.h"

#include <utility>

namespace engine::serve {
namespace {

// The extents of `actual` where `from` is free take the places where `to` is.
Tensor reshaped(const std::string& name, const Tensor& tensor, const Shape& from, const Shape& to) {
  const Shape& actual = tensor.shape();
  Shape shape = to;
  std::size_t at = 0;
  bool good = actual.size() == from.size();
  for (std::size_t i = 0; good && i < actual.size(); ++i) {
    if (from[i] >= 0) continue;
    while (at < shape.size() && to[at] >= 0) ++at;
    good = at < shape.size();
    if (good) shape[at++] = actual[i];
  }
  if (!good)
    throw Error(ErrorCode::kInvalidArgument, "tensor " + quote(name) + " is " + dims_text(actual) +
                                                 ", but declared as " + dims_text(from));
  return tensor.reshaped(std::move(shape));
}

}  // namespace

std::vector<TensorInfo> ServedTensors::model_inputs() const {
  std::vector<TensorInfo> list = inputs;
  for (TensorInfo& info : list) {
    const auto found = input_reshapes.find(info.name);
    if (found == input_reshapes.end()) continue;
    info.shape.clear();
    for (const Index extent : found->second.model)
      info.shape.push_back({.size = extent, .name = {}});
  }
  return list;
}

void ServedTensors::to_model(Tensors& inputs) const {
  for (const auto& [name, reshape] : input_reshapes)
    if (const auto found = inputs.find(name); found != inputs.end())
      found->second = reshaped(name, found->second, reshape.client, reshape.model);
}

void ServedTensors::to_client(Tensors& outputs) const {
  for (const auto& [name, reshape] : output_reshapes)
    if (const auto found = outputs.find(name); found != outputs.end())
      found->second = reshaped(name, found->second, reshape.model, reshape.client);
}

}  // namespace engine::serve
