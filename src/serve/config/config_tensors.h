// Inputs and outputs of a model as its configuration declares them.
#pragma once

#include "serve/core/served_tensors.h"
#include "serve/proto/model_config.pb.h"

namespace engine::serve {

/// Holds what the configuration declares against the model: every tensor is there, with this type
/// and with these extents behind the axis that a max_batch_size puts before them; no required
/// input is left out. Extents that the model leaves free are the configuration's, and so
/// is the order, where it names tensors. Throws Error (kInvalidArgument) with both sides.
ServedTensors served_tensors(const inference::ModelConfig& config, const Model& model);

/// How configurations call a type; TYPE_INVALID for those that they do not have.
inference::DataType config_type(DType dtype) noexcept;

/// Declares them in a configuration that names no inputs, or no outputs.
void add_tensors(inference::ModelConfig& config, const ServedTensors& tensors);

}  // namespace engine::serve
