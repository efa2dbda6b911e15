// Copies a float32 tensor from one layout to another.
#pragma once

#include "ops/backend.h"

namespace engine::ops {

/// Between plain and blocked, either way; the shapes are equal.
std::unique_ptr<Kernel> bind_reorder(const Input& from, const Output& to);

}  // namespace engine::ops
