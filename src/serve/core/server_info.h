// What the server says about itself.
#pragma once

#include <string_view>

namespace engine::serve {

inline constexpr std::string_view kServerName = "engine";

/// Triton's names of the parts of the protocol that this server has.
inline constexpr std::string_view kExtensions[] = {
    "classification",     "model_repository",    "model_repository(unload_dependents)",
    "schedule_policy",    "model_configuration", "system_shared_memory",
    "binary_tensor_data", "parameters",          "statistics"};

}  // namespace engine::serve
