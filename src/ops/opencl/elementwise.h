// Element-wise operators on integers and bools as launches, and the walk that they share.
#pragma once

#include "ops/binary.h"
#include "ops/broadcast_loop.h"
#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// Appends a walk over elements together with up to three operands (WALK in
/// kernels/elementwise.inc) and sets the grid; false if there are too many axes.
bool add_walk(const Device& device, const ops::LoopAxes<3>& axes, Launch& launch);

/// y = f(a, b) on integers, `a` and `b` broadcast to `y`, which may be the operand that one of them
/// is if their shapes are equal. Nothing if the device has no kernel for it.
std::optional<Launch> integer_launch(const Device& device, ops::BinaryKind kind, DType dtype,
                                     const Shape& y, const Shape& a, const Shape& b, Argument a_at,
                                     Argument b_at);

/// The same of one operand: Abs, Neg, Relu, Sign, BitwiseNot and, of bools, Not.
std::optional<DeviceKernel::Parts> bind_integer_unary(const Device& device, const Binding& binding);

}  // namespace engine::opencl
