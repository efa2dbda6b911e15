// Element-wise functions that no epilogue has, as launches.
#pragma once

#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// y = f(x) of so many float32 by a kernel of kernels/functions.cl with its attributes; y may be x.
Launch function_launch(const Device& device, const char* kernel, Index elements, Argument x,
                       Argument y, float a = 0, float b = 0);

/// Clip of any number type, with bounds among its operands.
std::optional<DeviceKernel::Parts> clip_parts(const Device& device, const Binding& binding);

}  // namespace engine::opencl
