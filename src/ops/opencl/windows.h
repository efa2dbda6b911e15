// Convolution and pooling of plain tensors over one to three axes, element by element: what the
// kernels of blocked tensors leave (groups, three axes, weights that a run brings along).
#pragma once

#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// Whether the host, with transfers around it, is the better place for so many products that here
/// go element by element: a GPU has the threads for that, a CPU has not.
bool is_for_host(const Device& device, Index products);

/// A convolution with its weights as they are: those of `packed` (weights, then a bias if there is
/// one), else operands. Nothing in Winograd's form, or if a number does not fit.
std::optional<DeviceKernel::Parts> conv_any_parts(const Device& device, const Binding& binding,
                                                  const PackedBuffers* packed);

/// Pooling of any rank and element type, with indices too.
std::optional<DeviceKernel::Parts> pool_any_parts(const Device& device, const Binding& binding);

}  // namespace engine::opencl
