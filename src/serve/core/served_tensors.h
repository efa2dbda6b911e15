// What clients see of a model's tensors.
#pragma once

#include <engine/model.h>

#include <map>
#include <string>
#include <vector>

namespace engine::serve {

/// A tensor that clients see in another shape than the model. Both have the batch's axis, if there
/// is one, and -1 for free extents, which keep their order.
struct Reshape {
  Shape client, model;
};
using Reshapes = std::map<std::string, Reshape, std::less<>>;

/// Inputs and outputs that requests may name, in the order that metadata lists them. Shapes include
/// the batch's axis. Outputs may be fewer than the model has, and extents fixed that it leaves
/// free.
struct ServedTensors {
  std::vector<TensorInfo> inputs, outputs;
  bool all_outputs = true;  ///< none of the model's is left out
  Reshapes input_reshapes = {}, output_reshapes = {};

  static ServedTensors of(const Model& model) { return {model.inputs(), model.outputs()}; }

  /// The inputs in the shapes that the model has them in.
  std::vector<TensorInfo> model_inputs() const;

  /// Gives inputs, which have the shapes of clients, those of the model, and outputs the other way.
  /// Nothing is copied. Throws Error (kInvalidArgument) if an output is not as it was declared.
  void to_model(Tensors& inputs) const;
  void to_client(Tensors& outputs) const;
};

}  // namespace engine::serve
