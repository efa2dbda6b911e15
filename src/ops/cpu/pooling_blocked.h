// Pooling of blocked tensors.
#pragma once

#include "ops/cpu/kernel.h"

namespace engine::cpu {

/// Products of an average's divisors along axes must be exact in float.
inline constexpr Index kMostPoolTaps = 1 << 24;

ops::LayoutOffer offer_pooling(const Binding& binding);
/// The global ones write plain tensors.
ops::LayoutOffer offer_global_pool(const Binding& binding);

/// For a binding whose input is blocked.
std::unique_ptr<Kernel> bind_pooling_blocked(const Binding& binding, Isa isa);
std::unique_ptr<Kernel> bind_global_pool_blocked(const Binding& binding, Isa isa);

}  // namespace engine::cpu
