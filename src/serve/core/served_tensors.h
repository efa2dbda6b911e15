// What clients see of a model's tensors.
#pragma once

#include <engine/model.h>

#include <vector>

namespace engine::serve {

/// Inputs and outputs that requests may name, in the order that metadata lists them. Shapes include
/// the batch's axis. Outputs may be fewer than the model has, and extents fixed that it leaves
/// free.
struct ServedTensors {
  std::vector<TensorInfo> inputs, outputs;
  bool all_outputs = true;  ///< none of the model's is left out

  static ServedTensors of(const Model& model) { return {model.inputs(), model.outputs(), true}; }
};

}  // namespace engine::serve
