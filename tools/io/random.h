// Tensors filled with numbers that a seed fixes, the same on every machine.
#pragma once

#include <engine/tensor.h>

#include <cstdint>

namespace engine::tools {

/// Floats uniform in [-1, 1); 8-bit integers over their whole range; wider integers and bool 0 or
/// 1, since those are mostly indices and masks. Throws Error (kInvalidArgument) for strings.
Tensor random_tensor(DType dtype, const Shape& shape, std::uint64_t seed);

}  // namespace engine::tools
