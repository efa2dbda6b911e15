// What the server says about itself.
#pragma once

#include <string_view>

namespace engine::serve {

inline constexpr std::string_view kServerName = "engine";

/// Triton's names of the parts of the protocol that this server has.
inline constexpr std::string_view kExtensions[] = {
    "binary_tensor_data", "model_configuration",
    "model_repository",   "model_repository(unload_dependents)",
    "parameters",         "schedule_policy",
    "statistics"};

}  // namespace engine::serve
