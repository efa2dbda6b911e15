// Tensors in the bytes of KServe's protocol.
#pragma once

#include <engine/tensor.h>

#include <memory>
#include <string_view>

namespace engine::serve {

/// Elements that a shape has. Throws Error (kInvalidArgument) if an extent is negative or there are
/// more than 2^62.
std::size_t checked_count(const Shape& shape, std::string_view input);

/// Checks that a shape of numbers has so many bytes. Throws Error (kInvalidArgument).
void check_byte_size(DType dtype, const Shape& shape, std::size_t bytes, std::string_view input,
                     std::string_view model);

/// A tensor over little-endian bytes that `owner` keeps. Shares them if `share` and the type has no
/// illegal values, else copies. Strings have 4 bytes of length each. Throws Error.
Tensor tensor_of_bytes(DType dtype, const Shape& shape, std::string_view bytes,
                       const std::shared_ptr<const void>& owner, bool share, std::string_view input,
                       std::string_view model);

/// The bytes of strings, each behind its length of 4 bytes.
Tensor packed_strings(const Tensor& strings);

}  // namespace engine::serve
