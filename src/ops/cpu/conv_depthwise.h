// Depthwise Conv: the case of Conv with one input channel per group.
#pragma once

#include "ops/conv.h"
#include "ops/cpu/kernel.h"

namespace engine::cpu {

/// Whether the depthwise kernel runs this; it reads the weights as they are, unpacked.
bool is_depthwise(const ops::Conv& op, const Shape& weights);

/// The kernel; null for windows so far apart that padded planes would be too large.
std::unique_ptr<Kernel> bind_depthwise(const Binding& binding, Isa isa);

}  // namespace engine::cpu
