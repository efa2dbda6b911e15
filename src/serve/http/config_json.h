// A model's configuration in JSON.
#pragma once

#include <string>

namespace inference {
class ModelConfig;
}

namespace engine::serve::http {

/// The body of GET .../config, as Triton writes it: fields by their names in config.pbtxt, every
/// number, text and list even if empty, but only the messages that are there, and of several
/// choices the one that is made. 64-bit integers are numbers.
std::string config_json(const inference::ModelConfig& config);

}  // namespace engine::serve::http
