// From a device string to a backend.
#pragma once

#include "ops/backend.h"

#include <memory>
#include <string>

namespace engine {

/// Throws Error (kInvalidArgument, kNotFound) that lists the devices there are.
std::shared_ptr<const ops::Backend> make_backend(const std::string& device);

}  // namespace engine
