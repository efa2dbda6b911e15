// Pieces of JSON text.
#pragma once

#include <engine/tensor.h>

#include <string>
#include <string_view>

namespace engine::serve::http {

/// The text in double quotes; broken UTF-8 becomes U+FFFD.
void append_string(std::string& json, std::string_view text);

/// "[1,16]".
void append_shape(std::string& json, const Shape& shape);

/// All elements in one flat array, floats in the shortest form that reads back as the same bits.
/// JSON has no NaN and no infinities: they become null, 1e999 and -1e999, which common readers take
/// as NaN and infinities. False if the type has no form in JSON (FP16, BF16).
bool append_values(std::string& json, const Tensor& tensor);

/// {"error":"..."}.
std::string error_body(std::string_view message);

}  // namespace engine::serve::http
