// Unary element-wise functions as launches.
#pragma once

#include "numerics/activation.h"
#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// y = f(x) on so many elements; `y` may be the operand that `x` is.
Launch unary_launch(const Device& device, numerics::Activation f, float a, float b, Index elements,
                    Argument x, Argument y);

}  // namespace engine::opencl
