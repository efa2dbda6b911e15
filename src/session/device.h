// From a device string to a backend.
#pragma once

#include "ops/backend.h"

#include <memory>
#include <string>

namespace engine {

/// `program` is SessionOptions::program. Throws Error (kInvalidArgument, kNotFound) that lists the
/// devices there are, or says why the program cannot be used.
std::shared_ptr<const ops::Backend> make_backend(const std::string& device,
                                                 const std::string& program = "");

/// The part of the name of an OpenCL device that Device::open takes: "1" of "opencl:1". Throws
/// Error (kInvalidArgument) for other devices.
std::string opencl_name(const std::string& device);

}  // namespace engine
