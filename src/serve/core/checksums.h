// Repository agent "checksum" of a configuration.
#pragma once

#include "serve/core/model_files.h"

namespace inference {
class ModelConfig;
}

namespace engine::serve {

/// Throws Error unless the files that the agent names, and that belong to this version or to no
/// other, have the checksums that it says: kInvalidArgument with both, kNotFound.
void check_checksums(const inference::ModelConfig& config, const ModelFiles* files, Index version);

}  // namespace engine::serve
