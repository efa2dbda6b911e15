// Runs a kernel of blocked tensors on plain ones.
#pragma once

#include "ops/backend.h"

#include <functional>

namespace engine::cpu {

/// A kernel for a binding of plain operands that reorders them to those of `offer`, runs what
/// `bind` makes for them, and reorders the output.
std::unique_ptr<ops::Kernel> adapt_to_plain(
    const ops::Binding& binding, const ops::LayoutOffer& offer,
    const std::function<std::unique_ptr<ops::Kernel>(const ops::Binding&)>& bind);

}  // namespace engine::cpu
