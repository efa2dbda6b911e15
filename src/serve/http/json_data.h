// Tensors in JSON.
#pragma once

#include <engine/tensor.h>

#include <simdjson.h>

#include <string_view>

namespace engine::serve::http {

/// The values of "data", flat or nested, which must be as many as the shape has. Throws Error.
Tensor tensor_of_json(DType dtype, const Shape& shape, simdjson::dom::element data,
                      std::string_view input);

}  // namespace engine::serve::http
