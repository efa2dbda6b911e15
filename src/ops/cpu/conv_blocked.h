// Convolution of blocked tensors.
#pragma once

#include "ops/conv.h"
#include "ops/cpu/kernel.h"
#include "ops/cpu/pack.h"

namespace engine::cpu {

/// What the blocked kernel takes and gives; offers nothing for convolutions that it has no text
/// for.
ops::LayoutOffer offer_conv(const Binding& binding);

/// For a binding with blocked operands; `weights` is [K, filters], K in the order of the contract.
std::unique_ptr<Kernel> bind_conv_blocked(const Binding& binding, const PackedMatrix& weights,
                                          Isa isa);

}  // namespace engine::cpu
