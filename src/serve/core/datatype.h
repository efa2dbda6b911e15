// Element types and declared shapes as KServe's protocol names them.
#pragma once

#include <engine/model.h>

#include <optional>
#include <string_view>

namespace engine::serve {

/// "FP32"; "<invalid>" for what the protocol does not have (4-bit integers).
const char* datatype(DType dtype) noexcept;

/// The type of a name; nothing if there is none.
std::optional<DType> parse_datatype(std::string_view name) noexcept;

/// Free dimensions as -1; {} if the rank is not declared.
Shape declared_dims(const TensorInfo& info);

}  // namespace engine::serve
