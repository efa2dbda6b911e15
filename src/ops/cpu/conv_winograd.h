// 3x3 convolution of blocked tensors in Winograd's form.
#pragma once

#include "ops/conv.h"
#include "ops/cpu/kernel.h"
#include "ops/cpu/pack.h"

namespace engine::cpu {

/// Transformed filters: for each point a matrix [channels, filters], side by side: block j of point
/// p is block p * blocks_of(filters) + j.
PackedMatrix pack_winograd(const Tensor& weights, Index tile);

/// For a binding with blocked operands, with a border that covers whole tiles (offer_conv).
std::unique_ptr<Kernel> bind_conv_winograd(const Binding& binding, const PackedMatrix& weights,
                                           Isa isa);

}  // namespace engine::cpu
