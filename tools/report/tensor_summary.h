// A tensor in a few words.
#pragma once

#include "tools/report/json.h"

#include <engine/tensor.h>

#include <string>

namespace engine::tools {

/// "float32 [4000, 5]".
std::string type_text(const Tensor& tensor);

/// Name, type, minimum, maximum, mean and the first values, over a few lines.
std::string summary_text(const std::string& name, const Tensor& tensor);

/// {name, dtype, shape, min, max, mean, nan, inf, values, truncated}; `values` are the first 1,024
/// in row-major order. Numbers that JSON lacks (NaN, infinity) are null.
Json tensor_json(const std::string& name, const Tensor& tensor);

}  // namespace engine::tools
