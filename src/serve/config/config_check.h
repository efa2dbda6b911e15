// What of a configuration this server refuses, whatever the model.
#pragma once

#include "serve/proto/model_config.pb.h"

namespace engine::serve {

/// Throws Error: kUnsupported names a field that this server does not honour, kInvalidArgument one
/// whose value contradicts itself or is beyond a limit. What passes is honoured, or has no effect
/// by its nature: docs/serving.md.
void check_config(const inference::ModelConfig& config);

/// Whether it is a plain name of a file in the folder it is looked for.
bool is_file_name(const std::string& name);

}  // namespace engine::serve
