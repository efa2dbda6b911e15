// The samples of model_warmup, which run before a model is ready.
#pragma once

#include "serve/core/limits.h"
#include "serve/core/model_files.h"
#include "serve/core/served_tensors.h"

#include <engine/session.h>

namespace inference {
class ModelConfig;
}

namespace engine::serve {

/// Runs each sample as requests would run, as often as it says. Inputs are zeros, numbers in [0, 1)
/// (whole ones: 0 and 1) from a fixed seed, or a file of the folder warmup with the bytes of one
/// row, which all rows of a batch have; that needs `files`. Throws Error: kInvalidArgument for a
/// sample that does not fit the model or is beyond a limit, else what its run did.
void warm_up(const inference::ModelConfig& config, const Session& session,
             const ServedTensors& tensors, const BatchLimits& limits, const ModelFiles* files);

}  // namespace engine::serve
