// Element-wise operators on blocked tensors: the plain kernels' functions, row by row.
#pragma once

#include "ops/binary.h"
#include "ops/cpu/kernel.h"
#include "ops/unary.h"

namespace engine::cpu {

using UnaryFunction = void (*)(numerics::Activation, float, float, Index, const float*,
                               float*) noexcept;
using BinaryFunction = void (*)(ops::BinaryKind, Index, const float*, Index, const float*, Index,
                                float*) noexcept;

ops::LayoutOffer offer_unary(const Binding& binding);
/// Of two tensors of one shape.
ops::LayoutOffer offer_binary(const Binding& binding);

/// For bindings with blocked operands.
std::unique_ptr<Kernel> bind_unary_blocked(const Binding& binding, const ops::Unary& op,
                                           UnaryFunction function, Isa isa);
std::unique_ptr<Kernel> bind_binary_blocked(const Binding& binding, ops::BinaryKind kind,
                                            BinaryFunction function, Isa isa);

}  // namespace engine::cpu
