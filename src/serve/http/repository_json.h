// Bodies of the requests about the model repository, and of their answers.
#pragma once

#include "serve/control/model_control.h"

#include <string>
#include <string_view>
#include <vector>

namespace engine::serve::http {

/// Whether POST .../index asks for the ready models alone. An empty body asks for all. Throws Error
/// (kInvalidArgument).
bool decode_index(std::string_view body);

/// The parameters of POST .../load: "config", and "file:VERSION/NAME" in base64. Throws Error
/// (kInvalidArgument).
LoadRequest decode_load(std::string_view body);

/// Checks the body of POST .../unload. Its parameter "unload_dependents" has no effect, as no model
/// depends on others. Throws Error (kInvalidArgument).
void check_unload(std::string_view body);

/// An array of objects, in which what is empty is left out.
std::string index_json(const std::vector<ModelStatus>& index);

}  // namespace engine::serve::http
