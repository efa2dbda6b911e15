// Whether a device computes as the arithmetic contract demands, whatever its driver says.
#pragma once

#include "ops/opencl/runtime/device.h"

#include <string>

namespace engine::opencl {

/// Runs a * b + c (unfused), fma, a / b, sqrt and denormals on some ten thousand patterns. Which of
/// them differ from the host's, and where first; empty if none. Throws Error if they do not run.
std::string self_test(Device& device);

}  // namespace engine::opencl
