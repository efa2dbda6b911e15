// The parts of a configuration that Triton fills in.
#pragma once

#include "serve/config/config_tensors.h"
#include "serve/core/limits.h"

#include <string>

namespace engine::serve {

/// How a model is served, beside what its configuration says.
struct ServedAs {
  std::string name;       ///< of the model
  std::string file_name;  ///< of its ONNX file
  std::string device;     ///< as Session::device has it
};

/// Fills in what is empty: name, platform and backend, version policy, tensors, optimization,
/// preferred batch size, instance groups with their names and counts, file name. One that leaves
/// batching open (`leaves_batching_open`) says what `limits` do. The rest stays as it is.
void complete_config(inference::ModelConfig& config, const ServedAs& served,
                     const ServedTensors& tensors, const BatchLimits& limits);

}  // namespace engine::serve
