// Element types changed without changing a value.
#pragma once

#include <engine/tensor.h>

#include <string_view>

namespace engine::tools {

/// The tensor with elements of type `to`; itself if it has that type. Throws Error
/// (kInvalidArgument), naming `what`, both types and the element, if a value would change. Strings
/// are never converted.
Tensor convert_exactly(const Tensor& tensor, DType to, std::string_view what);

/// Element `i` as a number (bool: 0 or 1; 64-bit integers are rounded). Not for strings.
double number_at(const Tensor& tensor, Index i);

}  // namespace engine::tools
