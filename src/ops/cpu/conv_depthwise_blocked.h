// Depthwise convolution of blocked tensors: one filter for each channel.
#pragma once

#include "ops/conv.h"
#include "ops/cpu/kernel.h"
#include "ops/cpu/pack.h"

namespace engine::cpu {

/// Whether a convolution has one filter for each channel.
bool has_filter_per_channel(const ops::Conv& op, const Shape& weights);

/// Filters [blocks of channels][taps][16], +0 behind the channels.
PackedMatrix pack_depthwise(const Tensor& weights);

/// For a binding with blocked operands.
std::unique_ptr<Kernel> bind_depthwise_blocked(const Binding& binding, const PackedMatrix& weights,
                                               Isa isa);

}  // namespace engine::cpu
