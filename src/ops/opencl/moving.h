// Copies and changes of layout as launches.
#pragma once

#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// As kernels take it (View in kernels/common.cl).
Ints geometry(const ops::BlockedView& view);

/// A kernel for a binding of plain operands that reorders them to those of `offer`, runs what
/// `bind` makes for them, and reorders the output.
DeviceKernel::Parts adapt_to_plain(const Device& device, const Binding& binding,
                                   const ops::LayoutOffer& offer,
                                   std::optional<DeviceKernel::Parts> (*bind)(const Device&,
                                                                              const Binding&));

/// Between plain and blocked, either way; the shapes are equal.
DeviceKernel::Parts reorder_parts(const Device& device, const ops::Input& from,
                                  const ops::Output& to);

/// Of so many bytes from operand to operand.
DeviceKernel::Parts copy_parts(const Device& device, std::size_t bytes);

/// Writes +0 around the pixels of a blocked tensor, if it has a border at all.
void add_border_launch(const Device& device, const ops::BlockedView& view, Argument tensor,
                       std::vector<Launch>& launches);

}  // namespace engine::opencl
