// Tensors in JSON and in KServe's bytes.
#pragma once

#include <engine/tensor.h>

#include <simdjson.h>

#include <memory>
#include <string_view>

namespace engine::serve::http {

/// Elements that a shape has. Throws Error (kInvalidArgument) if an extent is negative or there are
/// more than 2^62.
std::size_t checked_count(const Shape& shape, std::string_view input);

/// The values of "data", flat or nested, which must be as many as the shape has. Throws Error.
Tensor tensor_of_json(DType dtype, const Shape& shape, simdjson::dom::element data,
                      std::string_view input);

/// A tensor over little-endian bytes that `owner` keeps. Shares them if `share` and the type has no
/// illegal values, else copies. Strings have 4 bytes of length each. Throws Error.
Tensor tensor_of_bytes(DType dtype, const Shape& shape, std::string_view bytes,
                       const std::shared_ptr<const void>& owner, bool share, std::string_view input,
                       std::string_view model);

}  // namespace engine::serve::http
